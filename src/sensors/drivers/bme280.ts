import { BMx280, bmx280Addresses, boschChipId, boschIdRegister } from "./bmx280";
import { defineDriver } from "./define-driver";
import type { Barometer, Hygrometer, Thermometer } from "./ecma419-samples";
import { humidity, pressure, temperature } from "./fields";
import type { I2CDeviceOptions } from "./i2c-device";

export type BME280Sample = Thermometer & Hygrometer & Barometer;

/** Bosch BME280 (BST-BME280-DS002): temperature, humidity and pressure. */
export class BME280 extends BMx280<BME280Sample> {
	/** Throws a `SensorError` when there is no BME280 at the address. */
	constructor(options: I2CDeviceOptions) {
		super(options, { name: "BME280", ids: [boschChipId.BME280], humidity: true });
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): BME280Sample | undefined {
		const sample = this.readMeasurement();
		if (sample?.hygrometer === undefined) return undefined;
		const { thermometer, hygrometer, barometer } = sample;
		return { thermometer, hygrometer, barometer };
	}
}

/** Its resolution (tables 2 to 4) is finer than its accuracy; the decimals are those of the fields. */
export const bme280 = defineDriver<BME280Sample>({
	name: "BME280",
	addresses: bmx280Addresses,
	matches: (chip) => chip.readUint8(boschIdRegister) === boschChipId.BME280,
	open: (options) => new BME280(options),
	fields: [temperature, humidity, pressure],
	values: ({ thermometer, hygrometer, barometer }) => [
		thermometer.temperature,
		hygrometer.humidity,
		barometer.pressure / 100,
	],
});
