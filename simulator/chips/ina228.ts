import type { Bytes } from "../../src/boards/ecma419";
import { type ChipOptions, SimulatedChip } from "./simulated-chip";

type Supply = "voltage" | "current";

/** Registers (SLYS021A, table 7-3). */
const register = { configuration: 0, adc: 1, shunt: 4, bus: 5, temperature: 6, diagnosis: 0x0b } as const;
const ids: Readonly<Record<number, number>> = { 62: 0x5449, 63: 0x2281 };
/** Of those with three bytes. */
const wide: readonly number[] = [register.shunt, register.bus];
const conversionMs = [0.05, 0.084, 0.15, 0.28, 0.54, 1.052, 2.074, 4.12] as const;
const averages = [1, 4, 16, 64, 128, 256, 512, 1024] as const;
const conversionReady = 0x0002;
const resetAdc = 0xfb68;

/** The resistor between its inputs. */
const shuntOhms = 0.1;

/** Texas Instruments INA228, by registers. */
export class INA228Chip extends SimulatedChip<Supply> {
	private pointer = 0;
	private registers = new Map<number, number>([[register.adc, resetAdc]]);
	private startedAt: number;
	private running = true;
	private isReady = false;

	constructor(options: ChipOptions<Supply>) {
		super(options);
		this.startedAt = this.now;
	}

	protected override onWrite(bytes: Bytes): void {
		this.update();
		const [pointer = 0, high, low] = bytes;
		this.pointer = pointer;
		if (high === undefined || low === undefined) return;
		const value = (high << 8) | low;
		if (pointer === register.configuration && (value & 0x8000) !== 0) {
			this.registers = new Map([[register.adc, resetAdc]]);
			this.restart();
		} else if (pointer === register.configuration) this.registers.set(pointer, value & 0x3ff0);
		else if (pointer === register.adc) {
			this.registers.set(pointer, value);
			this.restart();
		} else if (!wide.includes(pointer) && pointer < 0x12 && pointer !== register.diagnosis)
			this.registers.set(pointer, value);
	}

	protected override onRead(into: Bytes): void {
		this.update();
		const bytes = wide.includes(this.pointer) ? 3 : 2;
		const value =
			this.pointer === register.diagnosis ? (this.isReady ? conversionReady : 0) | 1 : this.value();
		if (this.pointer === register.diagnosis) this.isReady = false;
		for (let i = 0; i < into.length; i++) into[i] = (value >> (8 * (bytes - 1 - (i % bytes)))) & 0xff;
	}

	private value(): number {
		return ids[this.pointer] ?? this.registers.get(this.pointer) ?? 0;
	}

	private restart(): void {
		this.startedAt = this.now;
		this.isReady = false;
		this.running = ((this.registers.get(register.adc) ?? 0) >> 12) % 8 !== 0;
	}

	/** Modes 1 to 7 convert once what their bits name (bus, shunt, temperature), 9 to 15 again and again. */
	private update(): void {
		const settings = this.registers.get(register.adc) ?? 0;
		const mode = settings >> 12;
		const times = [9, 6, 3].map((shift, bit) =>
			(mode & (1 << bit)) === 0 ? 0 : (conversionMs[(settings >> shift) & 7] ?? 0),
		);
		const duration = times.reduce<number>((sum, each) => sum + each, 0) * (averages[settings & 7] ?? 1);
		if (!this.running || !this.hasEnded(this.startedAt, duration)) return;
		const continuous = mode > 8;
		this.startedAt += (continuous ? Math.floor((this.now - this.startedAt) / duration) : 1) * duration;
		this.running = continuous;
		this.isReady = true;
		const { voltage, current } = this.environmentAt(this.startedAt);
		const narrow = ((this.registers.get(register.configuration) ?? 0) & 0x10) !== 0;
		const step = narrow ? 78.125e-9 : 312.5e-9;
		const counts = (value: number) => Math.min(0x7ffff, Math.max(-0x80000, Math.round(value)));
		if ((mode & 1) !== 0) this.registers.set(register.bus, counts(voltage / 195.3125e-6) << 4);
		if ((mode & 2) !== 0)
			this.registers.set(
				register.shunt,
				(this.fault === "out of range" ? 0x7ffff : counts((current * shuntOhms) / step)) << 4,
			);
	}
}
