import type { ChipOptions } from "./simulated-chip";
import { TIChip, toCounts } from "./ti-chip";

type Supply = "voltage" | "current";

/** Registers (SBOS547A, table 2). */
const register = {
	configuration: 0,
	shunt: 1,
	bus: 2,
	power: 3,
	current: 4,
	calibration: 5,
	mask: 6,
	limit: 7,
} as const;
const ids: Readonly<Record<number, number>> = { 254: 0x5449, 255: 0x2260 };
const resetConfiguration = 0x4127;
const conversionReady = 0x0008;
const conversionMs = [0.14, 0.204, 0.332, 0.588, 1.1, 2.116, 4.156, 8.244] as const;
const averages = [1, 4, 16, 64, 128, 256, 512, 1024] as const;

/** The resistor between its inputs. */
const shuntOhms = 0.1;

/** Texas Instruments INA226, by registers. */
export class INA226Chip extends TIChip<Supply> {
	private registers: number[] = [resetConfiguration, 0, 0, 0, 0, 0, 0, 0];
	private startedAt: number;
	private running = true;

	constructor(options: ChipOptions<Supply>) {
		super(options);
		this.startedAt = this.now;
	}

	protected override readRegister(at: number): number {
		this.update();
		const value = ids[at] ?? this.registers[at] ?? 0;
		if (at === register.mask) this.registers[register.mask] = value & ~conversionReady;
		return value & 0xffff;
	}

	protected override writeRegister(at: number, value: number): void {
		this.update();
		if (at === register.calibration || at === register.limit) this.registers[at] = value & 0x7fff;
		if (at === register.mask) this.registers[at] = value & 0xfc03;
		if (at !== register.configuration) return;
		if ((value & 0x8000) !== 0) this.registers = [resetConfiguration, 0, 0, 0, 0, 0, 0, 0];
		else this.registers[register.configuration] = 0x4000 | (value & 0x0fff);
		const mode = (this.registers[register.configuration] ?? 0) & 7;
		this.running = (mode & 3) !== 0;
		this.registers[register.mask] = (this.registers[register.mask] ?? 0) & ~conversionReady;
		this.startedAt = this.now;
	}

	private update(): void {
		const settings = this.registers[register.configuration] ?? 0;
		const [bus, shunt] = [(settings & 2) !== 0, (settings & 1) !== 0];
		const each =
			(bus ? (conversionMs[(settings >> 6) & 7] ?? 0) : 0) +
			(shunt ? (conversionMs[(settings >> 3) & 7] ?? 0) : 0);
		const duration = each * (averages[(settings >> 9) & 7] ?? 1);
		if (!this.running || !this.hasEnded(this.startedAt, duration)) return;
		const continuous = (settings & 4) !== 0;
		const count = continuous ? Math.floor((this.now - this.startedAt) / duration) : 1;
		this.startedAt += count * duration;
		this.running = continuous;
		const { voltage, current } = this.environmentAt(this.startedAt);
		const out = this.fault === "out of range";
		if (shunt) this.registers[register.shunt] = out ? 0x7fff : toCounts(current * shuntOhms, 2.5e-6);
		if (bus) this.registers[register.bus] = Math.max(0, toCounts(voltage, 0.00125));
		this.registers[register.mask] = (this.registers[register.mask] ?? 0) | conversionReady;
	}
}
