import type { I2CBus } from "../boards/ecma419";
import { addresses, chipId, idRegister } from "./bosch280";
import type { SensorKind } from "./kind";
import { identify } from "./peripheral";
import { SensorError } from "./sensor-error";

/** Bosch BME680 and BME688: known by name, so that it is told and not taken for a BME280 that fails. */
export const bme680: SensorKind = Object.freeze({
	name: "BME680",
	addresses,
	identify: (bus: I2CBus, address: number) =>
		identify(bus, address, (chip) => chip.readUint8(idRegister) === chipId.BME680),
	make: (_: I2CBus, address: number) => {
		throw new SensorError(`BME680 at 0x${address.toString(16)}`, "this firmware cannot use it.");
	},
});
