import { defineDriver } from "./define-driver";
import type { I2CDevice, I2CDeviceOptions } from "./i2c-device";
import { commandBytes, parseWords } from "./sensirion";
import {
	SHT,
	type TemperatureHumiditySample,
	temperatureHumidityFields,
	temperatureHumidityValues,
} from "./sht";
import { isSHT4x } from "./sht4x";

/** Commands (SHT3x-DIS data sheet, version 5, sections 4.3 to 4.11). */
const measureHighRepeatability = commandBytes(0x2400);
const stopPeriodic = commandBytes(0x3093);
const statusCommand = commandBytes(0xf32d);
const heaterOff = commandBytes(0x3066);

/** The bit of the status that tells whether the heater is on (table 18). */
const heaterOnBit = 0x2000;

/** Sensirion SHT30, SHT31 and SHT35: temperature and humidity. They differ in accuracy alone. */
export class SHT3x extends SHT {
	/** Throws a `SensorError` when there is no SHT3x at the address. */
	constructor(options: I2CDeviceOptions) {
		super(options, {
			name: "SHT3x",
			measureCommand: measureHighRepeatability,
			// Table 4, with less than 2.4 V.
			measurementMs: 15.5,
			abortCommand: stopPeriodic,
			// Section 4.13.
			relativeHumidity: (word) => (100 * word) / 65535,
			checkIdentity: (chip) => {
				// Somebody may have left it on, and it would measure its own heat.
				if ((readStatusWord(chip) & heaterOnBit) !== 0) chip.write(...heaterOff);
			},
		});
	}
}

function readStatusWord(chip: I2CDevice): number {
	return parseWords(chip, chip.query(statusCommand, 3))[0] ?? 0;
}

/**
 * Whether it tells its status with the right checksum. An SHT4x is asked first who it is: one byte leaves an SHT3x as it
 * was, while nobody knows what an SHT4x makes of two.
 */
function isSHT3x(chip: I2CDevice): boolean {
	try {
		if (isSHT4x(chip)) return false;
	} catch {
		// It is none.
	}
	return readStatusWord(chip) >= 0;
}

export const sht3x = defineDriver<TemperatureHumiditySample>({
	name: "SHT3x",
	// By its pin ADDR ("I2C Address").
	addresses: [0x44, 0x45],
	matches: isSHT3x,
	open: (options) => new SHT3x(options),
	fields: temperatureHumidityFields,
	values: temperatureHumidityValues,
});
