import { bmx280Addresses, boschChipId, readBoschId } from "./bmx280";
import type { Driver } from "./driver";

/** Bosch BME680 and BME688: recognized, so that the log names them, but not supported. */
export const bme680 = Object.freeze<Driver>({
	name: "BME680",
	addresses: bmx280Addresses,
	fields: Object.freeze([]),
	matches: (chip) => readBoschId(chip) === boschChipId.BME680,
	start: () => 0,
	read: () => undefined,
});
