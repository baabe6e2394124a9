import type { Bytes, I2COptions, SMBus, SMBusConstructor } from "../src/boards/ecma419";

/**
 * A chip as the bus sees it: bytes written to its address, bytes read from it. What they mean (registers, commands,
 * checksums) is the chip's own. Either throws {@link NotAcknowledged} when the chip does not take them.
 */
export interface Chip {
	write(bytes: Bytes): void;
	read(into: Bytes): void;
}

/** Nobody answered, as the SDK's I2C says it: with an exception from the transfer. */
export class NotAcknowledged extends Error {
	override name = "NotAcknowledged";

	constructor(address: number) {
		super(`no acknowledge from address 0x${address.toString(16)}`);
	}
}

/** An I2C bus with chips on it, reached through ECMA-419's SMBus. */
export class SimulatedBus {
	readonly #chips = new Map<number, Chip>();
	/** For a provider: `{ io: bus.SMBus, data, clock, hz }`. */
	readonly SMBus: SMBusConstructor;

	constructor() {
		const chips = this.#chips;
		this.SMBus = class extends SimulatedSMBus {
			constructor(options: I2COptions) {
				super(chips, options);
			}
		};
	}

	/** Plugs a chip in at a seven-bit address. */
	attach(address: number, chip: Chip): void {
		this.#chips.set(address, chip);
	}

	/** Unplugs what is at an address. */
	detach(address: number): void {
		this.#chips.delete(address);
	}
}

class SimulatedSMBus implements SMBus {
	readonly #chips: ReadonlyMap<number, Chip>;
	readonly #address: number;
	#closed = false;

	constructor(chips: ReadonlyMap<number, Chip>, { address }: I2COptions) {
		this.#chips = chips;
		this.#address = address;
	}

	read(buffer: Bytes): number {
		this.#chip().read(buffer);
		return buffer.length;
	}

	write(buffer: Bytes): void {
		this.#chip().write(buffer);
	}

	readUint8(register: number): number {
		return this.#registers(register, 1)[0] ?? 0;
	}

	writeUint8(register: number, value: number): void {
		this.write(Uint8Array.of(register, value));
	}

	readUint16(register: number, bigEndian = false): number {
		const bytes = this.#registers(register, 2);
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
		this.#closed = true;
	}

	#registers(register: number, count: number): Uint8Array<ArrayBuffer> {
		const bytes = new Uint8Array(count);
		this.readBuffer(register, bytes);
		return bytes;
	}

	#chip(): Chip {
		if (this.#closed) throw new Error("the peripheral has been closed");
		const chip = this.#chips.get(this.#address);
		if (chip === undefined) throw new NotAcknowledged(this.#address);
		return chip;
	}
}
