import { driverKind } from "./driver-kind";
import type { DriverOptions, Peripheral } from "./peripheral";
import { words } from "./sensirion";
import { type AirSample, airFields, airValues, SHT } from "./sht";

/** Commands, a byte each (SHT4x data sheet, "Command Overview"). */
const measureHighPrecision = 0xfd;
const readSerialNumber = 0x89;
const softReset = 0x94;

/** Sensirion SHT40, SHT41, SHT43 and SHT45: temperature and humidity. They differ in accuracy alone. */
export class SHT4x extends SHT {
	/** Throws a `SensorError` when there is no SHT4x at the address. */
	constructor(options: DriverOptions) {
		super(options, {
			name: "SHT4x",
			measure: [measureHighPrecision],
			// "Timing Specifications", high repeatability.
			duration: 8.3,
			abort: [softReset],
			// "Conversion of Signal Output": what is beyond 0 or 100 is to be cut.
			relativeHumidity: (word) => -6 + (125 * word) / 65535,
			greet: (chip) => isSHT4x(chip),
		});
	}
}

/** Whether it has a serial number with the right checksums; throws when it has not. */
export function isSHT4x(chip: Peripheral): boolean {
	return words(chip, chip.ask([readSerialNumber], 6)).length === 2;
}

export const sht4x = driverKind<AirSample>({
	name: "SHT4x",
	// By the letter behind the number: A, B, C ("Device Overview").
	addresses: [0x44, 0x45, 0x46],
	isThis: isSHT4x,
	open: (options) => new SHT4x(options),
	fields: airFields,
	values: airValues,
});
