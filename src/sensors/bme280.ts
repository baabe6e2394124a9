import { addresses, Bosch280, chipId, idRegister } from "./bosch280";
import { driverKind } from "./driver-kind";
import { humidity, pressure, temperature } from "./fields";
import type { DriverOptions } from "./peripheral";
import type { Barometer, Hygrometer, Thermometer } from "./samples";

export type BME280Sample = Thermometer & Hygrometer & Barometer;

/** Bosch BME280 (BST-BME280-DS002): temperature, humidity and pressure. */
export class BME280 extends Bosch280<BME280Sample> {
	/** Throws a `SensorError` when there is no BME280 at the address. */
	constructor(options: DriverOptions) {
		super(options, { name: "BME280", ids: [chipId.BME280], humidity: true });
	}

	/** The measurement that was started last; `undefined` while it is under way, and when none was started. */
	override sample(): BME280Sample | undefined {
		const sample = this.measured();
		if (sample?.hygrometer === undefined) return undefined;
		const { thermometer, hygrometer, barometer } = sample;
		return { thermometer, hygrometer, barometer };
	}
}

/** Its resolution (tables 2 to 4) is finer than its accuracy; the decimals are those of the fields. */
export const bme280 = driverKind<BME280Sample>({
	name: "BME280",
	addresses,
	isThis: (chip) => chip.readUint8(idRegister) === chipId.BME280,
	open: (options) => new BME280(options),
	fields: [temperature, humidity, pressure],
	values: ({ thermometer, hygrometer, barometer }) => [
		thermometer.temperature,
		hygrometer.humidity,
		barometer.pressure / 100,
	],
});
