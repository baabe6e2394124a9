import type { Driver } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { queryWords } from "./sensirion";
import { type SHTVariant, sht3xCommands, shtMeasurement } from "./sht";

/** Commands (SNAS778, "HDC302x Command Table"). The others are those of the SHT3x. */
const readManufacturer = 0x3781;
const texasInstruments = 0x3000;

/** Texas Instruments HDC3020, HDC3021 and HDC3022: temperature and humidity. */
export const hdc302x = Object.freeze<Driver<SHTVariant>>({
	name: "HDC302x",
	// Selected by pins ADDR and ADDR1 ("I2C Serial Bus Address").
	addresses: Object.freeze([0x44, 0x45, 0x46, 0x47]),
	matches: isHDC302x,
	...shtMeasurement({
		// The reset also turns the heater off, and loads the offsets from the chip's memory.
		...sht3xCommands,
		// "Electrical Characteristics", low power mode 0, maximum.
		measurementMs: 16.1,
		checkIdentity: (chip) => chip.checkIdentity(isHDC302x),
	}),
});

/** By the manufacturer's id, with a checksum. */
export function isHDC302x(chip: I2CDevice): boolean {
	return queryWords(chip, readManufacturer, 1)[0] === texasInstruments;
}
