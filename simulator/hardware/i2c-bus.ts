import type { Bytes, I2COptions, SMBus, SMBusConstructor } from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";

/**
 * A chip on the bus: bytes written to its address, and bytes read from it. Both throw {@link
 * NotAcknowledgedError} if the chip does not acknowledge.
 */
export interface I2CChip {
	write(bytes: Bytes): void;
	read(into: Bytes): void;
}

/** No acknowledge. The SDK's I2C throws from the transfer, too. */
export class NotAcknowledgedError extends Error {
	override name = "NotAcknowledged";

	/** `who` did not acknowledge; a chip does not know its address. */
	constructor(who = "the chip") {
		super(`no acknowledge from ${who}`);
	}
}

/** No chip at the address. Shared, because detection meets it thousands of times a day. */
const noChipError = new NotAcknowledgedError("the address");

/** The data line is held low, so no transfer can begin. */
export class BusHeldError extends Error {
	override name = "BusHeld";

	constructor() {
		super("the data line is held low");
	}
}

/** Shared by all objects on the bus. */
interface Wires {
	/** By address. */
	readonly chips: Map<number, I2CChip>;
	/** Open objects by address, one each. */
	readonly open: Map<number, SMBus>;
	/** Clock pulses until the data line is released. */
	heldPulses: number;
	/** Whether one of its pins has another use. */
	pinsTaken(): boolean;
}

/** A byte and its acknowledge (I2C specification, section 3.1.16). */
const recoveryPulses = 9;

/**
 * An I2C bus with chips, used through ECMA-419's SMBus. Like the SDK's I2C on the chip, it allows one open
 * object per address.
 */
export class SimulatedI2CBus {
	private readonly wires: Wires;
	/** For an `I2CBus`: `{ io: bus.SMBus, data, clock, hz }`. */
	readonly SMBus: SMBusConstructor;

	constructor() {
		const wires: Wires = { chips: new Map(), open: new Map(), heldPulses: 0, pinsTaken: () => false };
		this.wires = wires;
		this.SMBus = constructorOf((options: I2COptions) => new SimulatedSMBus(wires, options));
	}

	get openCount(): number {
		return this.wires.open.size;
	}

	/** Whether there is a chip at an address. */
	has(address: number): boolean {
		return this.wires.chips.has(address);
	}

	/** `taken`: whether one of its pins has another use; then the bus cannot be used. */
	connectPins(taken: () => boolean): void {
		this.wires.pinsTaken = taken;
	}

	/** Plugs in a chip at a seven-bit address. */
	attach(address: number, chip: I2CChip): void {
		this.wires.chips.set(address, chip);
	}

	/** Unplugs the chip at an address. */
	detach(address: number): void {
		this.wires.chips.delete(address);
	}

	/**
	 * A chip was interrupted while it sent a zero, and holds the data line low: every transfer fails until it
	 * has got its {@link clockPulse}s.
	 */
	holdLow(): void {
		this.wires.heldPulses = recoveryPulses;
	}

	get isHeld(): boolean {
		return this.wires.heldPulses > 0;
	}

	/** A pulse on the clock line from the pins. */
	clockPulse(): void {
		if (this.wires.heldPulses > 0) this.wires.heldPulses--;
	}

	get inUse(): boolean {
		return this.wires.open.size > 0;
	}

	/** After a restart of the firmware. */
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
		// After `closeAll`, another object may be open at the address.
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
