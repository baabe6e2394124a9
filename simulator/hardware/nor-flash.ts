import type { Flash, FlashStatus } from "../../src/boards/ecma419";

export interface NorFlashOptions {
	readonly blocks: number;
	/** Bytes of an erase block. */
	readonly blockLength: number;
	/** Refuse to program a byte twice, even to clear more of its bits. Default false. */
	readonly programsOnce?: boolean;
	/** Initial contents, used without a copy; default: erased. */
	readonly image?: Uint8Array;
	/** Called after bytes have changed, so that a board can persist them. */
	onChange?(byteOffset: number, length: number): void;
}

/** Number of operations. */
export interface FlashCounts {
	/** Calls of `write`. */
	programs: number;
	programmedBytes: number;
	/** Erased blocks. */
	erases: number;
	/** Calls of `read`. */
	reads: number;
	readBytes: number;
}

/**
 * State of an operation that a power loss interrupts. Program: `prefix` (the bytes before the cut, and half
 * the bits of the next), `scattered` (some bits of all bytes). Erase: `first half`, `last half`, `scattered`,
 * `almost` (all but a few bits). One that does not apply counts as the first that does.
 */
export type Tear = "prefix" | "first half" | "last half" | "scattered" | "almost";

export interface PowerCut {
	/** Power is lost in this step, from 0. Each programmed byte is a step, and each erased block. */
	readonly step: number;
	readonly tear?: Tear;
	/** Only steps of operations for which this is true count; default: all. */
	counts?(operation: "program" | "erase", byteOffset: number): boolean;
	/** Uniform in 0 … 1. */
	random(): number;
}

/** How a worn-out block fails. */
export type Wear =
	/** Without an error. */
	| "erase does nothing"
	| "program does nothing"
	| "erase throws"
	| "program throws"
	| "read throws"
	/** After each erase some bits still read 0. */
	| "bits stay cleared";

/** A violation of the rules of NOR flash: an error in the program that uses it. */
export class NorFlashRuleError extends Error {
	override name = "NorFlashRuleError";
}

/** Power is off. */
export class PowerLossError extends Error {
	override name = "PowerLossError";

	constructor() {
		super("power is off");
	}
}

/** A worn-out block reports a failure. */
export class WornOutError extends Error {
	override name = "WornOutError";
}

/**
 * A NOR flash: an erase sets all bits of a block, a program clears bits, and violations are refused. It can
 * lose power in the middle of any operation, and its blocks can wear out. Tests, bench and boards share this
 * model.
 */
export class NorFlash implements Flash {
	readonly image: Uint8Array;
	readonly counts: FlashCounts = { programs: 0, programmedBytes: 0, erases: 0, reads: 0, readBytes: 0 };
	/** Recorded even if the program catches the error. */
	readonly violations: string[] = [];
	private readonly _status: FlashStatus;
	private readonly programsOnce: boolean;
	private readonly onChange: ((byteOffset: number, length: number) => void) | undefined;
	private readonly wear = new Map<number, Wear>();
	/** Blocks that were worn out at the last erase, or have lost charge since. */
	private readonly unreliableBlocks = new Set<number>();
	private powerCut: PowerCut | undefined;
	private _steps = 0;
	private _powered = true;
	private closed = false;

	constructor({ blocks, blockLength, programsOnce = false, image, onChange }: NorFlashOptions) {
		const size = blocks * blockLength;
		if (image !== undefined && image.length !== size)
			throw new RangeError(`the image has ${image.length} bytes, the flash ${size}`);
		this.image = image ?? new Uint8Array(size).fill(0xff);
		this._status = { size, blockLength, blocks };
		this.programsOnce = programsOnce;
		this.onChange = onChange;
	}

	status(): FlashStatus {
		return this._status;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		this.checkUse(byteOffset, buffer.length);
		if (this.wear.get(this.blockOf(byteOffset)) === "read throws") throw new WornOutError("read failed");
		this.counts.reads++;
		this.counts.readBytes += buffer.length;
		buffer.set(this.image.subarray(byteOffset, byteOffset + buffer.length));
		return buffer.length;
	}

	/** Whether reads of a block succeed. */
	canRead(block: number): boolean {
		return this.wear.get(block) !== "read throws";
	}

	write(buffer: Uint8Array, byteOffset: number): void {
		this.checkUse(byteOffset, buffer.length);
		this.checkProgram(buffer, byteOffset);
		const wear = this.wear.get(this.blockOf(byteOffset));
		if (wear === "program throws") throw new WornOutError("write failed");
		this.counts.programs++;
		this.counts.programmedBytes += buffer.length;
		const cutAt = this.stepsUntilCut(buffer.length, "program", byteOffset);
		if (wear !== "program does nothing") this.program(buffer, byteOffset, cutAt);
		this.onChange?.(byteOffset, buffer.length);
		if (cutAt !== undefined) throw new PowerLossError();
	}

	eraseBlock(start: number, end: number): void {
		const { blockLength, blocks } = this._status;
		if (end === undefined || !(start < end) || end > blocks)
			throw this.violation(`erase of blocks ${start} to ${end}`);
		this.checkUse(start * blockLength, (end - start) * blockLength);
		for (let block = start; block < end; block++) {
			const wear = this.wear.get(block);
			if (wear === "erase throws") throw new WornOutError("erase failed");
			this.counts.erases++;
			const cut = this.stepsUntilCut(1, "erase", block * blockLength) !== undefined;
			if (wear !== "erase does nothing") this.erase(block, cut, wear === "bits stay cleared");
			this.onChange?.(block * blockLength, blockLength);
			if (cut) throw new PowerLossError();
		}
	}

	close(): void {
		this.closed = true;
	}

	/** Schedules a power loss; steps count from now. */
	schedulePowerCut(cut: PowerCut | undefined): void {
		this.powerCut = cut;
		this._steps = 0;
	}

	/** A cell has lost its charge: inverts a bit. */
	flipBit(byteOffset: number, bit: number): void {
		this.image[byteOffset] = (this.image[byteOffset] ?? 0) ^ (1 << bit);
		this.unreliableBlocks.add(this.blockOf(byteOffset));
		this.onChange?.(byteOffset, 1);
	}

	/** Since {@link schedulePowerCut}. */
	get steps(): number {
		return this._steps;
	}

	get powered(): boolean {
		return this._powered;
	}

	/** Restores power and opens the flash. */
	powerUp(): void {
		this._powered = true;
		this.closed = false;
		this.powerCut = undefined;
	}

	/** The block fails in this way from now on; `undefined`: it works again after an erase. */
	wearOut(block: number, wear: Wear | undefined): void {
		if (wear !== undefined) this.wear.set(block, wear);
		else if (this.wear.delete(block)) this.unreliableBlocks.add(block);
	}

	resetCounts(): void {
		Object.assign(this.counts, { programs: 0, programmedBytes: 0, erases: 0, reads: 0, readBytes: 0 });
	}

	private blockOf(byteOffset: number): number {
		return Math.floor(byteOffset / this._status.blockLength);
	}

	private checkUse(byteOffset: number, length: number): void {
		if (!this._powered) throw new PowerLossError();
		if (this.closed) throw this.violation("used after it was closed");
		if (byteOffset < 0 || byteOffset + length > this._status.size || !Number.isInteger(byteOffset))
			throw this.violation(`${length} bytes at ${byteOffset} are outside of the flash`);
	}

	private checkProgram(buffer: Uint8Array, byteOffset: number): void {
		// Wrong bits in a worn-out block are not the program's fault.
		const block = this.blockOf(byteOffset);
		if (this.wear.has(block) || this.unreliableBlocks.has(block)) return;
		for (let i = 0; i < buffer.length; i++) {
			const before = this.image[byteOffset + i] ?? 0;
			const byte = buffer[i] ?? 0;
			if ((byte & ~before) !== 0) throw this.violation(`byte ${byteOffset + i} would need an erase first`);
			if (this.programsOnce && before !== 0xff && byte !== 0xff)
				throw this.violation(`byte ${byteOffset + i} programmed twice`);
		}
	}

	private violation(what: string): Error {
		this.violations.push(what);
		return new NorFlashRuleError(what);
	}

	/** The number of steps, of the next `count`, until power is lost; `undefined` if it is not. */
	private stepsUntilCut(
		count: number,
		operation: "program" | "erase",
		byteOffset: number,
	): number | undefined {
		if (this.powerCut?.counts?.(operation, byteOffset) === false) return undefined;
		const before = this._steps;
		this._steps += count;
		if (this.powerCut === undefined || this.powerCut.step >= this._steps) return undefined;
		this._powered = false;
		return this.powerCut.step - before;
	}

	private program(buffer: Uint8Array, byteOffset: number, cutAt: number | undefined): void {
		const scattered = cutAt !== undefined && this.powerCut?.tear === "scattered";
		for (let i = 0; i < buffer.length; i++) {
			const whole = cutAt === undefined || (!scattered && i < cutAt);
			if (!whole && !scattered && i !== cutAt) break;
			const spared = whole ? 0 : this.randomByte();
			this.clearBits(byteOffset + i, (buffer[i] ?? 0) | spared);
		}
	}

	private clearBits(at: number, bits: number): void {
		this.image[at] = (this.image[at] ?? 0) & bits;
	}

	private erase(block: number, cut: boolean, stuck: boolean): void {
		const { blockLength } = this._status;
		const start = block * blockLength;
		if (!cut) this.unreliableBlocks.delete(block);
		const tear = cut ? (this.powerCut?.tear ?? "first half") : undefined;
		for (let i = 0; i < blockLength; i++) {
			const before = this.image[start + i] ?? 0;
			const left = tear === undefined ? 0xff : this.tornErase(tear, i < blockLength / 2);
			this.image[start + i] = before | left;
			if (stuck && i % 97 === 60) this.image[start + i] = 0xfb;
		}
	}

	/** The bits that an interrupted erase has set. */
	private tornErase(tear: Tear, inFirstHalf: boolean): number {
		if (tear === "last half") return inFirstHalf ? 0 : 0xff;
		if (tear === "scattered") return this.randomByte();
		if (tear === "almost") return this.random() < 0.02 ? this.randomByte() : 0xff;
		return inFirstHalf ? 0xff : 0;
	}

	private randomByte(): number {
		return Math.floor(this.random() * 256);
	}

	private random(): number {
		return this.powerCut?.random() ?? 0.5;
	}
}
