import type { ChipOptions } from "./simulated-chip";
import { TIChip, toCounts } from "./ti-chip";

type Air = "temperature";

/** Registers and their values after the reset (SNOSD82D, "Register Map"). */
const temperatureResult = 0x00;
const configuration = 0x01;
const deviceId = 0x0f;
const resetValues: readonly (readonly [register: number, value: number])[] = [
	[temperatureResult, 0x8000],
	[configuration, 0x0220],
	[0x02, 0x6000],
	[0x03, 0x8000],
	[0x04, 0x0000],
	// EEPROM words, as an example.
	[0x05, 0x4c1b],
	[0x06, 0x0a53],
	[0x07, 0x0000],
	[0x08, 0x91d7],
	[deviceId, 0x0117],
];

const dataReady = 0x2000;
const loadingMemory = 0x1000;
const softReset = 0x0002;
/** Writable bits of the configuration ("Configuration Register"). */
const writable = 0x0ffc;

/** "Conversion Cycle Time in CC Mode". */
const conversionMs = 15.5;
const resetMs = 2;
const averages = [1, 8, 32, 64] as const;
const cycleMs = [15.5, 125, 250, 500, 1000, 4000, 8000, 16_000] as const;

export interface TMP117Options extends ChipOptions<Air> {
	/** It has just been powered up; default: it is ready. */
	readonly starting?: boolean;
}

/** Texas Instruments TMP117, by registers. */
export class TMP117Chip extends TIChip<Air> {
	private readonly registers = new Map(resetValues);
	private startedAt: number;
	private resetAt: number;
	private converted = 0;

	constructor(options: TMP117Options) {
		super(options);
		this.startedAt = this.now;
		this.resetAt = options.starting === true ? this.now : this.now - resetMs;
	}

	protected override readRegister(register: number): number {
		this.update();
		const value = this.registers.get(register) ?? 0;
		if (register === temperatureResult) this.configure(this.configuration & ~dataReady);
		if (register !== configuration) return value;
		this.configure(this.configuration & ~dataReady);
		return value | (this.now - this.resetAt < resetMs ? loadingMemory : 0);
	}

	protected override writeRegister(register: number, value: number): void {
		this.update();
		if (register === configuration && (value & softReset) !== 0) this.reset();
		else if (register === configuration) {
			this.configure((this.configuration & dataReady) | (value & writable));
			this.startedAt = this.now;
			this.converted = 0;
		} else if (register !== temperatureResult && register !== deviceId) this.registers.set(register, value);
	}

	private get configuration(): number {
		return this.registers.get(configuration) ?? 0;
	}

	private configure(value: number): void {
		this.registers.set(configuration, value);
	}

	private reset(): void {
		for (const [register, value] of resetValues) this.registers.set(register, value);
		this.resetAt = this.now;
		this.startedAt = this.now;
		this.converted = 0;
	}

	/**
	 * Finishes the conversions that are due. Mode 01 is shutdown, 11 one conversion, the others are continuous.
	 */
	private update(): void {
		const mode = (this.configuration >> 10) & 3;
		if (mode === 1) return;
		const active = conversionMs * (averages[(this.configuration >> 5) & 3] ?? 1);
		const cycle = mode === 3 ? active : Math.max(active, cycleMs[(this.configuration >> 7) & 7] ?? 0);
		const due = active + cycle * this.converted;
		if (!this.hasEnded(this.startedAt, due)) return;
		const more = mode === 3 ? 0 : Math.floor((this.now - this.startedAt - due) / cycle);
		this.converted += 1 + more;
		const { temperature } = this.environmentAt(this.startedAt + due + more * cycle);
		const value = this.fault === "out of range" ? 0x7fff : toCounts(temperature, 0.0078125);
		this.registers.set(temperatureResult, value & 0xffff);
		this.configure(this.configuration | dataReady);
		if (mode === 3) this.configure((this.configuration & ~0x0c00) | 0x0400);
	}
}
