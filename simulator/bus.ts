import type { Bytes, I2COptions, SMBus, SMBusConstructor } from "../src/boards/ecma419";
import { constructorOf } from "./constructor-of";

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
	#open = 0;
	/** For a provider: `{ io: bus.SMBus, data, clock, hz }`. */
	readonly SMBus: SMBusConstructor;

	constructor() {
		this.SMBus = constructorOf(
			(options: I2COptions) =>
				new SimulatedSMBus(this.#chips, options, (change) => {
					this.#open += change;
				}),
		);
	}

	/** How many peripherals are open. */
	get open(): number {
		return this.#open;
	}

	/** Whether something is plugged in at an address. */
	has(address: number): boolean {
		return this.#chips.has(address);
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
	readonly #onOpen: (change: 1 | -1) => void;
	#closed = false;

	constructor(chips: ReadonlyMap<number, Chip>, { address }: I2COptions, onOpen: (change: 1 | -1) => void) {
		this.#chips = chips;
		this.#address = address;
		this.#onOpen = onOpen;
		onOpen(1);
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
		if (!this.#closed) this.#onOpen(-1);
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
