import { SimulatedBus } from "../../simulator/bus";
import { catalogue } from "../../simulator/chips/catalogue";
import type { SimulatedChip } from "../../simulator/chips/simulated-chip";
import type { Surroundings } from "../../simulator/weather/surroundings";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Value } from "../../src/reading/reading";
import type { KindOptions, SensorKind } from "../../src/sensors/kind";
import type { DriverOptions } from "../../src/sensors/peripheral";
import type { Sensor } from "../../src/sensors/sensor";

/** A bus, chips in surroundings that can be changed, and time that passes when it is told to. */
export class Workbench {
	/** Milliseconds. */
	ticks = 1000;
	around: Surroundings = {
		temperature: 21.37,
		humidity: 48.2,
		pressure: 101_325,
		co2: 812,
		illuminance: 431,
		voltage: 12.08,
		current: 0.2345,
		inputs: [0.5, 1.25, 3.3, 2.0001],
	};
	readonly bus = new SimulatedBus();

	/** Plugs a chip of the catalogue in. */
	plugIn(name: string, address = catalogue[name]?.addresses[0] ?? 0): SimulatedChip<never> {
		const entry = catalogue[name];
		if (entry === undefined) throw new Error(`no ${name} in the catalogue`);
		const chip = entry.make(this.chipOptions);
		this.bus.attach(address, chip);
		return chip;
	}

	/** What every chip is made with. */
	get chipOptions() {
		return { ticks: () => this.ticks, environment: () => this.around };
	}

	get provider(): I2CBus {
		return { io: this.bus.SMBus, data: 21, clock: 22, hz: 100_000 };
	}

	/** What a driver is made with. */
	at(address: number): DriverOptions {
		return { sensor: { ...this.provider, address } };
	}

	make(kind: SensorKind, address = kind.addresses[0] ?? 0, options: KindOptions = {}): Sensor {
		return kind.make(this.provider, address, options);
	}

	/** One measurement as a sampler takes it; `late`: so many milliseconds later than it may. */
	measure(sensor: Pick<Sensor, "measure" | "proceed" | "read">, late = 0): readonly Value[] {
		this.ticks += sensor.measure() + late;
		for (let wait = sensor.proceed?.() ?? 0; wait > 0; wait = sensor.proceed?.() ?? 0)
			this.ticks += wait + late;
		return sensor.read();
	}
}
