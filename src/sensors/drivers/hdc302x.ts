import type { Driver } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { commandBytes, parseWords } from "./sensirion";
import { shtMeasurement } from "./sht";

/** Commands (SNAS778, "HDC302x Command Table"). Most are those of the SHT3x. */
const measureLowestNoise = commandBytes(0x2400);
const exitAutoMode = commandBytes(0x3093);
const softReset = commandBytes(0x30a2);
const readManufacturer = commandBytes(0x3781);
const texasInstruments = 0x3000;

/** Texas Instruments HDC3020, HDC3021 and HDC3022: temperature and humidity. */
export const hdc302x = Object.freeze<Driver>({
	name: "HDC302x",
	// Selected by pins ADDR and ADDR1 ("I2C Serial Bus Address").
	addresses: Object.freeze([0x44, 0x45, 0x46, 0x47]),
	matches: isHDC302x,
	...shtMeasurement({
		measureCommand: measureLowestNoise,
		// "Electrical Characteristics", low power mode 0, maximum.
		measurementMs: 16.1,
		// Also turns the heater off, and loads the offsets from its memory.
		resetCommands: [exitAutoMode, softReset],
		humidityOffset: 0,
		humiditySpan: 100,
		checkIdentity(chip) {
			if (!isHDC302x(chip)) throw chip.otherChipError();
		},
	}),
});

/** By the manufacturer's id, with a checksum. */
export function isHDC302x(chip: I2CDevice): boolean {
	return parseWords(chip, chip.query(readManufacturer, 3))[0] === texasInstruments;
}
