import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import type { SimulatedChip } from "../../simulator/chips/simulated-chip";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Value } from "../../src/reading/reading";
import type { I2CDriver } from "../../src/sensors/drivers/all-drivers";
import type { AnyDriver, OpenReason, SensorDevice, SensorOptions } from "../../src/sensors/drivers/driver";
import { I2CDevice } from "../../src/sensors/drivers/i2c-device";
import { planProbesAt, scanDriverAddresses } from "../../src/sensors/pipeline/i2c-scan";
import { type OpenSensor, readSensor } from "../../src/sensors/pipeline/sensor-slot";
import { testSurroundings } from "./test-surroundings";

/** An I2C bus with chips, adjustable surroundings, and a clock that the test advances. */
export class SensorBench {
	/** Milliseconds. */
	ticks = 1000;
	surroundings: SensorEnvironment = testSurroundings;
	readonly bus = new SimulatedI2CBus();

	/** Plugs in a chip of the catalogue. */
	plugIn(name: string, address = chipCatalogue[name]?.addresses[0] ?? 0): SimulatedChip<never> {
		const entry = chipCatalogue[name];
		if (entry === undefined) throw new Error(`no ${name} in the catalogue`);
		const chip = entry.createChip(this.chipOptions);
		this.bus.attach(address, chip);
		return chip;
	}

	get chipOptions() {
		return { ticks: () => this.ticks, environment: () => this.surroundings };
	}

	get i2cBus(): I2CBus {
		return { io: this.bus.SMBus, data: 21, clock: 22, hz: 100_000 };
	}

	/** What the driver takes the chip at an address for. */
	identify(driver: I2CDriver, address = driver.addresses[0] ?? 0): "this" | "other" | "absent" {
		const { chips, unknown } = scanDriverAddresses(this.i2cBus, [driver], planProbesAt([address], [driver]));
		if (chips.length > 0) return "this";
		return unknown.length > 0 ? "other" : "absent";
	}

	/** Resets and opens it as a sensor slot does. */
	open(
		driver: I2CDriver,
		address = driver.addresses[0] ?? 0,
		options: SensorOptions = {},
		reason: OpenReason = "boot",
	): BenchSensor {
		const sensor = `${driver.name} at 0x${address.toString(16)}`;
		const connect = () => new I2CDevice(this.i2cBus, address, sensor);
		const chip = connect();
		try {
			for (let step = 0; step < 32; step++) {
				const waitMs = driver.reset?.(chip, step, reason) ?? 0;
				if (waitMs === 0) break;
				this.ticks += waitMs;
			}
		} finally {
			chip.close();
		}
		return new BenchSensor(driver, sensor, connect, options);
	}

	/** One measurement as a sensor slot makes it; `lateMs`: each step so much later than necessary. */
	measure(sensor: BenchSensor, lateMs = 0): readonly Value[] {
		this.ticks += sensor.start() + lateMs;
		for (let waitMs = sensor.proceed(); waitMs > 0; waitMs = sensor.proceed()) this.ticks += waitMs + lateMs;
		return sensor.read();
	}
}

/** A driver with its device and its state, step by step. */
export class BenchSensor {
	private readonly driver: AnyDriver;
	private readonly sensor: OpenSensor;

	/** Throws what `connect` and the driver throw, and leaves nothing open then. */
	constructor(driver: AnyDriver, sensor: string, connect: () => SensorDevice, options: SensorOptions = {}) {
		this.driver = driver;
		const device = connect();
		try {
			this.sensor = { candidate: { sensor, driver }, device, state: driver.open?.(device, options) };
		} catch (error) {
			device.close();
			throw error;
		}
	}

	start(): number {
		return this.driver.start(this.sensor.device, this.sensor.state);
	}

	proceed(): number {
		return this.driver.proceed?.(this.sensor.device, this.sensor.state) ?? 0;
	}

	/** Throws if the measurement has not ended, or a value is out of range. */
	read(): readonly Value[] {
		return readSensor(this.sensor);
	}

	/** `undefined` if the measurement has not ended. */
	readIfEnded(): readonly Value[] | undefined {
		return this.driver.read(this.sensor.device, this.sensor.state);
	}

	close(): void {
		this.sensor.device.close();
	}
}
