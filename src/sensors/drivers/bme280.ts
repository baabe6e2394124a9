import {
	type BMx280State,
	bmx280Addresses,
	bmx280Measurement,
	bmx280Pressure,
	bmx280Temperature,
	boschChipId,
} from "./bmx280";
import { type Driver, humidity } from "./driver";

/** Bosch BME280 (BST-BME280-DS002): temperature, humidity and pressure. */
export const bme280 = Object.freeze<Driver<BMx280State>>({
	name: "BME280",
	addresses: bmx280Addresses,
	fields: Object.freeze([bmx280Temperature, humidity, bmx280Pressure]),
	...bmx280Measurement([boschChipId.BME280], true),
});
