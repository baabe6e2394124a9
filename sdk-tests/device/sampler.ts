import { makeClock } from "../../boards/lin/clock";
import { linFiles } from "../../boards/lin/files";
import { FileKeyValueStorage } from "../../boards/shared/file-key-value";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { parseSensors, SimulatedSensors, sensorPins } from "../../simulator/hardware/simulated-sensors";
import { Sampler } from "../../src/sensors/pipeline/sampler";
import { checkSettings } from "../../src/settings/settings";
import { LeapingTime } from "./leaping-time";
import { check, expectSame } from "./report";

/** A sampler with all features: detection, names, derived values, statistics, pulses, bus recovery. */
export async function checkSampler(directory: string): Promise<void> {
	linFiles.makeDirectory(`${directory}/sampler`);
	const storage = new FileKeyValueStorage(`${directory}/sampler`, linFiles).open({
		path: "dakkio",
		format: "buffer",
	});
	const time = new LeapingTime(makeClock());
	const pins = new SimulatedPins((callback, delay) => time.set(callback, delay));
	pins.drive(27, 1);
	const sensors = parseSensors("bme280,sht41,ds18b20,ds18b20");
	if ("problem" in sensors) throw new Error(sensors.problem);
	const station = new SimulatedSensors({ time, utcAtTick0: 0, pins, sensors });
	const start = (unchecked: Readonly<Record<string, unknown>>) => {
		const { settings, problems } = checkSettings({ oneWirePin: sensorPins.oneWire, ...unchecked });
		expectSame(problems, []);
		return new Sampler({ bus: station.i2c, pins: pins.provider(), time, storage, settings, log: () => {} });
	};

	await check("sampler: I2C, 1-Wire and pins are measured together", async () => {
		const sampler = start({
			inputs: [{ kind: "pulses", pin: 27, name: "rain", debounce: 0 }],
			derived: ["dew_point"],
			sensors: { "SHT4x at 0x44": { fields: { humidity: { off: true } } } },
		});
		const first = await sampler.sample();
		expectSame(
			first.fields.map(({ name }) => name),
			["temperature", "humidity", "pressure", "dew_point", "temperature_2", "dew_point_2"].concat([
				"temperature_3",
				"temperature_4",
				"rain",
			]),
		);
		for (let i = 0; i < 6; i++) pins.drive(27, i % 2 === 0 ? 0 : 1);
		await passed(time, 10);
		const { values } = await sampler.sample();
		expectSame(values[8], 3, "the count");
		expectSame(
			values.filter((value) => value === undefined),
			[],
			"missing values",
		);
		sampler.close();
	});

	await check("sampler: names are persisted, and a held bus is recovered", async () => {
		station.bus.detach(0x76);
		station.bus.holdLow();
		const sampler = start({ statistics: 10, interval: 30 });
		await sampler.sample();
		await passed(time, 29_000);
		const { fields, values } = await sampler.sample();
		expectSame(
			fields.slice(0, 4).map(({ name }) => name),
			["temperature_2", "temperature_2_min", "temperature_2_max", "humidity_2"],
		);
		const [mean = 0, min = 0, max = 0] = values;
		if (!(min <= mean && mean <= max)) throw new Error(`mean ${mean}, min ${min}, max ${max}`);
		expectSame(sampler.sensors.at(-1)?.name, "BME280 at 0x76", "the missing sensor");
		sampler.close();
	});
}

function passed(time: LeapingTime, milliseconds: number): Promise<void> {
	return new Promise((resolve) => {
		time.set(resolve, milliseconds);
	});
}
