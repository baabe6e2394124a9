import type { I2CBus } from "../boards/ecma419";
import type { Field, Value } from "../reading/reading";
import { BME280 } from "./bme280";
import type { Sensor } from "./sensor";
import { SensorError } from "./sensor-error";

/** Its resolution (BST-BME280-DS002, tables 2 to 4) is finer than its accuracy; so many decimals are honest. */
const fields: readonly Field[] = Object.freeze([
	{ name: "temperature", unit: "celsius", decimals: 2 },
	{ name: "humidity", unit: "percent", decimals: 1 },
	{ name: "pressure", unit: "hPa", decimals: 2 },
]);

/** A BME280 as a {@link Sensor}: pressure in hectopascal, as the weather report has it. */
export class BME280Sensor implements Sensor {
	readonly name: string;
	readonly fields = fields;
	readonly #chip: BME280;

	constructor(bus: I2CBus, address: number) {
		this.name = `BME280 at 0x${address.toString(16)}`;
		this.#chip = new BME280({ sensor: { ...bus, address } });
	}

	measure(): number {
		return this.#chip.start();
	}

	read(): readonly Value[] {
		const sample = this.#chip.sample();
		if (sample === undefined)
			throw new SensorError(this.name, "its measurement did not end in time. Check its supply.");
		const { thermometer, hygrometer, barometer } = sample;
		return [thermometer.temperature, hygrometer.humidity, barometer.pressure / 100];
	}

	close(): void {
		this.#chip.close();
	}
}
