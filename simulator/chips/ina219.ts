import type { ChipOptions } from "./simulated-chip";
import { TIChip, toCounts } from "./ti-chip";

type Supply = "voltage" | "current";

/** Registers (SBOS448G, section 8.6, table 2). */
const register = { configuration: 0, shunt: 1, bus: 2, power: 3, current: 4, calibration: 5 } as const;

const resetConfiguration = 0x399f;
const reset = 0x8000;
const conversionReady = 0x0002;
const overflow = 0x0001;

/** Duration of a conversion with 9 to 12 bits, by the lower two bits ("ADC Settings"). */
const conversionMs = [0.084, 0.148, 0.276, 0.532] as const;

export interface INA219Options extends ChipOptions<Supply> {
	/** Default 0.1. */
	readonly shuntOhms?: number;
}

/** Texas Instruments INA219, by registers. */
export class INA219Chip extends TIChip<Supply> {
	private readonly shuntOhms: number;
	private configuration = resetConfiguration;
	private calibration = 0;
	private startedAt: number;
	/** Results of the last conversion. */
	private shuntSteps = 0;
	private busSteps = 0;
	private ready = false;
	/** Since the configuration was written. */
	private conversionsDone = 0;
	/** A triggered conversion is in progress, or it converts continuously. */
	private running = true;

	constructor(options: INA219Options) {
		super(options);
		this.shuntOhms = options.shuntOhms ?? 0.1;
		this.startedAt = this.now;
	}

	protected override readRegister(at: number): number {
		this.update();
		const current = Math.trunc((this.shuntSteps * this.calibration) / 4096);
		const power = Math.abs(Math.trunc((current * this.busSteps) / 5000));
		if (at === register.configuration) return this.configuration;
		if (at === register.shunt) return this.shuntSteps & 0xffff;
		if (at === register.bus) return (this.busSteps << 3) | this.flags(current, power);
		if (at === register.current) return current & 0xffff;
		if (at === register.calibration) return this.calibration;
		if (at !== register.power) return 0;
		this.ready = false;
		return power & 0xffff;
	}

	protected override writeRegister(at: number, value: number): void {
		this.update();
		// The last bit cannot be written (section 8.6.4.1).
		if (at === register.calibration) this.calibration = value & 0xfffe;
		if (at !== register.configuration) return;
		if ((value & reset) !== 0) this.calibration = 0;
		this.configuration = (value & reset) !== 0 ? resetConfiguration : value & 0x3fff;
		const mode = this.configuration & 7;
		this.running = mode !== 0 && mode !== 4;
		if (this.running) this.ready = false;
		this.startedAt = this.now;
		this.conversionsDone = 0;
	}

	private flags(current: number, power: number): number {
		return (this.ready ? conversionReady : 0) | (Math.abs(current) > 0x7fff || power > 0xffff ? overflow : 0);
	}

	private update(): void {
		const duration =
			this.conversionMsOf(this.configuration >> 7) + this.conversionMsOf(this.configuration >> 3);
		if (!this.running || !this.hasEnded(this.startedAt, duration)) return;
		const continuous = (this.configuration & 4) !== 0;
		const count = continuous ? Math.floor((this.now - this.startedAt) / duration) : 1;
		if (count === this.conversionsDone) return;
		this.conversionsDone = count;
		this.measure(this.startedAt + count * duration);
		this.ready = true;
		this.running = continuous;
	}

	private measure(ticks: number): void {
		const { voltage, current } = this.environmentAt(ticks);
		const out = this.fault === "out of range";
		const mode = this.configuration & 3;
		// ±40 mV, doubled by each step of the gain ("PG Bit Settings").
		const maxShuntCounts = 4000 << ((this.configuration >> 11) & 3);
		const maxBusCounts = (this.configuration & 0x2000) !== 0 ? 8000 : 4000;
		const shunt = out ? maxShuntCounts : toCounts(current * this.shuntOhms, 10e-6);
		if ((mode & 1) !== 0) this.shuntSteps = Math.min(maxShuntCounts, Math.max(-maxShuntCounts, shunt));
		if ((mode & 2) !== 0) this.busSteps = Math.min(maxBusCounts, Math.max(0, toCounts(voltage, 0.004)));
	}

	/** By the four bits of a converter: 9 to 12 bits, or the mean of 2 to 128 conversions ("ADC Settings"). */
	private conversionMsOf(bits: number): number {
		if ((bits & 8) === 0) return conversionMs[bits & 3] ?? 0;
		return 0.532 * 2 ** (bits & 7);
	}
}
