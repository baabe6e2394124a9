import { defineDriver } from "./define-driver";
import type { I2CDevice, I2CDeviceOptions } from "./i2c-device";
import { parseWords } from "./sensirion";
import {
	SHT,
	type TemperatureHumiditySample,
	temperatureHumidityFields,
	temperatureHumidityValues,
} from "./sht";

/** Commands, a byte each (SHT4x data sheet, "Command Overview"). */
const measureHighPrecision = 0xfd;
const readSerialNumber = 0x89;
const softReset = 0x94;

/** Sensirion SHT40, SHT41, SHT43 and SHT45: temperature and humidity. They differ in accuracy alone. */
export class SHT4x extends SHT {
	/** Throws a `SensorError` when there is no SHT4x at the address. */
	constructor(options: I2CDeviceOptions) {
		super(options, {
			name: "SHT4x",
			measureCommand: [measureHighPrecision],
			// "Timing Specifications", high repeatability.
			measurementMs: 8.3,
			abortCommand: [softReset],
			// "Conversion of Signal Output": what is beyond 0 or 100 is to be cut.
			relativeHumidity: (word) => -6 + (125 * word) / 65535,
			checkIdentity: (chip) => isSHT4x(chip),
		});
	}
}

/** Whether it has a serial number with the right checksums; throws when it has not. */
export function isSHT4x(chip: I2CDevice): boolean {
	return parseWords(chip, chip.query([readSerialNumber], 6)).length === 2;
}

export const sht4x = defineDriver<TemperatureHumiditySample>({
	name: "SHT4x",
	// By the letter behind the number: A, B, C ("Device Overview").
	addresses: [0x44, 0x45, 0x46],
	matches: isSHT4x,
	open: (options) => new SHT4x(options),
	fields: temperatureHumidityFields,
	values: temperatureHumidityValues,
});
