import { nearest } from "./bme280";
import { RegisterChip } from "./register-chip";
import type { ChipOptions } from "./simulated-chip";

type Air = "temperature" | "humidity" | "pressure" | "gasResistance";

/** Trimming words (Bosch's BME68x driver), typical of real chips: Bosch publishes no example. */
export const bme680Calibration = {
	T: [26_138, 26_428, 3],
	P: [37_260, -10_415, 88, 7_210, -122, 30, 35, -2_470, -2_310, 30],
	H: [794, 1021, 0, 45, 20, 120, -100],
	G: [-30, -5_969, 18],
	heaterRange: 1,
	heaterValue: 50,
	rangeError: -1,
} as const;

/** Registers (BST-BME680-DS001, section 5.2, table 20). */
const id = 0xd0;
const reset = 0xe0;
const variantRegister = 0xf0;
const gasControl1 = 0x71;
const controlHumidity = 0x72;
const controlMeasurement = 0x74;
const data = 0x1d;
const heaterDuration = 0x64;

const newData = 0x80;
const measuringBit = 0x20;

export interface BME680Options extends ChipOptions<Air> {
	/** Default BME680. */
	readonly variant?: "BME680" | "BME688";
}

/** Bosch BME680 or BME688, by registers. */
export class BME680Chip extends RegisterChip<Air> {
	private readonly isBME688: boolean;
	private registers = new Uint8Array(256);
	private startedAt: number | undefined;
	/** Its heater fails. */
	isHeaterBroken = false;

	constructor(options: BME680Options) {
		super(options);
		this.isBME688 = options.variant === "BME688";
		this.reset();
	}

	protected override readRegister(register: number): number {
		this.update();
		return this.registers[register] ?? 0;
	}

	/** Pairs of register and value. */
	protected override onWrite(bytes: Uint8Array): void {
		if (bytes.length < 2) super.onWrite(bytes);
		else for (let i = 0; i + 1 < bytes.length; i += 2) super.onWrite(bytes.slice(i, i + 2));
	}

	protected override writeRegister(register: number, value: number): void {
		this.update();
		if (register === reset && value === 0xb6) this.reset();
		else if (register >= 0x50 && register <= 0x75) this.registers[register] = value;
		if (register === controlMeasurement && (value & 3) === 1) {
			this.startedAt = this.now;
			this.registers[data] = measuringBit;
		}
	}

	private reset(): void {
		this.registers.fill(0);
		this.startedAt = undefined;
		this.registers[id] = 0x61;
		this.registers[variantRegister] = this.isBME688 ? 1 : 0;
		this.registers.set([0x80, 0, 0, 0x80, 0, 0, 0x80, 0], data + 2);
		this.writeCalibration();
	}

	private update(): void {
		const control = this.registers[controlMeasurement] ?? 0;
		if (this.startedAt === undefined) return;
		const wait = this.registers[heaterDuration] ?? 0;
		const heats = ((this.registers[gasControl1] ?? 0) & (this.isBME688 ? 0x20 : 0x10)) !== 0;
		const heatingMs = heats ? (wait & 0x3f) * 4 ** (wait >> 6) : 0;
		const durationMs = 10 + heatingMs;
		if (!this.hasEnded(this.startedAt, durationMs)) return;
		const at = this.startedAt + durationMs;
		this.startedAt = undefined;
		this.registers[controlMeasurement] = control & 0xfc;
		this.measure(at, control, heats);
	}

	private measure(at: number, control: number, heats: boolean): void {
		const { temperature, humidity, pressure, gasResistance } = this.environmentAt(at);
		const out = this.fault === "out of range";
		const rawTemperature =
			control >> 5 === 0
				? 0x80000
				: out
					? 0xfffff
					: nearest(20, 500_000, (raw) => fineTemperature(raw) / 5120 - temperature);
		const fine = fineTemperature(rawTemperature);
		const rawPressure =
			((control >> 2) & 7) === 0 ? 0x80000 : nearest(20, 400_000, (raw) => pressure - pascal(raw, fine));
		const rawHumidity =
			((this.registers[controlHumidity] ?? 0) & 7) === 0
				? 0x8000
				: nearest(16, 20_000, (raw) => percent(raw, fine / 5120) - humidity);
		const [gas, range] = heats ? this.gas(gasResistance) : [0, 0];
		const flags = heats ? 0x20 | (this.isHeaterBroken ? 0 : 0x10) : 0;
		const gasBytes = [gas >> 2, ((gas & 3) << 6) | flags | range];
		this.registers.set(
			[
				newData,
				0,
				...[rawPressure >> 12, rawPressure >> 4, (rawPressure << 4) & 0xf0],
				...[rawTemperature >> 12, rawTemperature >> 4, (rawTemperature << 4) & 0xf0],
				...[rawHumidity >> 8, rawHumidity, 0, 0, 0],
				...(this.isBME688 ? [0, 0, ...gasBytes] : [...gasBytes, 0, 0]),
			],
			data,
		);
	}

	/** The number and the range whose resistance is nearest. */
	private gas(ohms: number): readonly [gas: number, range: number] {
		for (let range = 15; range > 0; range--) {
			const gas = this.gasNumber(ohms, range);
			if (gas >= 0 && gas < 1024) return [gas, range];
		}
		return [0, 0];
	}

	/** The formulas of the data sheet for a number and a range, solved for the number. */
	private gasNumber(ohms: number, range: number): number {
		if (this.isBME688) return Math.round(((1e6 * (262_144 >> range)) / ohms - 4096) / 3 + 512);
		const [first = 0, second = 0] = [
			[0, 0, 0, 0, 0, -1, 0, -0.8, 0, 0, -0.2, -0.5, 0, -1, 0, 0][range],
			[0, 0, 0, 0, 0.1, 0.7, 0, -0.8, -0.1, 0, 0, 0, 0, 0, 0, 0][range],
		];
		const scale = (1340 + 5 * bme680Calibration.rangeError) * (1 + first / 100);
		return Math.round(512 + scale * (1 / ((1 + second / 100) * 1.25e-7 * (1 << range) * ohms) - 1));
	}

	private writeCalibration(): void {
		const { T, P, H, G, heaterRange, heaterValue, rangeError } = bme680Calibration;
		const view = new DataView(this.registers.buffer);
		const words: readonly (readonly [register: number, value: number])[] = [
			[0xe9, T[0]],
			[0x8a, T[1]],
			[0x8e, P[0]],
			[0x90, P[1]],
			[0x94, P[3]],
			[0x96, P[4]],
			[0x9c, P[7]],
			[0x9e, P[8]],
			[0xeb, G[1]],
		];
		for (const [register, value] of words) view.setInt16(register, value, true);
		const bytes: readonly (readonly [register: number, value: number])[] = [
			[0x8c, T[2]],
			[0x92, P[2]],
			[0x98, P[6]],
			[0x99, P[5]],
			[0xa0, P[9]],
			[0xe1, H[1] >> 4],
			[0xe2, ((H[1] & 15) << 4) | (H[0] & 15)],
			[0xe3, H[0] >> 4],
			[0xe4, H[2]],
			[0xe5, H[3]],
			[0xe6, H[4]],
			[0xe7, H[5]],
			[0xe8, H[6]],
			[0xed, G[0]],
			[0xee, G[2]],
			[0x00, heaterValue],
			[0x02, heaterRange << 4],
			[0x04, rangeError << 4],
		];
		for (const [register, value] of bytes) view.setInt8(register, value);
	}
}

// The compensation as in the data sheet (section 3.3), written independently of the driver's, so that tests find a
// mistake in either.

function fineTemperature(raw: number): number {
	const [T1, T2, T3] = bme680Calibration.T;
	const var1 = (raw / 16384 - T1 / 1024) * T2;
	const var2 = (raw / 131072 - T1 / 8192) * (raw / 131072 - T1 / 8192) * (T3 * 16);
	return var1 + var2;
}

function pascal(raw: number, fine: number): number {
	const [P1, P2, P3, P4, P5, P6, P7, P8, P9, P10] = bme680Calibration.P;
	let var1 = fine / 2 - 64000;
	let var2 = var1 * var1 * (P6 / 131072);
	var2 += var1 * P5 * 2;
	var2 = var2 / 4 + P4 * 65536;
	var1 = ((P3 * var1 * var1) / 16384 + P2 * var1) / 524288;
	var1 = (1 + var1 / 32768) * P1;
	const p = ((1048576 - raw - var2 / 4096) * 6250) / var1;
	const var3 = (p / 256) * (p / 256) * (p / 256) * (P10 / 131072);
	return p + ((P9 * p * p) / 2147483648 + p * (P8 / 32768) + var3 + P7 * 128) / 16;
}

function percent(raw: number, celsius: number): number {
	const [H1, H2, H3, H4, H5, H6, H7] = bme680Calibration.H;
	const var1 = raw - (H1 * 16 + (H3 / 2) * celsius);
	const var2 = var1 * ((H2 / 262144) * (1 + (H4 / 16384) * celsius + (H5 / 1048576) * celsius * celsius));
	return var2 + (H6 / 16384 + (H7 / 2097152) * celsius) * var2 * var2;
}
