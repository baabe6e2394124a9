import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { DS18B20Chip } from "../../simulator/chips/ds18b20";
import type { SimulatedChip } from "../../simulator/chips/simulated-chip";
import { SimulatedPins } from "../../simulator/hardware/pins";
import { SimulatedSensors, sensorPins } from "../../simulator/hardware/simulated-sensors";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import { VirtualTime } from "../../simulator/virtual-time";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import type { Value } from "../../src/reading/reading";
import type { I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { Sampler, type SamplerSettings } from "../../src/sensors/pipeline/sampler";
import { checkSettings } from "../../src/settings/settings";
import { testSurroundings } from "./test-surroundings";

/** A board whose sensors the test controls. Its storage outlives its samplers. */
export class SensorBoard {
	readonly time = new VirtualTime();
	readonly pins = new SimulatedPins((callback, delay) => this.time.set(callback, delay));
	readonly station = new SimulatedSensors({ time: this.time, utcAtTick0: 0, pins: this.pins, sensors: [] });
	readonly storage = new SimulatedKeyValue()
		.storage(new PowerCycle(() => {}))
		.open({ path: "dakkio", format: "buffer" });
	surroundings: SensorEnvironment = {
		...testSurroundings,
		temperature: 22.479999542236328,
		humidity: 45.23,
		pressure: 101_325.4,
	};
	logLines: string[] = [];
	private sampler: Sampler | undefined;

	/** Plugs in a chip of the catalogue. It measures the surroundings; `around` overrides them. */
	plugIn(name: string, address?: number, around?: Partial<SensorEnvironment>): SimulatedChip<never> {
		const entry = chipCatalogue[name];
		if (entry === undefined) throw new Error(`no ${name} in the catalogue`);
		const chip = entry.createChip({
			ticks: () => this.time.ticks(),
			environment: () => ({ ...this.surroundings, ...around }),
		});
		this.station.bus.attach(address ?? entry.addresses[0] ?? 0, chip);
		return chip;
	}

	unplug(address: number): void {
		this.station.bus.detach(address);
	}

	/** Attaches a DS18B20 to the 1-Wire line; `serial`: the last byte of its number. */
	attachThermometer(
		serial: number,
		celsius = 20,
		options: { family?: number; parasite?: boolean } = {},
	): DS18B20Chip {
		const chip = new DS18B20Chip({
			ticks: () => this.time.ticks(),
			temperature: () => celsius,
			serial: [serial, 2, 3, 4, 5, 6],
			...options,
		});
		this.pins.oneWire(sensorPins.oneWire).attach(chip);
		return chip;
	}

	/** Closes the previous sampler and starts one; `settings` are unchecked. */
	start(
		settings: Readonly<Record<string, unknown>> = {},
		drivers?: readonly I2CDriver[],
		resumed = false,
	): Sampler {
		this.sampler?.close();
		this.logLines = [];
		const { settings: checked, problems } = checkSettings(settings);
		// A saved setting that conflicts with others is reported, and stays.
		const invalid = problems.filter(({ key }) => key !== "statistics");
		if (invalid.length > 0) throw new Error(JSON.stringify(invalid));
		this.sampler = this.open(checked, drivers, resumed);
		return this.sampler;
	}

	open(settings: SamplerSettings, drivers?: readonly I2CDriver[], resumed = false): Sampler {
		return new Sampler({
			bus: this.station.i2c,
			pins: this.pins.provider(),
			time: this.time,
			storage: this.storage,
			settings,
			resumed,
			...(drivers === undefined ? {} : { drivers }),
			log: (line) => this.logLines.push(line),
		});
	}

	/** One sample as an object; then `waitMs` pass. */
	async sample(waitMs = 60_000): Promise<Record<string, Value>> {
		const { fields, values } = await this.sampleAsIs(waitMs);
		return Object.fromEntries(fields.map(({ name }, index) => [name, values[index]]));
	}

	async sampleAsIs(waitMs = 60_000) {
		if (this.sampler === undefined) throw new Error("start it first");
		const result = this.sampler.sample();
		await this.time.advance(waitMs);
		return result;
	}
}
