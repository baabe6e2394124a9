import {
	type Calibration,
	fineTemperature,
	type HumidityCalibration,
	pascal,
	readCalibration,
	readHumidityCalibration,
	relativeHumidity,
} from "./bosch-compensation";
import { ChipDriver } from "./chip-driver";
import { type DriverOptions, word } from "./peripheral";
import type { Barometer, Hygrometer, Thermometer } from "./samples";

/** Measurements that are averaged for one value. More take longer and are less noisy (data sheet, section 3.4). */
export type Oversampling = 1 | 2 | 4 | 8 | 16;

export interface Bosch280Configuration {
	readonly temperature?: Oversampling;
	/** Of the BME280 alone. */
	readonly humidity?: Oversampling;
	readonly pressure?: Oversampling;
}

/** The addresses that its pin SDO can give a chip of this family (BME280: section 6.2; BMP280: section 5.2). */
export const addresses: readonly number[] = Object.freeze([0x76, 0x77]);

/** What register `id` tells the chips of this family apart by; a BMP280 of the first samples says 0x56 or 0x57. */
export const chipId = Object.freeze({ BME280: 0x60, BMP280: 0x58, BME680: 0x61 });

/** Where it is, in every one of them. */
export const idRegister = 0xd0;

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
const ownConfiguration = 0xa0;
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
const temperatureRange = Object.freeze([-40.1, 85.1] as const);
const pressureRange = Object.freeze([29_990, 110_010] as const);

/** What tells the members of the family apart. */
export interface Member {
	readonly name: string;
	/** The first is what the data sheet has. */
	readonly ids: readonly [number, ...number[]];
	readonly humidity: boolean;
}

/**
 * What Bosch's BME280 and BMP280 share. Measures on demand (forced mode, the filter off, as section 3.5.1 recommends for
 * weather) and sleeps in between.
 */
export abstract class Bosch280<Sample> extends ChipDriver<Sample> {
	private readonly member: Member;
	private calibration: Calibration;
	/** The BME280's. */
	private humidity: HumidityCalibration | undefined;
	private oversampling: Required<Bosch280Configuration> = { temperature: 1, humidity: 1, pressure: 1 };
	private started = false;

	/** Throws a `SensorError` when there is no such chip at the address. */
	constructor(options: DriverOptions, member: Member) {
		super(member.name, options);
		this.member = member;
		this.calibration = this.chip.setUp(() => this.prepare());
		this.humidity = member.humidity ? this.chip.setUp(() => this.readHumidityCalibration()) : undefined;
	}

	override configure(options: Bosch280Configuration): void {
		this.oversampling = { ...this.oversampling, ...options };
	}

	/** Starts a measurement; returns the milliseconds after which it has ended for certain (section 9.1). */
	override start(): number {
		const { temperature, humidity, pressure } = this.oversampling;
		// Another one of its kind may have been plugged in since, and each has a calibration of its own.
		// mutation: detect-sensor-swap
		if (this.chip.readUint8(register.configuration) !== ownConfiguration) {
			this.calibration = this.prepare();
			if (this.member.humidity) this.humidity = this.readHumidityCalibration();
		}
		const hygrometer = this.humidity === undefined ? 0 : 2.3 * humidity + 0.575;
		// The setting for humidity comes into effect with the write to ctrl_meas (section 5.4.3).
		if (hygrometer > 0) this.chip.writeUint8(register.controlHumidity, setting(humidity));
		this.chip.writeUint8(
			register.controlMeasurement,
			(setting(temperature) << 5) | (setting(pressure) << 2) | forcedMode,
		);
		this.started = true;
		return 1.25 + 2.3 * temperature + (2.3 * pressure + 0.575) + hygrometer;
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	protected measured(): (Thermometer & Barometer & Partial<Hygrometer>) | undefined {
		if (!this.started || (this.chip.readUint8(register.status) & statusMeasuring) !== 0) return undefined;
		const data = this.chip.readRegisters(register.data, this.humidity === undefined ? 6 : 8);
		this.started = false;
		return this.compensate(data);
	}

	/** Whatever it did before, it is idle and does not filter; returns its calibration. */
	private prepare(): Calibration {
		this.identify(this.member.ids);
		this.chip.writeUint8(register.controlMeasurement, sleepMode);
		this.chip.writeUint8(register.configuration, ownConfiguration);
		return this.readCalibration();
	}

	private identify(ids: Member["ids"]): void {
		const id = this.chip.readUint8(idRegister);
		if (!ids.includes(id))
			throw this.chip.error(`another chip answers there (id ${hex(id)}, not ${hex(ids[0])}).`);
		if ((this.chip.readUint8(register.status) & statusCopying) !== 0)
			throw this.chip.error("it has just been switched on, and is not ready yet.");
	}

	private readCalibration(): Calibration {
		const calibration = readCalibration(this.chip.readRegisters(register.calibration, 24));
		// The compensation divides by T1's and P1's terms, and no chip leaves the factory without them.
		if (calibration.T[0] === 0 || calibration.P[0] === 0)
			throw this.chip.error("its calibration cannot be read. Check its wiring and supply.");
		return calibration;
	}

	private readHumidityCalibration(): HumidityCalibration {
		const H1 = this.chip.readUint8(register.H1);
		return readHumidityCalibration(H1, this.chip.readRegisters(register.humidityCalibration, 7));
	}

	private compensate(data: Uint8Array): Thermometer & Barometer & Partial<Hygrometer> {
		const chip = this.chip;
		const calibration = this.calibration;
		const pressure20 = raw20(data, 0);
		const temperature20 = raw20(data, 3);
		const humidity16 = this.humidity === undefined ? skipped16 : word(data, 6);
		// It was reset under our hands: a glitch of its supply, or somebody plugged it in again. Each of these numbers
		// alone is also a measurement.
		if (temperature20 === skipped20 && pressure20 === skipped20 && humidity16 === skipped16)
			throw chip.error("it lost its measurement. Check its supply and wiring.");
		const fine = fineTemperature(temperature20, calibration);
		const temperature = chip.within("temperature", fine / 5120, temperatureRange);
		const pressure = chip.within("pressure", pascal(pressure20, fine, calibration), pressureRange);
		const sample = { thermometer: { temperature }, barometer: { pressure } };
		if (this.humidity === undefined) return sample;
		return { ...sample, hygrometer: { humidity: relativeHumidity(humidity16, fine, this.humidity) } };
	}
}

/** The setting for 1, 2, 4, 8 or 16 measurements (section 5.4.3, table 20). */
function setting(oversampling: Oversampling): number {
	return Math.log2(oversampling) + 1;
}

function raw20(data: Uint8Array, offset: number): number {
	return ((data[offset] ?? 0) << 12) | ((data[offset + 1] ?? 0) << 4) | ((data[offset + 2] ?? 0) >> 4);
}

function hex(id: number): string {
	return `0x${id.toString(16)}`;
}
