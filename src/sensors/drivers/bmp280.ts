import {
	type BMx280State,
	bmx280Addresses,
	bmx280Measurement,
	bmx280Pressure,
	bmx280Temperature,
	boschChipId,
} from "./bmx280";
import type { Driver } from "./driver";

/** Bosch BMP280 (BST-BMP280-DS001): temperature and pressure. */
export const bmp280 = Object.freeze<Driver<BMx280State>>({
	name: "BMP280",
	addresses: bmx280Addresses,
	fields: Object.freeze([bmx280Temperature, bmx280Pressure]),
	// 0x57 and 0x56 are engineering samples, which measure in the same way.
	...bmx280Measurement([boschChipId.BMP280, 0x57, 0x56], false),
});
