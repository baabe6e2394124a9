import {
	type BME280HumidityCalibration,
	type BMx280Calibration,
	compensateHumidity,
	compensatePressure,
	fineTemperature,
	parseCalibration,
	parseHumidityCalibration,
} from "./bmx280-compensation";
import { ChipDriver } from "./chip-driver";
import type { Barometer, Hygrometer, Thermometer } from "./ecma419-samples";
import { type I2CDeviceOptions, uint16 } from "./i2c-device";

/** Measurements that are averaged for one value. More take longer and are less noisy (data sheet, section 3.4). */
export type Oversampling = 1 | 2 | 4 | 8 | 16;

export interface BMx280Configuration {
	readonly temperature?: Oversampling;
	/** Of the BME280 alone. */
	readonly humidity?: Oversampling;
	readonly pressure?: Oversampling;
}

/** The addresses that its pin SDO can give a chip of this family (BME280: section 6.2; BMP280: section 5.2). */
export const bmx280Addresses: readonly number[] = Object.freeze([0x76, 0x77]);

/** What register `id` tells the chips of this family apart by; a BMP280 of the first samples says 0x56 or 0x57. */
export const boschChipId = Object.freeze({ BME280: 0x60, BMP280: 0x58, BME680: 0x61 });

/** Where it is, in every one of them. */
export const boschIdRegister = 0xd0;

/** Registers (BST-BME280-DS002, section 5.3, table 18; BST-BMP280-DS001, section 4.2, table 18). */
const register = Object.freeze({
	calibration: 0x88,
	H1: 0xa1,
	humidityCalibration: 0xe1,
	controlHumidity: 0xf2,
	status: 0xf3,
	controlMeasurement: 0xf4,
	configuration: 0xf5,
	data: 0xf7,
});

/**
 * The filter off (section 5.4.6, table 28); and a standby time that forced mode has no use for, by which the chip that
 * was set up is known: one that has just got its supply has none.
 */
const markerConfiguration = 0xa0;
const sleepMode = 0;
const forcedMode = 1;
const statusMeasuring = 0x08;
const statusCopying = 0x01;

/** Data registers of a channel that was not measured (section 5.4.7 to 5.4.9). */
const skipped20 = 0x80000;
const skipped16 = 0x8000;

/**
 * What the chips are made for (section 1, tables 2 to 4): outside of it, something else than the air was measured. A
 * little beyond it is rounding.
 */
const temperatureRangeC = Object.freeze([-40.1, 85.1] as const);
const pressureRangePa = Object.freeze([29_990, 110_010] as const);

/** What tells the members of the family apart. */
export interface BMx280Variant {
	readonly name: string;
	/** The first is what the data sheet has. */
	readonly ids: readonly [number, ...number[]];
	readonly humidity: boolean;
}

/**
 * What Bosch's BME280 and BMP280 share. Measures on demand (forced mode, the filter off, as section 3.5.1 recommends for
 * weather) and sleeps in between.
 */
export abstract class BMx280<Sample> extends ChipDriver<Sample> {
	private readonly variant: BMx280Variant;
	private calibration: BMx280Calibration;
	/** The BME280's. */
	private humidityCalibration: BME280HumidityCalibration | undefined;
	private oversampling: Required<BMx280Configuration> = { temperature: 1, humidity: 1, pressure: 1 };
	private started = false;

	/** Throws a `SensorError` when there is no such chip at the address. */
	constructor(options: I2CDeviceOptions, member: BMx280Variant) {
		super(member.name, options);
		this.variant = member;
		this.calibration = this.chip.closeOnError(() => this.initialise());
		this.humidityCalibration = member.humidity
			? this.chip.closeOnError(() => this.readHumidityCalibration())
			: undefined;
	}

	override configure(options: BMx280Configuration): void {
		this.oversampling = { ...this.oversampling, ...options };
	}

	/** Starts a measurement; returns the milliseconds after which it has ended for certain (section 9.1). */
	override start(): number {
		const { temperature, humidity, pressure } = this.oversampling;
		// Another one of its kind may have been plugged in since, and each has a calibration of its own.
		// mutation: detect-sensor-swap
		if (this.chip.readUint8(register.configuration) !== markerConfiguration) {
			this.calibration = this.initialise();
			if (this.variant.humidity) this.humidityCalibration = this.readHumidityCalibration();
		}
		const hygrometer = this.humidityCalibration === undefined ? 0 : 2.3 * humidity + 0.575;
		// The setting for humidity comes into effect with the write to ctrl_meas (section 5.4.3).
		if (hygrometer > 0) this.chip.writeUint8(register.controlHumidity, oversamplingCode(humidity));
		this.chip.writeUint8(
			register.controlMeasurement,
			(oversamplingCode(temperature) << 5) | (oversamplingCode(pressure) << 2) | forcedMode,
		);
		this.started = true;
		return 1.25 + 2.3 * temperature + (2.3 * pressure + 0.575) + hygrometer;
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	protected readMeasurement(): (Thermometer & Barometer & Partial<Hygrometer>) | undefined {
		if (!this.started || (this.chip.readUint8(register.status) & statusMeasuring) !== 0) return undefined;
		const data = this.chip.readRegisters(register.data, this.humidityCalibration === undefined ? 6 : 8);
		this.started = false;
		return this.compensate(data);
	}

	/** Whatever it did before, it is idle and does not filter; returns its calibration. */
	private initialise(): BMx280Calibration {
		this.checkId(this.variant.ids);
		this.chip.writeUint8(register.controlMeasurement, sleepMode);
		this.chip.writeUint8(register.configuration, markerConfiguration);
		return this.readCalibration();
	}

	private checkId(ids: BMx280Variant["ids"]): void {
		const id = this.chip.readUint8(boschIdRegister);
		if (!ids.includes(id))
			throw this.chip.error(`another chip answers there (id ${hex(id)}, not ${hex(ids[0])}).`);
		if ((this.chip.readUint8(register.status) & statusCopying) !== 0)
			throw this.chip.error("it has just been switched on, and is not ready yet.");
	}

	private readCalibration(): BMx280Calibration {
		const calibration = parseCalibration(this.chip.readRegisters(register.calibration, 24));
		// The compensation divides by T1's and P1's terms, and no chip leaves the factory without them.
		if (calibration.T[0] === 0 || calibration.P[0] === 0)
			throw this.chip.error("its calibration cannot be read. Check its wiring and supply.");
		return calibration;
	}

	private readHumidityCalibration(): BME280HumidityCalibration {
		const H1 = this.chip.readUint8(register.H1);
		return parseHumidityCalibration(H1, this.chip.readRegisters(register.humidityCalibration, 7));
	}

	private compensate(data: Uint8Array): Thermometer & Barometer & Partial<Hygrometer> {
		const chip = this.chip;
		const calibration = this.calibration;
		const pressure20 = uint20(data, 0);
		const temperature20 = uint20(data, 3);
		const humidity16 = this.humidityCalibration === undefined ? skipped16 : uint16(data, 6);
		// It was reset under our hands: a glitch of its supply, or somebody plugged it in again. Each of these numbers
		// alone is also a measurement.
		if (temperature20 === skipped20 && pressure20 === skipped20 && humidity16 === skipped16)
			throw chip.error("it lost its measurement. Check its supply and wiring.");
		const fine = fineTemperature(temperature20, calibration);
		const temperature = chip.checkRange("temperature", fine / 5120, temperatureRangeC);
		const pressure = chip.checkRange(
			"pressure",
			compensatePressure(pressure20, fine, calibration),
			pressureRangePa,
		);
		const sample = { thermometer: { temperature }, barometer: { pressure } };
		if (this.humidityCalibration === undefined) return sample;
		return {
			...sample,
			hygrometer: { humidity: compensateHumidity(humidity16, fine, this.humidityCalibration) },
		};
	}
}

/** The setting for 1, 2, 4, 8 or 16 measurements (section 5.4.3, table 20). */
function oversamplingCode(oversampling: Oversampling): number {
	return Math.log2(oversampling) + 1;
}

function uint20(data: Uint8Array, offset: number): number {
	return ((data[offset] ?? 0) << 12) | ((data[offset + 1] ?? 0) << 4) | ((data[offset + 2] ?? 0) >> 4);
}

function hex(id: number): string {
	return `0x${id.toString(16)}`;
}
