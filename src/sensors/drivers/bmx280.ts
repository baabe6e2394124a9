import type { Value } from "../../reading/reading";
import {
	type BME280HumidityCalibration,
	type BMx280Calibration,
	compensateHumidity,
	compensatePressure,
	fineTemperature,
	parseCalibration,
	parseHumidityCalibration,
} from "./bmx280-compensation";
import { type Driver, pressure, type SensorField, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";

/** Selected by pin SDO (BME280: section 6.2; BMP280: section 5.2). */
export const bmx280Addresses: readonly number[] = Object.freeze([0x76, 0x77]);

/** Values of register `id` in this family. */
export const boschChipId = Object.freeze({ BME280: 0x60, BMP280: 0x58, BME680: 0x61 });

/** The operating range (section 1, tables 2 to 4), and a little for rounding. */
export const bmx280Temperature: SensorField = Object.freeze({ ...temperature, min: -40.1, max: 85.1 });
export const bmx280Pressure: SensorField = Object.freeze({ ...pressure, min: 299.9, max: 1100.1 });

/** Registers (BST-BME280-DS002, section 5.3, table 18; BST-BMP280-DS001, section 4.2, table 18). */
const register = Object.freeze({
	calibration: 0x88,
	H1: 0xa1,
	id: 0xd0,
	reset: 0xe0,
	humidityCalibration: 0xe1,
	controlHumidity: 0xf2,
	status: 0xf3,
	controlMeasurement: 0xf4,
	configuration: 0xf5,
	data: 0xf7,
});

/** From the first register that a measurement is read with, to the data. */
const dataOffset = register.data - register.controlHumidity;

/** Loads the trimming words again, which takes up to 2 ms (section 1.1, start-up time; `im_update`, section 5.4.4). */
const resetCommand = 0xb6;
const resetMs = 2;

/**
 * Filter off (section 5.4.6, table 28), and a standby time, which forced mode ignores: it marks a chip that
 * has been initialised, because a chip that has just been powered up has none.
 */
const markerConfiguration = 0xa0;
/** Without the reserved bit (section 5.4.6). */
const configurationMask = 0xfd;
const sleepMode = 0x00;
/** Forced mode, each quantity measured once (section 5.4.3, table 20). */
const measureOnce = 0x25;
const modeMask = 0x03;
const measureHumidityOnce = 0x01;
const statusMeasuring = 0x08;
const statusCopying = 0x01;

/** Registers 0xF2 … 0xF4 after a measurement, above the configuration, and which of their bits must be so. */
const expectedControls = measureOnce << 8;
/** The mode is sleep again. */
const controlsMask = (0xff & ~modeMask) << 8;
const expectedWithHumidity = (measureHumidityOnce << 24) | expectedControls;
const maskWithHumidity = (7 << 24) | controlsMask;

/** Maximum durations (section 9.1). */
const measurementMs = 1.25 + 2.3 + (2.3 + 0.575);
const humidityMs = 2.3 + 0.575;

/** Data registers of a channel that was not measured (sections 5.4.7 to 5.4.9). */
const skipped20 = 0x80000;
const skipped16 = 0x8000;

export interface BMx280State {
	readonly calibration: BMx280Calibration;
	/** Only of the BME280. */
	readonly humidityCalibration: BME280HumidityCalibration | undefined;
}

/**
 * What the drivers of Bosch's BME280 and BMP280 share. The chip measures on demand, unfiltered, as section
 * 3.5.1 recommends for weather, and sleeps in between. `ids`: those of the chip.
 */
export function bmx280Measurement(
	ids: readonly number[],
	hasHumidity: boolean,
): Pick<Driver<BMx280State>, "matches" | "hasRegisters" | "reset" | "open" | "start" | "read"> {
	return {
		matches: (chip) => ids.includes(readBoschId(chip)),
		hasRegisters: true,

		/** After a brown-out the trimming words may be wrong, although everything else is right. */
		reset(chip, step) {
			if (step > 0) return isStarting(chip) ? resetMs : 0;
			if (!ids.includes(readBoschId(chip))) throw chip.otherChipError();
			// mutation: reset-after-brown-out
			chip.writeUint8(register.reset, resetCommand);
			return resetMs;
		},

		/** Whatever it did before, the chip sleeps, does not filter, and bears the mark. */
		open(chip) {
			chip.writeUint8(register.controlMeasurement, sleepMode);
			// Takes effect with each start (section 5.4.3); `read` checks that the chip still has it.
			if (hasHumidity) chip.writeUint8(register.controlHumidity, measureHumidityOnce);
			chip.writeUint8(register.configuration, markerConfiguration);
			const calibration = readCalibration(chip);
			const humidityCalibration = hasHumidity ? readHumidityCalibration(chip) : undefined;
			if (!isMark(chip.readUint8(register.configuration))) throw chip.lostError();
			return { calibration, humidityCalibration };
		},

		start,
		read,
	};
}

function start(chip: I2CDevice, { humidityCalibration }: BMx280State): number {
	// Another chip of the same type may be in its place, with a calibration of its own.
	// mutation: detect-sensor-swap
	if (!isMark(chip.readUint8(register.configuration))) throw chip.lostError();
	chip.writeUint8(register.controlMeasurement, measureOnce);
	return humidityCalibration === undefined ? measurementMs : measurementMs + humidityMs;
}

function read(
	chip: I2CDevice,
	{ calibration, humidityCalibration }: BMx280State,
): readonly Value[] | undefined {
	const hasHumidity = humidityCalibration !== undefined;
	// Controls, status and data in one transfer, so that they belong together.
	const count = (hasHumidity ? 8 : 6) + dataOffset;
	const view = new DataView(chip.readConfirmed(register.controlHumidity, count).buffer);
	// Control of humidity, status, control of the measurement, configuration.
	const controls = view.getUint32(0);
	if ((controls & (statusMeasuring << 16)) !== 0) return undefined;
	// Otherwise the chip was reset, by a glitch of its supply or by being plugged in again.
	const difference = controls ^ (hasHumidity ? expectedWithHumidity : expectedControls);
	if (!isMark(controls) || (difference & (hasHumidity ? maskWithHumidity : controlsMask)) !== 0)
		throw chip.lostError();
	const rawPressure = view.getUint32(dataOffset) >>> 12;
	const rawTemperature = (view.getUint32(dataOffset + 2) >> 4) & 0xfffff;
	const rawHumidity = hasHumidity ? view.getUint16(dataOffset + 6) : skipped16;
	// All channels skipped: it did not measure. One of these numbers by itself may be a measurement.
	if (rawTemperature === skipped20 && rawPressure === skipped20 && rawHumidity === skipped16)
		throw chip.lostError();
	const fine = fineTemperature(rawTemperature, calibration);
	const hectopascal = compensatePressure(rawPressure, fine, calibration) / 100;
	if (humidityCalibration === undefined) return [fine / 5120, hectopascal];
	return [fine / 5120, compensateHumidity(rawHumidity, fine, humidityCalibration), hectopascal];
}

/** It need not acknowledge meanwhile. */
function isStarting(chip: I2CDevice): boolean {
	try {
		return (chip.readUint8(register.status) & statusCopying) !== 0;
	} catch {
		return true;
	}
}

/** `configuration`: the register, in the lowest byte. */
function isMark(configuration: number): boolean {
	return (configuration & configurationMask) === markerConfiguration;
}

export function readBoschId(chip: I2CDevice): number {
	return chip.readUint8(register.id);
}

function readCalibration(chip: I2CDevice): BMx280Calibration {
	const calibration = parseCalibration(chip.readConfirmed(register.calibration, 24));
	// The compensation divides by terms of T1 and P1, which are never 0 in a working chip.
	if (calibration.T[0] === 0 || calibration.P[0] === 0)
		throw chip.error("its calibration cannot be read. Check its wiring and supply.");
	return calibration;
}

function readHumidityCalibration(chip: I2CDevice): BME280HumidityCalibration {
	const [H1 = 0] = chip.readConfirmed(register.H1, 1);
	return parseHumidityCalibration(H1, chip.readConfirmed(register.humidityCalibration, 7));
}
