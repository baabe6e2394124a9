import type { Field, Value } from "../../reading/reading";
import type { InputSettings } from "../../settings/input-settings";
import type { I2CDevice } from "./i2c-device";

/**
 * How a sensor is recognized and measured: a plain object without state of its own. What it must remember is
 * the state that `open` returns; the caller keeps it, together with the device. The caller resets and opens a
 * sensor before its first measurement and again after each failure. For a measurement it calls `start`, then
 * `proceed` until that returns 0, then `read` once. Every method may throw a `SensorError`; the measurement of a
 * sensor that was open before is then repeated once, after a reset.
 */
export interface Driver<State = void, Device extends SensorDevice = I2CDevice> {
	/** For logs, settings and persisted names: `BH1750`. */
	readonly name: string;
	/** Seven-bit I2C addresses, in the order in which they are probed; none on other buses. */
	readonly addresses: readonly number[];
	/** What it measures, in the order of its values. */
	readonly fields: readonly SensorField[];
	/**
	 * Whether the device is this chip: by its id, by an answer with a valid checksum, or by what no other chip
	 * at that address answers. Must not change the state of any other chip. May throw: then it is not this
	 * chip. Left out where the settings say what is connected.
	 */
	matches?(device: Device): boolean;
	/**
	 * The chip acknowledges a read of any register in any state, and {@link matches} begins with one: where one such driver
	 * gets no answer, the others are not tried. For drivers that share their addresses.
	 */
	readonly hasRegisters?: true;
	/**
	 * The chip's own reset, before {@link open}: step 0 sends it, later steps wait until the chip is ready. Returns the
	 * milliseconds until the next step; 0: ready. Must not harm another chip. Left out if the chip has none, or only the
	 * general call, which resets all chips on the bus.
	 */
	reset?(device: Device, step: number, reason: OpenReason): number;
	/** Brings the chip to a known state, whatever it did before. */
	open?(device: Device, options: SensorOptions): State;
	/** Starts a measurement. Returns the milliseconds until {@link proceed}, or {@link read}, may be called. */
	start(device: Device, state: State): number;
	/** The next step of a measurement with several. Returns the milliseconds until the next call; 0: done. */
	proceed?(device: Device, state: State): number;
	/**
	 * The values of the measurement, in the order and the units of the fields; `undefined` for a value that was
	 * not measured, and instead of the array as long as the measurement has not ended.
	 */
	read(device: Device, state: State): readonly Value[] | undefined;
}

/** A driver with any device and state. */
export type AnyDriver = Driver<unknown, SensorDevice>;

/** What a driver measures with: a chip on a bus, or a pin. */
export interface SensorDevice {
	/** May be called twice. */
	close(): void;
}

/** How several values of a field become one for a reading. */
export type Aggregation =
	/** A measured quantity: mean, minimum and maximum. */
	| "mean"
	/** A count since the previous value: the sum. */
	| "sum"
	/** A state, or a count that only grows: the newest value. */
	| "last";

/** A field as its sensor measures it. */
export interface SensorField extends Field {
	/** Default: `mean`. */
	readonly aggregation?: Aggregation;
	/** What the sensor can measure, in the unit of the field. A value outside is an error. Both or neither. */
	readonly min?: number;
	readonly max?: number;
}

/** Why a sensor is opened: at the first start of a boot, after a deep sleep of the board, or after a failure. */
export type OpenReason = "boot" | "wake" | "failure";

/** What the other sensors of the board have measured last; `undefined`: none measures it. */
export interface Surroundings {
	/** Degrees Celsius. */
	readonly temperature: number | undefined;
	/** Percent. */
	readonly humidity: number | undefined;
	/** Hectopascal. */
	readonly pressure: number | undefined;
}

export interface Recalibration {
	readonly ppm: number;
	isDone(): boolean;
	/** To call after success, so that it is not repeated. */
	onDone(): void;
}

/** How a sensor is connected and used. */
export interface SensorOptions {
	/** Milliseconds from one measurement to the next: a sensor may rest in between. */
	readonly intervalMs?: number;
	/** The board sleeps between measurements, so each is the first after `open`. */
	readonly onBattery?: boolean;
	/** INA219, INA226, INA228: ohms of the shunt resistor; default 0.1. */
	readonly shuntOhms?: number;
	/** ADS1115: maximum voltage at an input; default 4.096. */
	readonly rangeVolts?: number;
	/** SCD4x: how much it is warmer than the air, degrees Celsius; default 4. */
	readonly temperatureOffset?: number;
	/** SCD4x: whether it calibrates itself; default true. */
	readonly selfCalibration?: boolean;
	/** SCD4x: the concentration at which it is now, for a forced recalibration. */
	readonly recalibration?: Recalibration;
	/** Of the board above sea level. */
	readonly altitudeMetres?: number;
	/** Of the moment. */
	surroundings?(): Surroundings;
}

/** A sensor that detection has found, or an input from the settings. */
export interface Candidate {
	/** Unique and stable: `BME280 at 0x76`. A key in the settings and in the persisted names. */
	readonly sensor: string;
	/** One sensor at a time can be in a place: `I2C 118`. */
	readonly place: string;
	/** Orders the sensors; the same on each boot. */
	readonly sortKey: string;
	/** On the I2C bus, whose lines it shares with others. */
	readonly onI2C?: true;
	/** Its fields have the names from the settings; none are assigned. */
	readonly hasUserNames?: true;
	/** Of an input: its settings. */
	readonly input?: InputSettings;
	readonly driver: AnyDriver;
	readonly options: SensorOptions;
	/** The device for the driver. Throws a `SensorError`, or what the platform throws. */
	connect(): SensorDevice;
}

// Quantities have the same name, unit and decimals whatever chip measures them. A driver with another
// resolution has a field of its own.

export const temperature: Field = Object.freeze({ name: "temperature", unit: "celsius", decimals: 2 });
export const humidity: Field = Object.freeze({ name: "humidity", unit: "percent", decimals: 1 });
export const pressure: Field = Object.freeze({ name: "pressure", unit: "hPa", decimals: 2 });
export const co2: Field = Object.freeze({ name: "co2", unit: "ppm", decimals: 0 });
/** Of a battery gauge: its value is sent as `metadata.batteryLevel`, too. */
export const batteryCharge: Field = Object.freeze({ name: "battery_level", unit: "percent", decimals: 1 });
export const uvIndex: Field = Object.freeze({ name: "uv_index", unit: "", decimals: 1 });
export const illuminance: Field = Object.freeze({ name: "illuminance", unit: "lux", decimals: 1 });
export const voltage: Field = Object.freeze({ name: "voltage", unit: "volt", decimals: 3 });
export const current: Field = Object.freeze({ name: "current", unit: "milliampere", decimals: 1 });

/** Of particulate matter: `pm2_5` for particles up to 2.5 micrometres. */
export function massField(name: string): SensorField {
	return Object.freeze({ name, unit: "µg/m³", decimals: 1, min: 0, max: 10_000 });
}
