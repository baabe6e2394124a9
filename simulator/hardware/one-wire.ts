import type { OneWire } from "../../src/boards/board";

type Bit = 0 | 1;

/** A chip on a 1-Wire line: one bit per time slot. */
export interface OneWireChip {
	/** Returns whether the chip sends a presence pulse. */
	reset(): boolean;
	writeBit(bit: Bit): void;
	/** 0 pulls the line low, 1 releases it. */
	readBit(): Bit;
}

/** A 1-Wire line with a pull-up: low if any chip pulls it low. */
export class OneWireLine {
	private readonly chips = new Set<OneWireChip>();

	attach(chip: OneWireChip): void {
		this.chips.add(chip);
	}

	detach(chip: OneWireChip): void {
		this.chips.delete(chip);
	}

	reset(): boolean {
		let present = false;
		for (const chip of this.chips) present = chip.reset() || present;
		return present;
	}

	write(bit: Bit): void {
		for (const chip of this.chips) chip.writeBit(bit);
	}

	read(): Bit {
		let level: Bit = 1;
		for (const chip of this.chips) if (chip.readBit() === 0) level = 0;
		return level;
	}
}

const searchRom = 0xf0;
const romBits = 64;

/** The master of a line. It searches like the SDK's (Maxim application note 187). */
export class OneWireMaster implements OneWire {
	private readonly line: OneWireLine;
	private closed = false;

	constructor(line: OneWireLine) {
		this.line = line;
	}

	search(): readonly Uint8Array[] {
		const found: Uint8Array[] = [];
		/** The last place where chips differ and 0 was chosen; the next search chooses 1 there. */
		let lastDiscrepancy = -1;
		let previousRom = new Uint8Array(romBits / 8);
		do {
			if (!this.reset()) break;
			this.write(Uint8Array.of(searchRom));
			const rom = new Uint8Array(romBits / 8);
			const next = this.searchNext(rom, previousRom, lastDiscrepancy);
			if (next === undefined) break;
			found.push(rom);
			lastDiscrepancy = next;
			previousRom = rom;
		} while (lastDiscrepancy >= 0);
		return found;
	}

	reset(): boolean {
		return this.open().reset();
	}

	write(bytes: Uint8Array): void {
		const line = this.open();
		for (const byte of bytes) for (let i = 0; i < 8; i++) line.write(bit(byte, i));
	}

	read(count: number): Uint8Array {
		const line = this.open();
		const bytes = new Uint8Array(count);
		for (let at = 0; at < count; at++) {
			let byte = 0;
			for (let i = 0; i < 8; i++) byte |= line.read() << i;
			bytes[at] = byte;
		}
		return bytes;
	}

	close(): void {
		this.closed = true;
	}

	/**
	 * Finds one ROM code. Returns the next `lastDiscrepancy`; -1: this was the last chip; `undefined`: no chip.
	 */
	private searchNext(rom: Uint8Array, previousRom: Uint8Array, lastDiscrepancy: number): number | undefined {
		const line = this.open();
		let next = -1;
		for (let place = 0; place < romBits; place++) {
			const [index, shift] = [place >> 3, place & 7];
			const own = line.read();
			const complement = line.read();
			if (own === 1 && complement === 1) return undefined;
			let direction: Bit = own;
			if (own === complement) {
				direction =
					place === lastDiscrepancy ? 1 : place > lastDiscrepancy ? 0 : bit(previousRom[index] ?? 0, shift);
				if (direction === 0) next = place;
			}
			rom[index] = (rom[index] ?? 0) | (direction << shift);
			line.write(direction);
		}
		return next;
	}

	private open(): OneWireLine {
		if (this.closed) throw new Error("the 1-Wire bus has been closed");
		return this.line;
	}
}

function bit(byte: number, place: number): Bit {
	return ((byte >> place) & 1) === 1 ? 1 : 0;
}
