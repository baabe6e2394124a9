import { beforeEach, describe, expect, test } from "vitest";
import type { ChipFault, SimulatedChip } from "../../simulator/chips/simulated-chip";
import type { Value } from "../../src/reading/reading";
import { ads1115 } from "../../src/sensors/drivers/ads1115";
import { aht20 } from "../../src/sensors/drivers/aht20";
import type { I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { bh1750 } from "../../src/sensors/drivers/bh1750";
import { bme280 } from "../../src/sensors/drivers/bme280";
import { bme680 } from "../../src/sensors/drivers/bme680";
import { bmp280 } from "../../src/sensors/drivers/bmp280";
import { hdc302x } from "../../src/sensors/drivers/hdc302x";
import { hdc1080 } from "../../src/sensors/drivers/hdc1080";
import { ina219 } from "../../src/sensors/drivers/ina219";
import { ina226 } from "../../src/sensors/drivers/ina226";
import { ina228 } from "../../src/sensors/drivers/ina228";
import { lps22hb } from "../../src/sensors/drivers/lps22hb";
import { ltr390 } from "../../src/sensors/drivers/ltr390";
import { max17048 } from "../../src/sensors/drivers/max17048";
import { mcp9808 } from "../../src/sensors/drivers/mcp9808";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { sht3x } from "../../src/sensors/drivers/sht3x";
import { sht4x } from "../../src/sensors/drivers/sht4x";
import { shtc3 } from "../../src/sensors/drivers/shtc3";
import { sps30 } from "../../src/sensors/drivers/sps30";
import { tmp117 } from "../../src/sensors/drivers/tmp117";
import { veml7700 } from "../../src/sensors/drivers/veml7700";
import { SensorError } from "../../src/sensors/sensor-error";
import { type BenchSensor, SensorBench } from "./sensor-bench";

/** A fault of the chip or of its wires. */
type Fault = ChipFault | "unplugged" | "held low";

/** A chip, its driver, its values in the surroundings of the bench, and the error for each fault. */
interface Row {
	readonly chip: string;
	readonly driver: I2CDriver;
	readonly values: readonly number[];
	readonly sentences: Readonly<Partial<Record<Fault, RegExp>>>;
}

const gone = /it does not answer\. Check its wiring and address\.$/;
const late = /its measurement did not end in time\. Check its supply\.$/;
const corrupt = /wrong checksum\. Check its wiring; long wires pick up noise\.$/;
const impossible = /its \w+ is out of range\. Check its wiring and supply\.$/;
const wires = { silent: gone, unplugged: gone, "held low": gone };
const timed = { "never ready": late, slow: late };

const rows: readonly Row[] = [
	{
		chip: "bme280",
		driver: bme280,
		values: [21.37, 48.2, 1013.25],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	{
		chip: "bmp280",
		driver: bmp280,
		values: [21.37, 1013.25],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	// While they measure they do not acknowledge: a late measurement looks like a missing chip.
	{
		chip: "sht31",
		driver: sht3x,
		values: [21.37, 48.2],
		sentences: {
			...wires,
			"wrong checksum": corrupt,
			"never ready": gone,
			slow: gone,
			"out of range": impossible,
		},
	},
	{
		chip: "sht41",
		driver: sht4x,
		values: [21.37, 48.2],
		sentences: {
			...wires,
			"wrong checksum": corrupt,
			"never ready": gone,
			slow: gone,
			"out of range": impossible,
		},
	},
	{
		chip: "aht20",
		driver: aht20,
		values: [21.37, 48.2],
		sentences: { ...wires, ...timed, "wrong checksum": corrupt, "out of range": impossible },
	},
	{
		chip: "tmp117",
		driver: tmp117,
		values: [21.37],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	{
		chip: "scd40",
		driver: scd4x,
		values: [812, 21.37, 48.2],
		sentences: {
			...wires,
			"wrong checksum": corrupt,
			"never ready": /it no longer measures\. Check its supply/,
			slow: /it no longer measures\. Check its supply/,
			"out of range": /its co2 is out of range\./,
		},
	},
	// The data register holds the last value, whose age is unknown: only too much light can be detected.
	{
		chip: "bh1750",
		driver: bh1750,
		values: [431],
		sentences: { ...wires, "out of range": /it is brighter than the sensor can measure\.$/ },
	},
	{
		chip: "ina219",
		driver: ina219,
		values: [12.08, 234.5],
		sentences: {
			...wires,
			...timed,
			"out of range": /the current exceeds the 3\.2 ampere that its 0\.1 ohm can measure\.$/,
		},
	},
	...(
		[
			["bme680", bme680, [21.37, 48.2, 1013.25, 123_456], { ...timed, "out of range": impossible }],
			["lps22hb", lps22hb, [21.37, 1013.25], { ...timed, "out of range": impossible }],
			["hdc3022", hdc302x, [21.37, 48.2], { "wrong checksum": corrupt, "never ready": gone, slow: gone }],
			["shtc3", shtc3, [21.37, 48.2], { "wrong checksum": corrupt, "never ready": gone, slow: gone }],
			["hdc1080", hdc1080, [21.37, 48.2], { "never ready": gone, slow: gone }],
			// It has no bit that says that a conversion has ended.
			["mcp9808", mcp9808, [21.37], { "out of range": impossible }],
			["sps30", sps30, [4.2, 6.1, 6.9, 7.3], { "wrong checksum": corrupt, "out of range": impossible }],
			["veml7700", veml7700, [431], { "out of range": /it is brighter than the sensor can measure\.$/ }],
			["ltr390", ltr390, [431, 3.4], { ...timed, "out of range": /it is brighter/ }],
			[
				"ina226",
				ina226,
				[12.08, 234.5],
				{ ...timed, "out of range": /exceeds the 0\.819 ampere that its 0\.1/ },
			],
			[
				"ina228",
				ina228,
				[12.08, 234.5],
				{ ...timed, "out of range": /exceeds the 1\.64 ampere that its 0\.1/ },
			],
			["max17048", max17048, [3.87, 62], { "out of range": impossible }],
		] as const
	).map(([chip, driver, values, sentences]) => ({
		chip,
		driver,
		values,
		sentences: { ...wires, ...sentences },
	})),
	{ chip: "ads1115", driver: ads1115, values: [0.5, 1.25, 3.3, 2.0001], sentences: { ...wires, ...timed } },
];

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/**
 * Measures each five seconds until there are values; only an SCD4x has none at once. Throws what the sensor
 * throws.
 */
function settle(sensor: BenchSensor): readonly Value[] {
	for (let attempt = 0; attempt < 12; attempt++) {
		const values = bench.measure(sensor);
		bench.ticks += 5000;
		if (values.some((value) => value !== undefined)) return values;
	}
	throw new Error("no values, and no error");
}

/** As in a sensor slot: closes, reopens and measures until it works, up to this number of attempts. */
function recover(
	driver: I2CDriver,
	failed: BenchSensor,
	attempts: number,
): { sensor: BenchSensor; values: readonly Value[] } {
	let last: unknown;
	failed.close();
	for (let attempt = 0; attempt < attempts; attempt++) {
		let sensor: BenchSensor | undefined;
		try {
			sensor = bench.open(driver);
			return { sensor, values: settle(sensor) };
		} catch (error) {
			last = error;
			sensor?.close();
			bench.ticks += 1000;
		}
	}
	throw last;
}

function expectValues(found: readonly Value[], expected: readonly number[]): void {
	expect(found).toHaveLength(expected.length);
	expected.forEach((value, index) => {
		const measured = Number(found[index]);
		expect(Math.abs(measured - value)).toBeLessThanOrEqual(Math.max(0.02, value / 400));
	});
}

function cause(fault: Fault, chip: SimulatedChip<never>, address: number): void {
	if (fault === "unplugged") bench.bus.detach(address);
	else if (fault === "held low") bench.bus.holdLow();
	else chip.fault = fault;
}

/** A chip that is plugged in again is in its power-on state. */
function end(fault: Fault, chip: SimulatedChip<never>, name: string): void {
	chip.fault = undefined;
	if (fault === "unplugged") bench.plugIn(name);
	for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
}

const faults: readonly Fault[] = [
	"silent",
	"unplugged",
	"held low",
	"wrong checksum",
	"never ready",
	"slow",
	"out of range",
];

const cases = rows.flatMap((row) =>
	faults.flatMap((fault) => {
		const sentence = row.sentences[fault];
		return sentence === undefined ? [] : [{ ...row, fault, sentence }];
	}),
);

describe("one clear error, no effect on another sensor, and recovery afterwards", () => {
	test.each(cases)("$chip: $fault", ({ chip: name, driver, values, fault, sentence }) => {
		const neighbour = name === "tmp117" || name === "ads1115" ? bme280 : tmp117;
		const chip = bench.plugIn(name);
		bench.plugIn(neighbour === bme280 ? "bme280" : "tmp117", neighbour === tmp117 ? 0x49 : 0x77);
		const other = bench.open(neighbour, neighbour === tmp117 ? 0x49 : 0x77);
		const sensor = bench.open(driver);
		expectValues(settle(sensor), values);

		cause(fault, chip, driver.addresses[0] ?? 0);
		let error: unknown;
		try {
			settle(sensor);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toBeInstanceOf(SensorError);
		expect(String(error)).toMatch(sentence);
		expect(String(error)).toContain(`${driver.name} at 0x`);
		if (fault !== "held low") expect(bench.measure(other)[0]).toBeCloseTo(21.37, 1);
		// As long as the fault lasts, each attempt fails with an error.
		expect(() => recover(driver, sensor, 2)).toThrow(SensorError);

		end(fault, chip, name);
		bench.ticks += 60_000;
		const back = recover(driver, sensor, 2);
		expectValues(back.values, values);
		expect(bench.measure(other)[0]).toBeCloseTo(21.37, 1);
		// It keeps working.
		bench.surroundings = {
			...bench.surroundings,
			temperature: -3.25,
			co2: 431,
			illuminance: 17,
			voltage: 5,
			current: -0.4,
			cell: [3.6, 14],
			particles: [1, 2, 3, 4],
		};
		bench.ticks += 5000;
		const [first] = settle(back.sensor);
		const expected = {
			scd40: 431,
			bh1750: 17,
			ina219: 5,
			ads1115: 0.5,
			veml7700: 17,
			ltr390: 17,
			ina226: 5,
			ina228: 5,
			max17048: 3.6,
			sps30: 1,
		}[name];
		expect(Number(first)).toBeCloseTo(expected ?? -3.25, 0);
	});
});

describe("faults that no driver can detect", () => {
	test.each(rows)("$chip: frozen, it keeps reporting its last value", ({ chip: name, driver, values }) => {
		const chip = bench.plugIn(name);
		const sensor = bench.open(driver);
		chip.fault = "frozen";
		expectValues(settle(sensor), values);
		bench.surroundings = {
			...bench.surroundings,
			temperature: 5,
			co2: 431,
			illuminance: 17,
			voltage: 5,
			uvIndex: 1,
			cell: [3.6, 14],
			gasResistance: 10_000,
			particles: [1, 2, 3, 4],
			inputs: [1, 1, 1, 1],
		};
		expectValues(settle(sensor), values);
	});

	test("bh1750: a measurement that never ends looks like darkness, or like the light before", () => {
		const chip = bench.plugIn("bh1750");
		const sensor = bench.open(bh1750);
		chip.fault = "never ready";
		expect(bench.measure(sensor)).toEqual([0]);
	});
});

test("an input of the ads1115 beyond its range has no value, and the others have theirs", () => {
	bench.plugIn("ads1115");
	bench.surroundings = { ...bench.surroundings, inputs: [0.5, 5, 1.5, -0.001] };
	const [first, second, third, fourth] = bench.measure(bench.open(ads1115));
	expect([first, second, third]).toEqual([0.5, undefined, 1.5]);
	expect(Number(fourth)).toBeCloseTo(-0.001, 4);
});

describe("a measurement can be read later than necessary", () => {
	test.each(rows)("$chip", ({ driver, chip: name, values }) => {
		bench.plugIn(name);
		const sensor = bench.open(driver);
		bench.measure(sensor, 7000);
		bench.ticks += 7000;
		expectValues(bench.measure(sensor, 7000), values);
	});
});

describe("closed, even twice, it releases its address and no longer answers", () => {
	test.each(rows)("$chip", ({ driver, chip: name }) => {
		bench.plugIn(name);
		const sensor = bench.open(driver);
		expect(() => bench.open(driver)).toThrow(/the I2C bus cannot be used \(duplicate address\)/);
		sensor.close();
		sensor.close();
		expect(() => settle(sensor)).toThrow(SensorError);
		bench.open(driver).close();
	});

	test.each(rows)("$chip: also if it cannot be opened", ({ driver }) => {
		for (let attempt = 0; attempt < 3; attempt++) expect(() => bench.open(driver)).toThrow(gone);
	});
});
