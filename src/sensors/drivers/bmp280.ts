import { BMx280, bmx280Addresses, boschChipId, boschIdRegister } from "./bmx280";
import { defineDriver } from "./define-driver";
import type { Barometer, Thermometer } from "./ecma419-samples";
import { pressure, temperature } from "./fields";
import type { I2CDeviceOptions } from "./i2c-device";

/** Of the chips that are sold, and of the first samples, which measure in the same way. */
const chipIds = Object.freeze<[number, ...number[]]>([boschChipId.BMP280, 0x57, 0x56]);

export type BMP280Sample = Thermometer & Barometer;

/** Bosch BMP280 (BST-BMP280-DS001): temperature and pressure. */
export class BMP280 extends BMx280<BMP280Sample> {
	/** Throws a `SensorError` when there is no BMP280 at the address. */
	constructor(options: I2CDeviceOptions) {
		super(options, { name: "BMP280", ids: chipIds, humidity: false });
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): BMP280Sample | undefined {
		return this.readMeasurement();
	}
}

export const bmp280 = defineDriver<BMP280Sample>({
	name: "BMP280",
	addresses: bmx280Addresses,
	matches: (chip) => chipIds.includes(chip.readUint8(boschIdRegister)),
	open: (options) => new BMP280(options),
	fields: [temperature, pressure],
	values: ({ thermometer, barometer }) => [thermometer.temperature, barometer.pressure / 100],
});
