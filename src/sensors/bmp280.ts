import { addresses, Bosch280, chipId, idRegister } from "./bosch280";
import { driverKind } from "./driver-kind";
import { pressure, temperature } from "./fields";
import type { DriverOptions } from "./peripheral";
import type { Barometer, Thermometer } from "./samples";

/** Of the chips that are sold, and of the first samples, which measure in the same way. */
const ids = Object.freeze<[number, ...number[]]>([chipId.BMP280, 0x57, 0x56]);

export type BMP280Sample = Thermometer & Barometer;

/** Bosch BMP280 (BST-BMP280-DS001): temperature and pressure. */
export class BMP280 extends Bosch280<BMP280Sample> {
	/** Throws a `SensorError` when there is no BMP280 at the address. */
	constructor(options: DriverOptions) {
		super(options, { name: "BMP280", ids, humidity: false });
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): BMP280Sample | undefined {
		return this.measured();
	}
}

export const bmp280 = driverKind<BMP280Sample>({
	name: "BMP280",
	addresses,
	isThis: (chip) => ids.includes(chip.readUint8(idRegister)),
	open: (options) => new BMP280(options),
	fields: [temperature, pressure],
	values: ({ thermometer, barometer }) => [thermometer.temperature, barometer.pressure / 100],
});
