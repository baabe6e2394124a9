import type { I2CBus } from "../../boards/ecma419";
import { SensorError } from "../sensor-error";
import { bmx280Addresses, boschChipId, boschIdRegister } from "./bmx280";
import type { Driver } from "./driver";
import { identifyDevice } from "./i2c-device";

/** Bosch BME680 and BME688: known by name, so that it is told and not taken for a BME280 that fails. */
export const bme680: Driver = Object.freeze({
	name: "BME680",
	addresses: bmx280Addresses,
	identify: (bus: I2CBus, address: number) =>
		identifyDevice(bus, address, (chip) => chip.readUint8(boschIdRegister) === boschChipId.BME680),
	open: (_: I2CBus, address: number) => {
		throw new SensorError(`BME680 at 0x${address.toString(16)}`, "this firmware cannot use it.");
	},
});
