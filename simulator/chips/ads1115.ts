import { TIChip, toCounts } from "./ti-chip";

type Inputs = "inputs";

/** Registers (SBAS444E, "Address Pointer Register"): the pointer has two bits. */
const conversion = 0;
const configuration = 1;
const lowThreshold = 2;
const highThreshold = 3;

const operational = 0x8000;
const singleShotMode = 0x0100;
/** Volts of the full scale, by the setting of the amplifier ("Config Register"). */
const fullScaleVolts = [6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256] as const;
/** Samples per second. */
const ratesHz = [8, 16, 32, 64, 128, 250, 475, 860] as const;
/** The inputs compared, by the setting of the multiplexer; `undefined`: ground. */
const muxInputs: readonly (readonly [positive: 0 | 1 | 2 | 3, negative: 1 | 3 | undefined])[] = [
	[0, 1],
	[0, 3],
	[1, 3],
	[2, 3],
	[0, undefined],
	[1, undefined],
	[2, undefined],
	[3, undefined],
];

/** Texas Instruments ADS1115, by registers. */
export class ADS1115Chip extends TIChip<Inputs> {
	/** After the reset: input 0 against 1, ±2.048 V, single-shot, 128 samples per second, comparator off. */
	private readonly registers = [0, 0x0583, 0x8000, 0x7fff];
	private startedAt = 0;
	private converting = false;

	protected override readRegister(pointer: number): number {
		this.update();
		const register = pointer & 3;
		const value = this.registers[register] ?? 0;
		if (register !== configuration) return value & 0xffff;
		return (value & ~operational) | (this.converting ? 0 : operational);
	}

	protected override writeRegister(pointer: number, value: number): void {
		this.update();
		const register = pointer & 3;
		if (register === lowThreshold || register === highThreshold) this.registers[register] = value;
		if (register !== configuration) return;
		this.registers[configuration] = value;
		const starts = (value & operational) !== 0 || (value & singleShotMode) === 0;
		if (!starts) return;
		this.startedAt = this.now;
		this.converting = true;
	}

	private update(): void {
		const settings = this.registers[configuration] ?? 0;
		const duration = 1000 / (ratesHz[(settings >> 5) & 7] ?? 128);
		if (!this.converting || !this.hasEnded(this.startedAt, duration)) return;
		const single = (settings & singleShotMode) !== 0;
		const count = single ? 1 : Math.floor((this.now - this.startedAt) / duration);
		this.registers[conversion] = this.convert(settings, this.startedAt + count * duration);
		this.converting = !single;
	}

	private convert(settings: number, ticks: number): number {
		if (this.fault === "out of range") return 0x7fff;
		const { inputs } = this.environmentAt(ticks);
		const [positive, negative] = muxInputs[(settings >> 12) & 7] ?? [0, 1];
		const volts = inputs[positive] - (negative === undefined ? 0 : inputs[negative]);
		return toCounts(volts, (fullScaleVolts[(settings >> 9) & 7] ?? 0) / 0x8000);
	}
}
