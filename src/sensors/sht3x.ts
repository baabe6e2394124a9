import { driverKind } from "./driver-kind";
import type { DriverOptions, Peripheral } from "./peripheral";
import { command, words } from "./sensirion";
import { type AirSample, airFields, airValues, SHT } from "./sht";
import { isSHT4x } from "./sht4x";

/** Commands (SHT3x-DIS data sheet, version 5, sections 4.3 to 4.11). */
const measureHighRepeatability = command(0x2400);
const stopPeriodic = command(0x3093);
const readStatus = command(0xf32d);
const heaterOff = command(0x3066);

/** The bit of the status that tells whether the heater is on (table 18). */
const heaterOn = 0x2000;

/** Sensirion SHT30, SHT31 and SHT35: temperature and humidity. They differ in accuracy alone. */
export class SHT3x extends SHT {
	/** Throws a `SensorError` when there is no SHT3x at the address. */
	constructor(options: DriverOptions) {
		super(options, {
			name: "SHT3x",
			measure: measureHighRepeatability,
			// Table 4, with less than 2.4 V.
			duration: 15.5,
			abort: stopPeriodic,
			// Section 4.13.
			relativeHumidity: (word) => (100 * word) / 65535,
			greet: (chip) => {
				// Somebody may have left it on, and it would measure its own heat.
				if ((status(chip) & heaterOn) !== 0) chip.write(...heaterOff);
			},
		});
	}
}

function status(chip: Peripheral): number {
	return words(chip, chip.ask(readStatus, 3))[0] ?? 0;
}

/**
 * Whether it tells its status with the right checksum. An SHT4x is asked first who it is: one byte leaves an SHT3x as it
 * was, while nobody knows what an SHT4x makes of two.
 */
function isSHT3x(chip: Peripheral): boolean {
	try {
		if (isSHT4x(chip)) return false;
	} catch {
		// It is none.
	}
	return status(chip) >= 0;
}

export const sht3x = driverKind<AirSample>({
	name: "SHT3x",
	// By its pin ADDR ("I2C Address").
	addresses: [0x44, 0x45],
	isThis: isSHT3x,
	open: (options) => new SHT3x(options),
	fields: airFields,
	values: airValues,
});
