import type { Bytes } from "../../src/boards/ecma419";
import { type ChipOptions, SimulatedChip } from "./simulated-chip";

/** Trimming words (BST-BME280-DS002, section 4.2.2, table 16). */
export interface Calibration {
	readonly T: readonly [T1: number, T2: number, T3: number];
	readonly P: readonly [number, number, number, number, number, number, number, number, number];
	readonly H: readonly [H1: number, H2: number, H3: number, H4: number, H5: number, H6: number];
}

/**
 * Temperature and pressure: from the worked example in the BMP280's data sheet (BST-BMP280-DS001, section
 * 3.12). Humidity: typical of real chips, because Bosch publishes no example.
 */
export const exampleCalibration: Calibration = {
	T: [27504, 26435, -1000],
	P: [36477, -10685, 3024, 2855, 140, -7, 15500, -14600, 6000],
	H: [75, 362, 0, 331, 50, 30],
};

type Air = "temperature" | "humidity" | "pressure";

export interface BME280Options extends ChipOptions<Air> {
	readonly calibration?: Calibration;
	/** Of register `id`, default 0x60. With 0x58 it is a BMP280, without humidity. */
	readonly id?: number;
	/** It has just been powered up; default: it is ready. */
	readonly starting?: boolean;
}

/** Registers (data sheet, section 5.3, table 18). */
const id = 0xd0;
const reset = 0xe0;
const controlHumidity = 0xf2;
const status = 0xf3;
const controlMeasurement = 0xf4;
const configuration = 0xf5;
const data = 0xf7;
const dataLength = 8;

/** Data registers of a channel after the reset, or if it is skipped (sections 5.4.7 to 5.4.9). */
const skipped20 = 0x80000;
const skipped16 = 0x8000;

/** After the reset, until the trimming words are in their registers (section 1.1). */
const startUpMs = 2;
/** Standby times of normal mode (section 5.4.6, table 27). */
const standbyMs = [0.5, 62.5, 125, 250, 500, 1000, 10, 20] as const;

/**
 * Bosch BME280 or BMP280, by registers. Inverts the data sheet's compensation by a search: the raw number
 * whose compensated value is nearest to the environment.
 */
export class BME280Chip extends SimulatedChip<Air> {
	private readonly id: number;
	private readonly calibration: Calibration;
	private readonly registers = new Uint8Array(256);
	/** The next register to read. */
	private pointer = 0;
	/** Ticks of the reset, and of the last start of a forced measurement or of normal mode. */
	private resetAt = 0;
	private startedAt = 0;
	/** `ctrl_hum` takes effect with the next write to `ctrl_meas` (section 5.4.3). */
	private humidityOversampling = 0;
	/** A forced measurement whose result has not been stored yet. */
	private forced = false;
	/** The last measurement, where the next search starts. */
	private raw = { temperature: skipped20, pressure: skipped20, humidity: skipped16 };

	constructor(options: BME280Options) {
		super(options);
		this.id = options.id ?? 0x60;
		this.calibration = options.calibration ?? exampleCalibration;
		this.reset();
		if (options.starting !== true) this.resetAt -= startUpMs;
	}

	/** A brown-out: the registers keep their values, but the trimming words are damaged until the next reset. */
	brownOut(): void {
		for (let register = 0x88; register < 0xa0; register += 3)
			this.registers[register] = (this.registers[register] ?? 0) ^ 0x15;
	}

	/** Pairs of register address and value (section 6.2.1). A single byte sets the pointer. */
	protected override onWrite(bytes: Bytes): void {
		this.update();
		this.pointer = bytes[0] ?? this.pointer;
		for (let i = 0; i + 1 < bytes.length; i += 2) this.writeRegister(bytes[i] ?? 0, bytes[i + 1] ?? 0);
	}

	/** Consecutive registers from the pointer (section 6.2.2). */
	protected override onRead(into: Bytes): void {
		this.update();
		for (let i = 0; i < into.length; i++) into[i] = this.registers[(this.pointer + i) & 0xff] ?? 0;
		this.pointer = (this.pointer + into.length) & 0xff;
	}

	private get hasHumidity(): boolean {
		return this.id === 0x60;
	}

	private writeRegister(register: number, value: number): void {
		if (register === reset && value === 0xb6) this.reset();
		else if (register === controlHumidity && this.hasHumidity) this.registers[register] = value & 7;
		else if (register === configuration) this.registers[register] = value & 0xfd;
		else if (register === controlMeasurement) this.control(value);
	}

	private control(value: number): void {
		this.registers[controlMeasurement] = value;
		this.humidityOversampling = (this.registers[controlHumidity] ?? 0) & 7;
		this.startedAt = this.now;
		this.forced = (value & 3) === 1 || (value & 3) === 2;
	}

	private reset(): void {
		this.registers.fill(0);
		this.registers[id] = this.id;
		this.resetAt = this.now;
		this.forced = false;
		this.humidityOversampling = 0;
		this.writeCalibration();
		this.store(skipped20, skipped20, skipped16);
	}

	/** Brings status and data up to date. */
	private update(): void {
		const elapsed = this.now - this.startedAt;
		const duration = this.measurementMs();
		const normal = ((this.registers[controlMeasurement] ?? 0) & 3) === 3;
		let measuring = false;
		if (this.forced) {
			measuring = !this.hasEnded(this.startedAt, duration);
			if (!measuring) this.finishForced(this.startedAt + duration);
		} else if (normal) {
			const cycle = duration + (standbyMs[(this.registers[configuration] ?? 0) >> 5] ?? 0);
			const cycles = Math.floor((elapsed - duration) / cycle);
			measuring = elapsed % cycle < duration;
			if (cycles >= 0) this.measure(this.startedAt + cycles * cycle + duration);
		}
		const copying = this.now - this.resetAt < startUpMs;
		this.registers[status] = (measuring ? 0x08 : 0) | (copying ? 0x01 : 0);
	}

	/** Stores the result; the chip sleeps again (section 3.3.3). */
	private finishForced(ticks: number): void {
		this.forced = false;
		this.registers[controlMeasurement] = (this.registers[controlMeasurement] ?? 0) & 0xfc;
		this.measure(ticks);
	}

	private measure(ticks: number): void {
		const { temperature, humidity, pressure } = this.environmentAt(ticks);
		const control = this.registers[controlMeasurement] ?? 0;
		const before = this.raw;
		const rawTemperature =
			this.fault === "out of range"
				? 2 ** 20 - 1
				: nearest(
						20,
						before.temperature,
						(raw) => celsius(fineTemperature(raw, this.calibration)) - temperature,
					);
		// The other channels are compensated with the temperature as it was measured.
		const fine = fineTemperature(rawTemperature, this.calibration);
		const rawPressure = nearest(20, before.pressure, (raw) => pressure - pascal(raw, fine, this.calibration));
		const rawHumidity = nearest(
			16,
			before.humidity,
			(raw) => percent(raw, fine, this.calibration) - humidity,
		);
		this.raw = { temperature: rawTemperature, pressure: rawPressure, humidity: rawHumidity };
		this.store(
			control >> 5 === 0 ? skipped20 : rawTemperature,
			((control >> 2) & 7) === 0 ? skipped20 : rawPressure,
			this.humidityOversampling === 0 ? skipped16 : rawHumidity,
		);
	}

	/** Typical duration, milliseconds (section 9.1). */
	private measurementMs(): number {
		const control = this.registers[controlMeasurement] ?? 0;
		const temperature = 2 * oversamplingCount(control >> 5);
		const pressure =
			oversamplingCount((control >> 2) & 7) === 0 ? 0 : 2 * oversamplingCount((control >> 2) & 7) + 0.5;
		const humidity =
			oversamplingCount(this.humidityOversampling) === 0
				? 0
				: 2 * oversamplingCount(this.humidityOversampling) + 0.5;
		return 1 + temperature + pressure + humidity;
	}

	private store(temperature: number, pressure: number, humidity: number): void {
		const bytes = [
			...[pressure >> 12, pressure >> 4, pressure << 4],
			...[temperature >> 12, temperature >> 4, temperature << 4],
			...[humidity >> 8, humidity],
		];
		this.registers.set(bytes.slice(0, this.hasHumidity ? dataLength : dataLength - 2), data);
	}

	private writeCalibration(): void {
		const { T, P, H } = this.calibration;
		const view = new DataView(this.registers.buffer);
		[...T, ...P].forEach((word, index) => {
			view.setInt16(0x88 + 2 * index, word, true);
		});
		if (!this.hasHumidity) return;
		const [H1, H2, H3, H4, H5, H6] = H;
		view.setUint8(0xa1, H1);
		view.setInt16(0xe1, H2, true);
		view.setUint8(0xe3, H3);
		// Two twelve-bit words share the byte in the middle.
		view.setInt8(0xe4, H4 >> 4);
		view.setUint8(0xe5, (H4 & 15) | ((H5 & 15) << 4));
		view.setInt8(0xe6, H5 >> 4);
		view.setInt8(0xe7, H6);
	}
}

/** Number of measurements by oversampling setting: 0, 1, 2, 4, 8, 16 (section 5.4.3, table 20). */
function oversamplingCount(setting: number): number {
	return setting === 0 ? 0 : 2 ** (Math.min(setting, 5) - 1);
}

/** The raw number at which a rising `difference` is nearest to zero; the search starts at `guess`. */
export function nearest(bits: number, guess: number, difference: (raw: number) => number): number {
	const last = 2 ** bits - 1;
	let raw = guess;
	// The difference is nearly linear: a few secant steps come close to the zero, and single steps reach it.
	for (let i = 0; i < 4; i++) {
		const here = difference(raw);
		const slope = (difference(Math.min(last, raw + 64)) - here) / (Math.min(last, raw + 64) - raw || 1);
		const step = slope > 0 ? Math.round(-here / slope) : 0;
		if (step === 0) break;
		raw = Math.max(0, Math.min(last, raw + step));
	}
	while (raw < last && difference(raw) < 0) raw++;
	while (raw > 0 && difference(raw - 1) >= 0) raw--;
	return raw > 0 && Math.abs(difference(raw - 1)) < Math.abs(difference(raw)) ? raw - 1 : raw;
}

// The data sheet's compensation (appendix 8.1), written independently of the driver's, so that tests find a
// mistake in either.

function fineTemperature(raw: number, { T }: Calibration): number {
	const offset = raw / 131072 - T[0] / 8192;
	return (raw / 16384 - T[0] / 1024) * T[1] + offset * offset * T[2];
}

function celsius(fine: number): number {
	return fine / 5120;
}

function pascal(raw: number, fine: number, { P }: Calibration): number {
	const x = fine / 2 - 64000;
	const offset = (x * x * P[5]) / 131072 + (x * P[4]) / 2 + P[3] * 65536;
	const slope = (1 + ((P[2] * x * x) / 524288 + P[1] * x) / 524288 / 32768) * P[0];
	const p = ((1048576 - raw - offset / 4096) * 6250) / slope;
	return p + ((P[8] * p * p) / 2147483648 + (p * P[7]) / 32768 + P[6]) / 16;
}

function percent(raw: number, fine: number, { H }: Calibration): number {
	const x = fine - 76800;
	const slope = (H[1] / 65536) * (1 + (H[5] / 67108864) * x * (1 + (H[2] / 67108864) * x));
	const h = (raw - (H[3] * 64 + (H[4] / 16384) * x)) * slope;
	return h * (1 - (H[0] * h) / 524288);
}
