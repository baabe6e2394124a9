import type {
	AnalogConstructor,
	DigitalConstructor,
	Flash,
	FlashStorage,
	I2CBus,
	KeyValueStorage,
	ListenerConstructor,
	Resolver,
	SerialConstructor,
	TCPConstructor,
	TLSConstructor,
	UDPConstructor,
	WiFiConstructor,
} from "./ecma419";
import type { PinRole } from "./pin-problem";
import type { ResetReason } from "./reset-reason";

/**
 * All hardware and platform access of the firmware: ECMA-419 classes where the standard has them, the small interfaces
 * below otherwise. The code above does not know on which machine it runs. Time and randomness enter only here, so that a
 * simulated device life can be replayed from a seed.
 */
export interface Board {
	readonly identity: BoardIdentity;
	/** Why the board started. */
	readonly resetReason: ResetReason;
	readonly time: Time;
	readonly network: Network;
	readonly storage: Storage;
	/** The I2C bus of the sensors. */
	readonly i2c: I2CBus;
	readonly pins: Pins;
	/** Two slots for the firmware, for updates; `undefined`: the flash holds one. */
	readonly firmware?: FirmwareSlots | undefined;
	/** Password of the setup network set by the build; empty: open network. Default: the board generates one. */
	readonly setupPassword?: string | undefined;
	/** Fills `bytes` at random: truly random while the radio is on; before, only good enough for jitter. */
	fillRandom(bytes: Uint8Array): void;
	/** Free memory of the platform, bytes; `undefined` if unknown. */
	freeMemory(): number | undefined;
	/** Writes one line to the serial log of the chip, or to the terminal. */
	log(line: string): void;
	/** Restarts the board; does not return on the chip. */
	restart(): void;
	/**
	 * Enters deep sleep; does not return on the chip. The board starts again after `milliseconds`, or before at a low level
	 * of `wakePin` if the chip supports it, with the reset reason `deep sleep` and ticks that have continued.
	 */
	sleep(milliseconds: number, wakePin?: number): void;
}

export interface BoardIdentity {
	/** For example `esp32`, `esp32c3`, `node`. */
	readonly chip: string;
	/** The last six hexadecimal digits of the MAC address, in upper case: unique and constant for a board. */
	readonly serial: string;
	/** Version that a simulated board pretends to run: all its images have the same code. */
	readonly firmwareVersion?: string | undefined;
}

export interface Time {
	/** Milliseconds since the boot began, including deep sleep: fractional, monotonic, without wrap. */
	ticks(): number;
	/** Calls `callback` once, `delay` milliseconds from now (at least 0). */
	set(callback: () => void, delay: number): Timer;
	/** Cancels a timer; one that has fired, or `undefined`, is no error. */
	clear(timer: Timer | undefined): void;
	/** Sets the platform's clock (milliseconds of Unix time), which certificate checks and the log use. */
	setWallClock(utc: number): void;
}

/** An opaque handle. */
export type Timer = object;

/** Single pins, and what boards usually connect to them. */
export interface Pins {
	readonly Digital: DigitalConstructor;
	readonly Analog: AnalogConstructor;
	readonly OneWire: OneWireConstructor;
	readonly Serial: SerialConstructor;
	/** Volts at the maximum value of an {@link Analog}. */
	readonly analogRangeV: number;
	/** Why a pin cannot be used, as a phrase; `undefined`: it can. */
	problemOf(pin: number, role: PinRole): string | undefined;
	/** Pin numbers of light and button on common boards with this chip. */
	readonly led?: number | undefined;
	readonly button?: number | undefined;
}

/**
 * A 1-Wire master, in the style of ECMA-419, which has no such class. Bytes are sent least significant bit first. Every
 * call blocks while the bus is busy: half a millisecond a byte.
 */
export interface OneWire {
	/** The ROM codes of all chips on the bus, eight bytes each: family, serial number, CRC. */
	search(): readonly Uint8Array[];
	/** Sends a reset pulse; whether a chip responds with a presence pulse. */
	reset(): boolean;
	write(bytes: Uint8Array): void;
	read(count: number): Uint8Array;
	/** May be called twice. */
	close(): void;
}

/** Throws for an unusable pin. */
export type OneWireConstructor = new (options: { pin: number }) => OneWire;

export interface Network {
	readonly TCP: TCPConstructor;
	readonly TLS: TLSConstructor;
	readonly Listener: ListenerConstructor;
	readonly UDP: UDPConstructor;
	readonly WiFi: WiFiConstructor;
	/** `undefined` on a board without support for it. */
	readonly AccessPoint?: AccessPointConstructor;
	readonly resolver: Resolver;
	/** Forgets the verified server (TLS session, chain), also over a deep sleep; `undefined` if none is kept. */
	forgetServer?(): void;
}

export interface AccessPointOptions {
	/** 1 to 32 bytes. */
	readonly SSID: string;
	/**
	 * Returns the WPA2 password, 8 to 63 characters, or `undefined` for an open network. Called once the radio is on: a
	 * password that {@link Board.fillRandom} makes before could be predicted.
	 */
	password?(): string | undefined;
	/** 1 to 13; joining another network moves the access point to its channel. */
	readonly channel?: number;
	/** {@link AccessPoint.stations} has changed. */
	onChanged?(): void;
}

/** A network found by a scan. */
export interface ScanResult {
	/** Untrusted text. Empty for a hidden network. */
	readonly SSID: string;
	/** Received signal strength, dBm. */
	readonly RSSI: number;
	/** Whether it requires a password. */
	readonly isSecured: boolean;
}

/**
 * The board's own Wi-Fi network, in the style of ECMA-419. On the chip it needs a boot of its own, and must exist before
 * the first {@link Network.WiFi}, with which the board joins another network at the same time.
 */
export interface AccessPoint {
	/** The board's address in this network; its DHCP server announces it as gateway and DNS server. */
	readonly address: string;
	/** Number of connected stations. */
	readonly stations: number;
	/** Scans for networks, some seconds. Throws during a scan, and while a network is being joined. */
	scan(options: { onFound(network: ScanResult): void; onComplete(): void }): void;
	/** May be called twice. */
	close(): void;
}

/** Throws if the radio is not available. */
export type AccessPointConstructor = new (options: AccessPointOptions) => AccessPoint;

export interface Storage {
	/** Partition `queue` holds the readings. */
	readonly flash: FlashStorage;
	readonly keyValue: KeyValueStorage;
	/** `undefined`: the board has none. */
	readonly sleepMemory?: SleepMemory | undefined;
	/**
	 * Erases all key-value storage, including deleted and overwritten values that could still be read from the flash, and
	 * closes it. `undefined` where deleted values leave no trace.
	 */
	eraseKeyValue?(): void;
}

/** Holds a text over a deep sleep, and over no other start. Unlike flash, it does not wear and keeps no overwritten text. */
export interface SleepMemory {
	/** Returns the text kept before the deep sleep, and clears it; `undefined`: none, or it is damaged. */
	take(): string | undefined;
	/** Replaces the text; false: it has more than 3,072 bytes, and is not kept. */
	keep(text: string): boolean;
}

/**
 * The two slots for the firmware, with ESP-IDF's application rollback: a slot that was activated is started on trial, and
 * unless the firmware in it calls {@link keep}, the next start, for any reason, is of the previous slot.
 */
export interface FirmwareSlots {
	/** Public key (P-256, x and y, 64 bytes) that signs updates; `undefined`: a build without one takes no updates. */
	readonly releaseKey?: Uint8Array | undefined;
	/** The running slot, 0 or 1. */
	readonly running: number;
	/** The running firmware has not been kept yet. */
	readonly isOnTrial: boolean;
	/** Opens the other slot. Throws during a trial: it holds the firmware for a rollback. */
	openOther(): Flash;
	/** Makes the next start one of the other slot, on trial. Throws unless the platform finds a complete image in it. */
	activate(): void;
	/** Ends the trial: this firmware stays. */
	keep(): void;
	/** Ends the trial: restarts into the firmware before this one. Does not return on the chip. */
	rollBack(): void;
	sha256(): HashStream;
	/** Whether `signature` (ECDSA with P-256 and SHA-256: r and s, 64 bytes) is the key's for `message`. */
	verifySignature(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export interface HashStream {
	write(bytes: Uint8Array): void;
	/** The hash of all that was written; call once. */
	close(): Uint8Array;
}
