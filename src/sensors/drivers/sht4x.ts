import type { Driver } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { parseWords } from "./sensirion";
import { type SHTVariant, shtMeasurement } from "./sht";

/** Commands of one byte (SHT4x data sheet, "Command Overview"). */
const measureHighPrecision = 0xfd;
const readSerialNumber = 0x89;
const softReset = 0x94;

/** Sensirion SHT40, SHT41, SHT43 and SHT45: temperature and humidity. They differ only in accuracy. */
export const sht4x = Object.freeze<Driver<SHTVariant>>({
	name: "SHT4x",
	// Given by the letter after the number: A, B, C ("Device Overview").
	addresses: Object.freeze([0x44, 0x45, 0x46]),
	matches: isSHT4x,
	...shtMeasurement({
		measureCommand: [measureHighPrecision],
		// "Timing Specifications", high repeatability.
		measurementMs: 8.3,
		resetCommands: [[softReset]],
		// "Conversion of Signal Output": values beyond 0 and 100 are to be cut.
		humidityOffset: -6,
		humiditySpan: 125,
		checkIdentity: isSHT4x,
	}),
});

/** Whether it has a serial number with the right checksums. Throws a `SensorError` if it has not. */
export function isSHT4x(chip: I2CDevice): boolean {
	return parseWords(chip, chip.query([readSerialNumber], 6)).length === 2;
}
