import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import type { SimulatedChip } from "../../simulator/chips/simulated-chip";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Value } from "../../src/reading/reading";
import type { Driver, SensorOptions } from "../../src/sensors/drivers/driver";
import type { I2CDeviceOptions } from "../../src/sensors/drivers/i2c-device";
import type { OpenSensor } from "../../src/sensors/open-sensor";

/** A bus, chips in surroundings that can be changed, and time that passes when it is told to. */
export class SensorBench {
	/** Milliseconds. */
	ticks = 1000;
	surroundings: SensorEnvironment = {
		temperature: 21.37,
		humidity: 48.2,
		pressure: 101_325,
		co2: 812,
		illuminance: 431,
		voltage: 12.08,
		current: 0.2345,
		inputs: [0.5, 1.25, 3.3, 2.0001],
	};
	readonly bus = new SimulatedI2CBus();

	/** Plugs a chip of the catalogue in. */
	plugIn(name: string, address = chipCatalogue[name]?.addresses[0] ?? 0): SimulatedChip<never> {
		const entry = chipCatalogue[name];
		if (entry === undefined) throw new Error(`no ${name} in the catalogue`);
		const chip = entry.createChip(this.chipOptions);
		this.bus.attach(address, chip);
		return chip;
	}

	/** What every chip is made with. */
	get chipOptions() {
		return { ticks: () => this.ticks, environment: () => this.surroundings };
	}

	get i2cBus(): I2CBus {
		return { io: this.bus.SMBus, data: 21, clock: 22, hz: 100_000 };
	}

	/** What a driver is made with. */
	at(address: number): I2CDeviceOptions {
		return { sensor: { ...this.i2cBus, address } };
	}

	make(kind: Driver, address = kind.addresses[0] ?? 0, options: SensorOptions = {}): OpenSensor {
		return kind.open(this.i2cBus, address, options);
	}

	/** One measurement as a sampler takes it; `late`: so many milliseconds later than it may. */
	measure(sensor: Pick<OpenSensor, "start" | "proceed" | "read">, late = 0): readonly Value[] {
		this.ticks += sensor.start() + late;
		for (let wait = sensor.proceed?.() ?? 0; wait > 0; wait = sensor.proceed?.() ?? 0)
			this.ticks += wait + late;
		return sensor.read();
	}
}
