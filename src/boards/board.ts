import type {
	AnalogConstructor,
	DigitalConstructor,
	FlashStorage,
	I2CBus,
	KeyValueStorage,
	ListenerConstructor,
	Resolver,
	TCPConstructor,
	TLSConstructor,
	UDPConstructor,
	WiFiConstructor,
} from "./ecma419";
import type { ResetReason } from "./reset-reason";

/**
 * Every piece of the world that the firmware touches. Where ECMA-419 has a class, the board gives that class;
 * for the rest it has the small interfaces below. Nothing above this file knows which machine it runs on, and
 * time and chance come in only here, so that a whole life of a device can be replayed from a seed.
 */
export interface Board {
	readonly identity: BoardIdentity;
	/** Why the board started this time. */
	readonly resetReason: ResetReason;
	readonly time: Time;
	readonly network: Network;
	readonly storage: Storage;
	/** The I2C bus that sensors are wired to. */
	readonly i2c: I2CBus;
	readonly pins: Pins;
	/**
	 * Of the board's own network, where the build says so: empty for an open one. Left out, the board makes itself one.
	 */
	readonly setupPassword?: string | undefined;
	/** Fills `bytes` from a true random source. */
	fillRandom(bytes: Uint8Array): void;
	/** Bytes that are free for whatever the platform needs next; `undefined` where there is no telling. */
	freeMemory(): number | undefined;
	/** One line for the developer: serial log on the chip, terminal elsewhere. */
	log(line: string): void;
	/** Starts the board anew; does not return on the chip. */
	restart(): void;
	/**
	 * Switches all off but a clock and starts the board anew after so many milliseconds, with the reason `deep sleep`
	 * and ticks that have gone on; does not return on the chip. Where the chip can watch `wakePin` meanwhile, a low level
	 * there wakes it before.
	 */
	sleep(milliseconds: number, wakePin?: number): void;
}

export interface BoardIdentity {
	/** For example `esp32`, `esp32c3`, `node`. */
	readonly chip: string;
	/** Six hexadecimal digits, the end of the MAC address: the same at every boot, different on every board. */
	readonly serial: string;
}

export interface Time {
	/** Milliseconds since the boot began, deep sleep included: fractional, never backwards, never wrapped. */
	ticks(): number;
	/** Calls `callback` once, `delay` milliseconds from now (at least 0). */
	set(callback: () => void, delay: number): Timer;
	/** Forgets a timer; one that has fired, or `undefined`, is no error. */
	clear(timer: Timer | undefined): void;
	/** Tells the platform the time (milliseconds of Unix time), for its certificate checks and its log. */
	setWallClock(utc: number): void;
}

/** An opaque handle. */
export type Timer = object;

/** Single pins, and what is usually wired to them. */
export interface Pins {
	readonly Digital: DigitalConstructor;
	readonly Analog: AnalogConstructor;
	readonly OneWire: OneWireConstructor;
	/** Volts of the largest number that an {@link Analog} gives. */
	readonly analogRangeV: number;
	/** Numbers of the pins that the usual boards with this chip have a light and a button at. */
	readonly led?: number | undefined;
	readonly button?: number | undefined;
}

/**
 * A 1-Wire bus, seen from its master; a class in the manner of ECMA-419, which has none. Bytes go least significant bit
 * first, as the bus has them. Every call blocks for as long as the bus takes: half a millisecond a byte.
 */
export interface OneWire {
	/** The ROM codes of all chips on the bus, each eight bytes in the order of the bus: family, serial number, CRC. */
	search(): readonly Uint8Array[];
	/** A reset pulse; whether anybody is there. */
	reset(): boolean;
	write(bytes: Uint8Array): void;
	read(count: number): Uint8Array;
	/** May be called twice. */
	close(): void;
}

/** Throws for a pin that cannot be one. */
export type OneWireConstructor = new (options: { pin: number }) => OneWire;

export interface Network {
	readonly TCP: TCPConstructor;
	readonly TLS: TLSConstructor;
	readonly Listener: ListenerConstructor;
	readonly UDP: UDPConstructor;
	readonly WiFi: WiFiConstructor;
	/** Left out on a board that cannot be one. */
	readonly AccessPoint?: AccessPointConstructor;
	readonly resolver: Resolver;
}

export interface AccessPointOptions {
	/** Its name, 1 to 32 bytes. */
	readonly SSID: string;
	/** WPA2, 8 to 63 characters; left out: open. */
	readonly password?: string;
	/** 1 to 13; joining a network takes it along to that network's channel. */
	readonly channel?: number;
	/** {@link AccessPoint.stations} has changed. */
	onChanged?(): void;
}

/** A network that was heard. */
export interface ScanResult {
	/** Whatever somebody chose to send: hostile text. Empty when it hides its name. */
	readonly SSID: string;
	/** Received signal strength, dBm. */
	readonly RSSI: number;
	/** It wants a password. */
	readonly isSecured: boolean;
}

/**
 * A Wi-Fi network of the board's own, in the manner of ECMA-419. On the chip it needs a boot of its own and must be
 * there before the first {@link Network.WiFi}, with which the board joins another network at the same time.
 */
export interface AccessPoint {
	/** Of the board in this network; its DHCP server tells it as gateway and name server. */
	readonly address: string;
	/** How many are joined. */
	readonly stations: number;
	/** Looks for networks in reach, some seconds. Throws while it is at it, and when a network is being joined. */
	scan(options: { onFound(network: ScanResult): void; onComplete(): void }): void;
	/** May be called twice. */
	close(): void;
}

/** Throws where the radio cannot be had. */
export type AccessPointConstructor = new (options: AccessPointOptions) => AccessPoint;

export interface Storage {
	/** Partition `queue` holds the readings. */
	readonly flash: FlashStorage;
	readonly keyValue: KeyValueStorage;
	/**
	 * Erases all that key-value storage holds, and what of it was overwritten or deleted and could still be read out of
	 * the flash; whatever was open is closed with it. Left out where nothing stays of what is deleted.
	 */
	eraseKeyValue?(): void;
}
