import type { Driver } from "./driver";
import { isHDC302x } from "./hdc302x";
import type { I2CDevice } from "./i2c-device";
import { queryWords, sendCommand } from "./sensirion";
import { type SHTVariant, sht3xCommands, shtMeasurement } from "./sht";
import { isSHT4x } from "./sht4x";

/** Commands (SHT3x-DIS data sheet, version 5, sections 4.3 to 4.11); the others: `sht3xCommands`. */
const readStatusCommand = 0xf32d;
const heaterOff = 0x3066;

/** Bit of the status: the heater is on (table 18). */
const heaterOnBit = 0x2000;

/** Sensirion SHT30, SHT31 and SHT35: temperature and humidity. They differ only in accuracy. */
export const sht3x = Object.freeze<Driver<SHTVariant>>({
	name: "SHT3x",
	// Selected by pin ADDR ("I2C Address").
	addresses: Object.freeze([0x44, 0x45]),
	matches: isSHT3x,
	...shtMeasurement({
		...sht3xCommands,
		// Table 4, below 2.4 V.
		measurementMs: 15.5,
		checkIdentity(chip) {
			// Another program may have left the heater on; the chip would measure its own heat.
			if ((readStatus(chip) & heaterOnBit) !== 0) sendCommand(chip, heaterOff);
		},
	}),
});

/**
 * Whether its status has the right checksum. First it is checked for an SHT4x, whose command of one byte leaves an SHT3x
 * unchanged, while the effect of a command of two bytes on an SHT4x is not specified; then for an HDC302x, which has
 * the commands of an SHT3x.
 */
function isSHT3x(chip: I2CDevice): boolean {
	for (const isOther of [isSHT4x, isHDC302x])
		try {
			if (isOther(chip)) return false;
		} catch {
			// It is not.
		}
	return readStatus(chip) >= 0;
}

function readStatus(chip: I2CDevice): number {
	return queryWords(chip, readStatusCommand, 1)[0] ?? 0;
}
