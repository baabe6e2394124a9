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
import type { ResetReason } from "./reset";

/**
 * Every piece of the world that the firmware touches. Where ECMA-419 has a class, the board gives that class;
 * for the rest it has the small interfaces below. Nothing above this file knows which machine it runs on, and
 * time and chance come in only here, so that a whole life of a device can be replayed from a seed.
 */
export interface Board {
	readonly identity: Identity;
	/** Why the board started this time. */
	readonly resetReason: ResetReason;
	readonly time: Time;
	readonly network: Network;
	readonly storage: Storage;
	/** The I2C bus that sensors are wired to. */
	readonly i2c: I2CBus;
	readonly pins: Pins;
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
	 * and ticks that have gone on; does not return on the chip.
	 */
	sleep(milliseconds: number): void;
}

export interface Identity {
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
	readonly analogRange: number;
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
	readonly resolver: Resolver;
}

export interface Storage {
	/** Partition `queue` holds the readings. */
	readonly flash: FlashStorage;
	readonly keyValue: KeyValueStorage;
}
