import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import type { ChipFault } from "../../simulator/chips/simulated-chip";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Value } from "../../src/reading/reading";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { I2CDevice } from "../../src/sensors/drivers/i2c-device";
import { planProbesAt, scanDriverAddresses } from "../../src/sensors/pipeline/i2c-scan";
import { type OpenSensor, readSensor } from "../../src/sensors/pipeline/sensor-slot";
import { SensorError } from "../../src/sensors/sensor-error";
import { check, expectSame } from "./report";

/** A chip of the catalogue, its values in the {@link surroundings}, and a fault with a part of its error. */
interface Row {
	readonly chip: string;
	readonly driver: string;
	readonly values: readonly number[];
	readonly fault: ChipFault;
	readonly error: string;
}

const surroundings: SensorEnvironment = Object.freeze({
	temperature: -7.25,
	humidity: 63.5,
	pressure: 98_765,
	co2: 1234,
	illuminance: 88_000,
	voltage: 12.08,
	current: -0.2345,
	uvIndex: 3.4,
	cell: Object.freeze([3.87, 62] as const),
	gasResistance: 123_456,
	gasTicks: Object.freeze([30_000, 16_000] as const),
	particles: Object.freeze([4.2, 6.1, 6.9, 7.3] as const),
	inputs: Object.freeze([0.5, 1.25, 3.3, 0] as const),
});

const rows: readonly Row[] = [
	row("bme280", "BME280", [-7.25, 63.5, 987.65], "never ready", "did not end in time"),
	row("bmp280", "BMP280", [-7.25, 987.65], "out of range", "out of range"),
	row("sht31", "SHT3x", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("sht41", "SHT4x", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("aht20", "AHT20", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("tmp117", "TMP117", [-7.25], "slow", "did not end in time"),
	row("mcp9808", "MCP9808", [-7.25], "out of range", "out of range"),
	row("bme680", "BME680", [-7.25, 63.5, 987.65, 123_456], "never ready", "did not end in time"),
	row("bme688", "BME680", [-7.25, 63.5, 987.65, 123_456], "out of range", "out of range"),
	row("hdc3022", "HDC302x", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("shtc3", "SHTC3", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("hdc1080", "HDC1080", [-7.25, 63.5], "silent", "does not answer"),
	row("lps22hb", "LPS22HB", [-7.25, 987.65], "never ready", "did not end in time"),
	row("sgp40", "SGP40", [Number.NaN, 30_000], "wrong checksum", "checksum"),
	row("sgp41", "SGP41", [Number.NaN, 30_000, Number.NaN, 16_000], "wrong checksum", "checksum"),
	row("sps30", "SPS30", [4.2, 6.1, 6.9, 7.3], "wrong checksum", "checksum"),
	row("veml7700", "VEML7700", [88_000], "out of range", "brighter"),
	row("ltr390", "LTR390", [88_000, 3.4], "never ready", "did not end in time"),
	row("ina226", "INA226", [12.08, -234.5], "out of range", "the current exceeds"),
	row("ina228", "INA228", [12.08, -234.5], "never ready", "did not end in time"),
	row("max17048", "MAX17048", [3.87, 62], "silent", "does not answer"),
	row("scd40", "SCD4x", [1203, -7.25, 63.5], "never ready", "no longer measures"),
	row("scd41", "SCD4x", [1203, -7.25, 63.5], "wrong checksum", "checksum"),
	row("bh1750", "BH1750", [88_000], "out of range", "brighter"),
	row("ina219", "INA219", [12.08, -234.5], "out of range", "the current exceeds"),
	row("ads1115", "ADS1115", [0.5, 1.25, 3.3, 0], "silent", "does not answer"),
];

function row(chip: string, driver: string, values: readonly number[], fault: ChipFault, error: string): Row {
	return { chip, driver, values, fault, error };
}

/** Every driver with the model of its chip: identified, measured, failing, recovered. */
export async function checkSensorDrivers(): Promise<void> {
	for (const each of rows)
		await check(`sensors: ${each.chip} is identified, measures, reports a fault, and recovers`, () =>
			checkDriver(each),
		);
	await check(
		"sensors: a bus that is held low is reported, and works again after nine pulses",
		checkStuckBus,
	);
}

function checkDriver({ chip: name, driver: expected, values, fault, error }: Row): void {
	const bench = new Bench();
	const address = chipCatalogue[name]?.addresses[0] ?? 0;
	const chip = chipCatalogue[name]?.createChip(bench.chipOptions);
	if (chip === undefined) throw new Error("not in the catalogue");
	bench.bus.attach(address, chip);

	const found = allDrivers.filter(
		(driver) => driver.addresses.includes(address) && bench.identifies(driver, address),
	);
	expectSame(
		found.map(({ name }) => name),
		[expected],
		"the drivers that identify it",
	);
	const [driver] = found;
	if (driver === undefined) return;
	const sensor = bench.open(driver, address);
	expectNear(bench.settle(sensor), values);

	chip.fault = fault;
	const message = bench.failure(sensor);
	if (!message.includes(error)) throw new Error(`its error: ${message}`);

	chip.fault = undefined;
	bench.ticks += 60_000;
	sensor.device.close();
	const reopened = bench.open(driver, address);
	expectNear(bench.settle(reopened), values);
	reopened.device.close();
}

function checkStuckBus(): void {
	const bench = new Bench();
	const chip = chipCatalogue.tmp117?.createChip(bench.chipOptions);
	if (chip === undefined) throw new Error("not in the catalogue");
	bench.bus.attach(0x48, chip);
	const driver = allDrivers.find(({ name }) => name === "TMP117");
	if (driver === undefined) throw new Error("no such driver");
	const sensor = bench.open(driver, 0x48);
	bench.bus.holdLow();
	expectSame(
		bench.failure(sensor),
		"TMP117 at 0x48: it does not answer. Check its wiring and address.",
		"its error",
	);
	for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
	expectNear(bench.settle(sensor), [-7.25]);
}

/** An I2C bus with chips, and a clock that the test advances. */
class Bench {
	ticks = 1000;
	readonly bus = new SimulatedI2CBus();

	get chipOptions() {
		return { ticks: () => this.ticks, environment: () => surroundings };
	}

	private get i2cBus(): I2CBus {
		return { io: this.bus.SMBus, data: 21, clock: 22, hz: 100_000 };
	}

	identifies(driver: I2CDriver, address: number): boolean {
		const { chips } = scanDriverAddresses(this.i2cBus, [driver], planProbesAt([address], [driver]));
		return chips.length > 0;
	}

	open(driver: I2CDriver, address: number): OpenSensor {
		const sensor = `${driver.name} at 0x${address.toString(16)}`;
		const device = new I2CDevice(this.i2cBus, address, sensor);
		for (let step = 0; step < 32; step++) {
			const waitMs = driver.reset?.(device, step, "boot") ?? 0;
			if (waitMs === 0) break;
			this.ticks += waitMs;
		}
		return { candidate: { sensor, driver }, device, state: driver.open?.(device, {}) };
	}

	/** Measures each five seconds until there are values. */
	settle(sensor: OpenSensor): readonly Value[] {
		const { candidate, device, state } = sensor;
		const { driver } = candidate;
		for (let attempt = 0; attempt < 12; attempt++) {
			this.ticks += driver.start(device, state);
			const proceed = () => driver.proceed?.(device, state) ?? 0;
			for (let waitMs = proceed(); waitMs > 0; waitMs = proceed()) this.ticks += waitMs;
			const values = readSensor(sensor);
			this.ticks += 5000;
			if (values.some((value) => value !== undefined)) return values;
		}
		throw new Error("no values, and no error");
	}

	failure(sensor: OpenSensor): string {
		try {
			this.settle(sensor);
		} catch (error) {
			if (error instanceof SensorError) return error.message;
			throw error;
		}
		return "nothing";
	}
}

function expectNear(found: readonly Value[], expected: readonly number[]): void {
	expectSame(found.length, expected.length, "number of values");
	expected.forEach((value, index) => {
		// A gas index has no value at first.
		if (Number.isNaN(value)) return;
		const measured = Number(found[index]);
		if (!(Math.abs(measured - value) <= Math.max(0.02, Math.abs(value) / 400)))
			throw new Error(`value ${index} is ${measured}, expected ${value}`);
	});
}
