import type { Bytes } from "../../src/boards/ecma419";
import { TIChip, toCounts } from "./ti-chip";

type Air = "temperature";

/** Registers (DS25095A, register 5-1). */
const configuration = 0x01;
const ambient = 0x05;
const resolution = 0x08;
/** Values at power-on (table 5-2): the limits are 0, and so is the temperature until the first conversion. */
const initialValues = [0, 0, 0, 0, 0, 0, 0x0054, 0x0400, 0x0003] as const;

const shutdown = 0x0100;
const locks = 0x00c0;
/** Bits of the configuration that a lock holds: hysteresis, the locks themselves, and the alert output (register 5-2). */
const lockedBits = 0x06df;
/** By the resolution ("Temperature Conversion Time"). */
const conversionMs = [30, 65, 130, 250] as const;

/** Microchip MCP9808, by registers of sixteen bits; the resolution has eight. */
export class MCP9808Chip extends TIChip<Air> {
	private readonly registers: number[] = [...initialValues];
	private startedAt = this.now;

	protected override onWrite(bytes: Bytes): void {
		this.update();
		super.onWrite(bytes);
		if (this.currentPointer === resolution && bytes.length > 1) this.setResolution(bytes[1] ?? 0);
	}

	protected override onRead(into: Bytes): void {
		this.update();
		super.onRead(into);
		if (this.currentPointer === resolution) into.fill(this.registers[resolution] ?? 0);
	}

	protected override readRegister(register: number): number {
		const value = this.registers[register] ?? 0;
		return register === ambient ? value | this.limitFlags(value) : value;
	}

	protected override writeRegister(register: number, value: number): void {
		if (register === configuration) this.configure(value & 0x07ff);
		else if (register > configuration && register < ambient && this.writableLimit(register))
			this.registers[register] = value & 0x1ffc;
	}

	private get settings(): number {
		return this.registers[configuration] ?? 0;
	}

	/** The critical limit has a lock of its own. */
	private writableLimit(register: number): boolean {
		return (this.settings & (register === 4 ? 0x80 : 0x40)) === 0;
	}

	private setResolution(value: number): void {
		this.registers[resolution] = value & 3;
		this.startedAt = this.now;
	}

	private configure(value: number): void {
		const old = this.settings;
		const isLocked = (old & locks) !== 0;
		// A locked chip can leave the shutdown, but not enter it; a lock can be set, but not cleared.
		const kept = isLocked ? (old & lockedBits) | (value & locks) | (value & old & shutdown) : value;
		// Clearing the interrupt (bit 5) reads 0.
		this.registers[configuration] = kept & ~0x20;
		if ((old & shutdown) !== 0 && (kept & shutdown) === 0) this.startedAt = this.now;
	}

	private update(): void {
		const durationMs = conversionMs[(this.registers[resolution] ?? 3) & 3] ?? 250;
		if ((this.settings & shutdown) !== 0 || !this.hasEnded(this.startedAt, durationMs)) return;
		const count = Math.floor((this.now - this.startedAt) / durationMs);
		const { temperature } = this.environmentAt(this.startedAt + count * durationMs);
		const celsius = this.fault === "out of range" ? 200 : temperature;
		const step = 2 ** (3 - ((this.registers[resolution] ?? 3) & 3));
		this.registers[ambient] = (toCounts(celsius, 0.0625 * step) * step) & 0x1fff;
	}

	/** Bits 15 to 13: at least the critical limit, above the upper, below the lower one. */
	private limitFlags(value: number): number {
		const [upper = 0, lower = 0, critical = 0] = this.registers.slice(2, 5).map(signed);
		const celsius = signed(value);
		return (
			(celsius >= critical ? 0x8000 : 0) | (celsius > upper ? 0x4000 : 0) | (celsius < lower ? 0x2000 : 0)
		);
	}
}

/** Thirteen bits with a sign. */
function signed(word: number): number {
	return (word << 19) >> 19;
}
