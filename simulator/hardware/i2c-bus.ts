import type { Bytes, I2COptions, SMBus, SMBusConstructor } from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";

/**
 * A chip as the bus sees it: bytes written to its address, bytes read from it. What they mean (registers, commands,
 * checksums) is the chip's own. Either throws {@link NotAcknowledgedError} when the chip does not take them.
 */
export interface I2CChip {
	write(bytes: Bytes): void;
	read(into: Bytes): void;
}

/** Nobody answered, as the SDK's I2C says it: with an exception from the transfer. */
export class NotAcknowledgedError extends Error {
	override name = "NotAcknowledged";

	/** `who`: what did not; left out by a chip, which does not know its address. */
	constructor(who = "the chip") {
		super(`no acknowledge from ${who}`);
	}
}

/** There is no chip at the address. One for all: looking for chips meets it some thousand times a day. */
const noChipError = new NotAcknowledgedError("the address");

/** The data line is low although nobody sends: no transfer begins. */
export class BusHeldError extends Error {
	override name = "BusHeld";

	constructor() {
		super("the data line is held low");
	}
}

/** What the objects on the bus have in common. */
interface Wires {
	/** By address. */
	readonly chips: Map<number, I2CChip>;
	/** The objects that are open, by address: each has room for one. */
	readonly open: Map<number, SMBus>;
	/** Clock pulses until the data line is let go. */
	heldPulses: number;
	/** Whether somebody has one of its pins for something else. */
	pinsTaken(): boolean;
}

/** Bits of a byte and its acknowledge: so many pulses end whatever a chip is sending (I2C specification, section 3.1.16). */
const recoveryPulses = 9;

/**
 * An I2C bus with chips on it, reached through ECMA-419's SMBus. An address takes one object at a time and refuses a
 * second, as the SDK's I2C on the chip does.
 */
export class SimulatedI2CBus {
	private readonly wires: Wires;
	/** For a provider: `{ io: bus.SMBus, data, clock, hz }`. */
	readonly SMBus: SMBusConstructor;

	constructor() {
		const wires: Wires = { chips: new Map(), open: new Map(), heldPulses: 0, pinsTaken: () => false };
		this.wires = wires;
		this.SMBus = constructorOf((options: I2COptions) => new SimulatedSMBus(wires, options));
	}

	/** How many peripherals are open. */
	get openCount(): number {
		return this.wires.open.size;
	}

	/** Whether something is plugged in at an address. */
	has(address: number): boolean {
		return this.wires.chips.has(address);
	}

	/** `taken`: whether somebody has one of its pins, which then nobody can speak on. */
	connectPins(taken: () => boolean): void {
		this.wires.pinsTaken = taken;
	}

	/** Plugs a chip in at a seven-bit address. */
	attach(address: number, chip: I2CChip): void {
		this.wires.chips.set(address, chip);
	}

	/** Unplugs what is at an address. */
	detach(address: number): void {
		this.wires.chips.delete(address);
	}

	/**
	 * A chip was interrupted while it sent a zero, and holds the data line low: every transfer fails until its bits are
	 * clocked out by hand, with {@link clockPulse}.
	 */
	holdLow(): void {
		this.wires.heldPulses = recoveryPulses;
	}

	/** Whether the data line is held low. */
	get isHeld(): boolean {
		return this.wires.heldPulses > 0;
	}

	/** One pulse on the clock line, made by whoever has the pins. */
	clockPulse(): void {
		if (this.wires.heldPulses > 0) this.wires.heldPulses--;
	}

	/** Whether any object is open on it. */
	get inUse(): boolean {
		return this.wires.open.size > 0;
	}

	/** The firmware that had objects on it is gone. */
	closeAll(): void {
		this.wires.open.clear();
	}
}

class SimulatedSMBus implements SMBus {
	private readonly wires: Wires;
	private readonly address: number;
	private closed = false;

	constructor(wires: Wires, { address }: I2COptions) {
		if (wires.pinsTaken()) throw new RangeError("in use");
		if (wires.open.has(address)) throw new RangeError("duplicate address");
		wires.open.set(address, this);
		this.wires = wires;
		this.address = address;
	}

	read(buffer: Bytes): number {
		this.chip().read(buffer);
		return buffer.length;
	}

	write(buffer: Bytes): void {
		this.chip().write(buffer);
	}

	readUint8(register: number): number {
		return this.registers(register, 1)[0] ?? 0;
	}

	writeUint8(register: number, value: number): void {
		this.write(Uint8Array.of(register, value));
	}

	readUint16(register: number, bigEndian = false): number {
		const bytes = this.registers(register, 2);
		return new DataView(bytes.buffer).getUint16(0, !bigEndian);
	}

	writeUint16(register: number, value: number, bigEndian = false): void {
		const [high, low] = [(value >> 8) & 0xff, value & 0xff];
		this.write(bigEndian ? Uint8Array.of(register, high, low) : Uint8Array.of(register, low, high));
	}

	readBuffer(register: number, buffer: Bytes): void {
		this.write(Uint8Array.of(register));
		this.read(buffer);
	}

	writeBuffer(register: number, buffer: Bytes): void {
		this.write(Uint8Array.of(register, ...buffer));
	}

	close(): void {
		// After a release its address may be another's.
		if (this.wires.open.get(this.address) === this) this.wires.open.delete(this.address);
		this.closed = true;
	}

	private registers(register: number, count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		this.readBuffer(register, bytes);
		return bytes;
	}

	private chip(): I2CChip {
		if (this.closed) throw new Error("the peripheral has been closed");
		if (this.wires.heldPulses > 0) throw new BusHeldError();
		const chip = this.wires.chips.get(this.address);
		if (chip === undefined) throw noChipError;
		return chip;
	}
}
