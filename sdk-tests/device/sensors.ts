import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import type { ChipFault } from "../../simulator/chips/simulated-chip";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import type { I2CBus } from "../../src/boards/ecma419";
import type { Value } from "../../src/reading/reading";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import type { Driver } from "../../src/sensors/drivers/driver";
import type { OpenSensor } from "../../src/sensors/open-sensor";
import { SensorError } from "../../src/sensors/sensor-error";
import { check, expectSame } from "./report";

/** A chip of the catalogue, its values in {@link surroundings}, and a fault with part of its message. */
interface Row {
	readonly chip: string;
	readonly kind: string;
	readonly values: readonly number[];
	readonly fault: ChipFault;
	readonly sentence: string;
}

const surroundings: SensorEnvironment = Object.freeze({
	temperature: -7.25,
	humidity: 63.5,
	pressure: 98_765,
	co2: 1234,
	illuminance: 88_000,
	voltage: 12.08,
	current: -0.2345,
	inputs: Object.freeze([0.5, 1.25, 3.3, 0] as const),
});

const rows: readonly Row[] = [
	row("bme280", "BME280", [-7.25, 63.5, 987.65], "never ready", "did not end in time"),
	row("bmp280", "BMP280", [-7.25, 987.65], "out of range", "cannot measure"),
	row("sht31", "SHT3x", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("sht41", "SHT4x", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("aht20", "AHT20", [-7.25, 63.5], "wrong checksum", "checksum"),
	row("tmp117", "TMP117", [-7.25], "slow", "did not end in time"),
	row("scd40", "SCD4x", [1234, -7.25, 63.5], "never ready", "measures nothing more"),
	row("scd41", "SCD4x", [1234, -7.25, 63.5], "wrong checksum", "checksum"),
	row("bh1750", "BH1750", [88_000], "out of range", "brighter"),
	row("ina219", "INA219", [12.08, -234.5], "out of range", "more current"),
	row("ads1115", "ADS1115", [0.5, 1.25, 3.3, 0], "silent", "does not answer"),
];

function row(chip: string, kind: string, values: readonly number[], fault: ChipFault, sentence: string): Row {
	return { chip, kind, values, fault, sentence };
}

/** Every driver against the model of its chip: detection, measurement, fault, recovery. */
export async function checkSensorDrivers(): Promise<void> {
	for (const each of rows)
		await check(`sensors: ${each.chip} is detected, measures, reports a fault, and recovers`, () =>
			checkDriver(each),
		);
	await check("sensors: a blocked bus is reported, and recovers after nine clock pulses", checkStuckBus);
}

function checkDriver({ chip: name, kind: expected, values, fault, sentence }: Row): void {
	const bench = new Bench();
	const address = chipCatalogue[name]?.addresses[0] ?? 0;
	const chip = chipCatalogue[name]?.createChip(bench.chipOptions);
	if (chip === undefined) throw new Error("it is not in the catalogue");
	bench.bus.attach(address, chip);

	const found = allDrivers.filter((kind) => kind.addresses.includes(address) && bench.is(kind, address));
	expectSame(
		found.map((kind) => kind.name),
		[expected],
		"the detected drivers",
	);
	const [kind] = found;
	if (kind === undefined) return;
	const sensor = kind.open(bench.provider, address);
	expectNear(bench.settle(sensor), values);

	chip.fault = fault;
	const message = bench.failure(sensor);
	if (!message.includes(sentence)) throw new Error(`the message is: ${message}`);

	chip.fault = undefined;
	bench.ticks += 60_000;
	sensor.close();
	const again = kind.open(bench.provider, address);
	expectNear(bench.settle(again), values);
	again.close();
}

function checkStuckBus(): void {
	const bench = new Bench();
	const chip = chipCatalogue.tmp117?.createChip(bench.chipOptions);
	if (chip === undefined) throw new Error("it is not in the catalogue");
	bench.bus.attach(0x48, chip);
	const kind = allDrivers.find(({ name }) => name === "TMP117");
	const sensor = kind?.open(bench.provider, 0x48);
	if (sensor === undefined) throw new Error("there is no such driver");
	bench.bus.holdLow();
	expectSame(
		bench.failure(sensor),
		"TMP117 at 0x48: it does not answer. Check its wiring and address.",
		"the message",
	);
	for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
	expectNear(bench.settle(sensor), [-7.25]);
}

/** A bus with manual time. */
class Bench {
	ticks = 1000;
	readonly bus = new SimulatedI2CBus();

	get chipOptions() {
		return { ticks: () => this.ticks, environment: () => surroundings };
	}

	get provider(): I2CBus {
		return { io: this.bus.SMBus, data: 21, clock: 22, hz: 100_000 };
	}

	is(kind: Driver, address: number): boolean {
		return kind.identify(this.provider, address) === "this";
	}

	/** Measures every five seconds until there are values. */
	settle(sensor: OpenSensor): readonly Value[] {
		for (let attempt = 0; attempt < 12; attempt++) {
			this.ticks += sensor.start();
			for (let wait = sensor.proceed?.() ?? 0; wait > 0; wait = sensor.proceed?.() ?? 0) this.ticks += wait;
			const values = sensor.read();
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
	expectSame(found.length, expected.length, "the number of values");
	expected.forEach((value, index) => {
		const measured = Number(found[index]);
		if (!(Math.abs(measured - value) <= Math.max(0.02, Math.abs(value) / 400)))
			throw new Error(`value ${index} is ${measured}, expected ${value}`);
	});
}
