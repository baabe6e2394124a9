import type { I2CBus, SMBus } from "../boards/ecma419";
import { SensorError } from "./sensor-error";

/** Options of the Sensor Class Pattern (ECMA-419): the bus as a provider, with the chip's address. */
export interface BME280Options {
	readonly sensor: I2CBus & { readonly address: number };
}

/** Measurements that are averaged for one value. More take longer and are less noisy (data sheet, section 3.4). */
export type Oversampling = 1 | 2 | 4 | 8 | 16;

export interface BME280Configuration {
	readonly temperature?: Oversampling;
	readonly humidity?: Oversampling;
	readonly pressure?: Oversampling;
}

/** A sample, by the names and units that ECMA-419 gives such sensors. */
export interface BME280Sample {
	/** Degrees Celsius. */
	readonly thermometer: { readonly temperature: number };
	/** Relative humidity, percent. */
	readonly hygrometer: { readonly humidity: number };
	/** Pascal. */
	readonly barometer: { readonly pressure: number };
}

/** The addresses that its pin SDO can give it (section 6.2). */
export const addresses: readonly number[] = Object.freeze([0x76, 0x77]);

/** Registers (BST-BME280-DS002, section 5.3, table 18). */
const register = Object.freeze({
	calibration1: 0x88,
	H1: 0xa1,
	id: 0xd0,
	reset: 0xe0,
	calibration2: 0xe1,
	controlHumidity: 0xf2,
	status: 0xf3,
	controlMeasurement: 0xf4,
	configuration: 0xf5,
	data: 0xf7,
});

/** What register `id` tells the chips of this family apart by. */
export const chipId = Object.freeze({ BME280: 0x60, BMP280: 0x58, BME680: 0x61 });

const forcedMode = 1;
const statusMeasuring = 0x08;

/** Data registers of a channel that was not measured (section 5.4.7 to 5.4.9). */
const skipped20 = 0x80000;
const skipped16 = 0x8000;

/** What the chip is made for (section 1, tables 2 to 4): outside of it, something else than the air was measured. */
const range = Object.freeze({
	temperature: [-40, 85],
	humidity: [0, 100],
	pressure: [30_000, 110_000],
} as const);

/**
 * Bosch BME280: temperature, humidity and pressure. Measures on demand (forced mode, the filter off, as section 3.5.1
 * recommends for weather) and sleeps in between.
 */
export class BME280 {
	readonly #name: string;
	readonly #bus: SMBus;
	readonly #calibration: Calibration;
	#oversampling: Required<BME280Configuration> = { temperature: 1, humidity: 1, pressure: 1 };
	#started = false;

	/** Throws a {@link SensorError} when there is no BME280 at the address. */
	constructor({ sensor }: BME280Options) {
		this.#name = `BME280 at 0x${sensor.address.toString(16)}`;
		this.#bus = new sensor.io(sensor);
		try {
			this.#calibration = this.#transfer(() => this.#identify());
		} catch (error) {
			this.#bus.close();
			throw error;
		}
	}

	configure(options: BME280Configuration): void {
		this.#oversampling = { ...this.#oversampling, ...options };
	}

	/** Starts a measurement; returns the milliseconds after which {@link sample} has it for certain (section 9.1). */
	start(): number {
		const { temperature, humidity, pressure } = this.#oversampling;
		this.#transfer(() => {
			// The setting for humidity comes into effect with the write to ctrl_meas (section 5.4.3).
			this.#bus.writeUint8(register.controlHumidity, setting(humidity));
			this.#bus.writeUint8(
				register.controlMeasurement,
				(setting(temperature) << 5) | (setting(pressure) << 2) | forcedMode,
			);
		});
		this.#started = true;
		return 1.25 + 2.3 * temperature + (2.3 * pressure + 0.575) + (2.3 * humidity + 0.575);
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	sample(): BME280Sample | undefined {
		if (!this.#started) return undefined;
		const data = new Uint8Array(8);
		const busy = this.#transfer(() => {
			if ((this.#bus.readUint8(register.status) & statusMeasuring) !== 0) return true;
			this.#bus.readBuffer(register.data, data);
			return false;
		});
		if (busy) return undefined;
		this.#started = false;
		return this.#compensate(data);
	}

	close(): void {
		this.#bus.close();
	}

	#identify(): Calibration {
		const id = this.#bus.readUint8(register.id);
		if (id !== chipId.BME280)
			throw new SensorError(this.#name, `another chip answers there (id 0x${id.toString(16)}, not 0x60).`);
		const first = new Uint8Array(24);
		const second = new Uint8Array(7);
		this.#bus.readBuffer(register.calibration1, first);
		const H1 = this.#bus.readUint8(register.H1);
		this.#bus.readBuffer(register.calibration2, second);
		const calibration = readCalibration(first, H1, second);
		// The compensation divides by T1's and P1's terms, and no chip leaves the factory without them.
		if (calibration.T[0] === 0 || calibration.P[0] === 0)
			throw new SensorError(this.#name, "its calibration cannot be read. Check its wiring and supply.");
		return calibration;
	}

	#compensate(data: Uint8Array): BME280Sample {
		const pressure20 = raw20(data, 0);
		const temperature20 = raw20(data, 3);
		const humidity16 = ((data[6] ?? 0) << 8) | (data[7] ?? 0);
		// It was reset under our hands: a glitch of its supply, or somebody plugged it in again. Each of these numbers
		// alone is also a measurement.
		if (temperature20 === skipped20 && pressure20 === skipped20 && humidity16 === skipped16)
			throw new SensorError(this.#name, "it lost its measurement. Check its supply and wiring.");
		const fine = fineTemperature(temperature20, this.#calibration);
		return {
			thermometer: { temperature: this.#within("temperature", fine / 5120) },
			hygrometer: { humidity: relativeHumidity(humidity16, fine, this.#calibration) },
			barometer: { pressure: this.#within("pressure", pascal(pressure20, fine, this.#calibration)) },
		};
	}

	#within(quantity: "temperature" | "pressure", value: number): number {
		const [least, most] = range[quantity];
		if (value >= least && value <= most) return value;
		throw new SensorError(
			this.#name,
			`it reports a ${quantity} that it cannot measure. Check its wiring and supply.`,
		);
	}

	/** A transfer that fails tells nothing but that it failed. */
	#transfer<T>(action: () => T): T {
		try {
			return action();
		} catch (error) {
			if (error instanceof SensorError) throw error;
			throw new SensorError(this.#name, "it does not answer. Check its wiring and address.");
		}
	}
}

/** The setting for 1, 2, 4, 8 or 16 measurements (section 5.4.3, table 20). */
function setting(oversampling: Oversampling): number {
	return Math.log2(oversampling) + 1;
}

function raw20(data: Uint8Array, offset: number): number {
	return ((data[offset] ?? 0) << 12) | ((data[offset + 1] ?? 0) << 4) | ((data[offset + 2] ?? 0) >> 4);
}

/** The compensation words (section 4.2.2, table 16). */
export interface Calibration {
	readonly T: readonly [number, number, number];
	readonly P: readonly [number, number, number, number, number, number, number, number, number];
	readonly H: readonly [number, number, number, number, number, number];
}

/** `first`: registers 0x88 … 0x9F; `second`: 0xE1 … 0xE7. */
function readCalibration(first: Uint8Array, H1: number, second: Uint8Array): Calibration {
	const one = new DataView(first.buffer);
	const two = new DataView(second.buffer);
	const signed = (word: number) => one.getInt16(2 * word, true);
	const unsigned = (word: number) => one.getUint16(2 * word, true);
	const shared = two.getUint8(4);
	return {
		T: [unsigned(0), signed(1), signed(2)],
		P: [
			unsigned(3),
			signed(4),
			signed(5),
			signed(6),
			signed(7),
			signed(8),
			signed(9),
			signed(10),
			signed(11),
		],
		H: [
			H1,
			two.getInt16(0, true),
			two.getUint8(2),
			two.getInt8(3) * 16 + (shared & 15),
			two.getInt8(5) * 16 + (shared >> 4),
			two.getInt8(6),
		],
	};
}

// The compensation in double precision (appendix 8.1). The integer form for pressure needs 64 bits, and a BigInt costs
// far more on the chip than the forty floating-point operations here; a JavaScript number is a double anyway.

/** The temperature as the other two need it; 5120 of it are one degree Celsius. */
export function fineTemperature(raw: number, { T: [T1, T2, T3] }: Calibration): number {
	const var1 = (raw / 16384 - T1 / 1024) * T2;
	const var2 = (raw / 131072 - T1 / 8192) ** 2 * T3;
	return var1 + var2;
}

/** Pressure in pascal. */
export function pascal(raw: number, fine: number, { P }: Calibration): number {
	const [P1, P2, P3, P4, P5, P6, P7, P8, P9] = P;
	let var1 = fine / 2 - 64000;
	let var2 = (var1 * var1 * P6) / 32768;
	var2 = var2 + var1 * P5 * 2;
	var2 = var2 / 4 + P4 * 65536;
	var1 = ((P3 * var1 * var1) / 524288 + P2 * var1) / 524288;
	var1 = (1 + var1 / 32768) * P1;
	let pressure = 1048576 - raw;
	pressure = ((pressure - var2 / 4096) * 6250) / var1;
	var1 = (P9 * pressure * pressure) / 2147483648;
	var2 = (pressure * P8) / 32768;
	return pressure + (var1 + var2 + P7) / 16;
}

/** Relative humidity in percent, cut to 0 … 100 as the data sheet does. */
export function relativeHumidity(raw: number, fine: number, { H }: Calibration): number {
	const [H1, H2, H3, H4, H5, H6] = H;
	const var1 = fine - 76800;
	let humidity = raw - (H4 * 64 + (H5 / 16384) * var1);
	humidity *= (H2 / 65536) * (1 + (H6 / 67108864) * var1 * (1 + (H3 / 67108864) * var1));
	humidity *= 1 - (H1 * humidity) / 524288;
	return Math.min(range.humidity[1], Math.max(range.humidity[0], humidity));
}
