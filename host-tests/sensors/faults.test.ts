import { beforeEach, describe, expect, test } from "vitest";
import type { ChipFault, SimulatedChip } from "../../simulator/chips/simulated-chip";
import type { Value } from "../../src/reading/reading";
import { ads1115 } from "../../src/sensors/drivers/ads1115";
import { aht20 } from "../../src/sensors/drivers/aht20";
import { bh1750 } from "../../src/sensors/drivers/bh1750";
import { bme280 } from "../../src/sensors/drivers/bme280";
import { bmp280 } from "../../src/sensors/drivers/bmp280";
import type { Driver } from "../../src/sensors/drivers/driver";
import { ina219 } from "../../src/sensors/drivers/ina219";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { sht3x } from "../../src/sensors/drivers/sht3x";
import { sht4x } from "../../src/sensors/drivers/sht4x";
import { tmp117 } from "../../src/sensors/drivers/tmp117";
import type { OpenSensor } from "../../src/sensors/open-sensor";
import { SensorError } from "../../src/sensors/sensor-error";
import { SensorBench } from "./sensor-bench";

/** What happens to a chip: what the chip does, or what is done to its wires. */
type Trouble = ChipFault | "unplugged" | "held low";

/** A chip, its kind, what it tells of the workbench's surroundings, and the sentence for each trouble. */
interface Row {
	readonly chip: string;
	readonly kind: Driver;
	readonly values: readonly number[];
	readonly sentences: Readonly<Partial<Record<Trouble, RegExp>>>;
}

const gone = /it does not answer\. Check its wiring and address\.$/;
const late = /its measurement did not end in time\. Check its supply\.$/;
const corrupt = /what it sends does not fit its checksum\./;
const impossible = /it reports a \w+ that it cannot measure\. Check its wiring and supply\.$/;
const wires = { silent: gone, unplugged: gone, "held low": gone };
const timed = { "never ready": late, slow: late };

const rows: readonly Row[] = [
	{
		chip: "bme280",
		kind: bme280,
		values: [21.37, 48.2, 1013.25],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	{
		chip: "bmp280",
		kind: bmp280,
		values: [21.37, 1013.25],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	// As long as they measure they do not acknowledge: late is as if gone.
	{
		chip: "sht31",
		kind: sht3x,
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
		kind: sht4x,
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
		kind: aht20,
		values: [21.37, 48.2],
		sentences: { ...wires, ...timed, "wrong checksum": corrupt, "out of range": impossible },
	},
	{
		chip: "tmp117",
		kind: tmp117,
		values: [21.37],
		sentences: { ...wires, ...timed, "out of range": impossible },
	},
	{
		chip: "scd40",
		kind: scd4x,
		values: [812, 21.37, 48.2],
		sentences: {
			...wires,
			"wrong checksum": corrupt,
			"never ready": /it measures nothing more\. Check its supply/,
			slow: /it measures nothing more\. Check its supply/,
			"out of range": /it reports a CO2 concentration that it cannot measure/,
		},
	},
	// The data register holds the last number, and nothing tells how old it is: only what is too bright can be seen.
	{
		chip: "bh1750",
		kind: bh1750,
		values: [431],
		sentences: { ...wires, "out of range": /it is brighter than the sensor can measure\.$/ },
	},
	{
		chip: "ina219",
		kind: ina219,
		values: [12.08, 234.5],
		sentences: {
			...wires,
			...timed,
			"out of range": /more current flows than its 0\.1 ohm can tell, 3\.2 ampere\.$/,
		},
	},
	{ chip: "ads1115", kind: ads1115, values: [0.5, 1.25, 3.3, 2.0001], sentences: { ...wires, ...timed } },
];

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** Measures each five seconds until there are values, which is at once but with an SCD4x; throws what it throws. */
function settle(sensor: OpenSensor): readonly Value[] {
	for (let attempt = 0; attempt < 12; attempt++) {
		const values = bench.measure(sensor);
		bench.ticks += 5000;
		if (values.some((value) => value !== undefined)) return values;
	}
	throw new Error("no values, and no error");
}

/** As a sampler does it: closes, makes anew, measures; so many times until it works. */
function recover(
	kind: Driver,
	failed: OpenSensor,
	attempts: number,
): { sensor: OpenSensor; values: readonly Value[] } {
	let last: unknown;
	failed.close();
	for (let attempt = 0; attempt < attempts; attempt++) {
		let sensor: OpenSensor | undefined;
		try {
			sensor = bench.make(kind);
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

function cause(trouble: Trouble, chip: SimulatedChip<never>, address: number): void {
	if (trouble === "unplugged") bench.bus.detach(address);
	else if (trouble === "held low") bench.bus.holdLow();
	else chip.fault = trouble;
}

/** Plugged in again is another start of the chip: it has forgotten everything. */
function end(trouble: Trouble, chip: SimulatedChip<never>, name: string): void {
	chip.fault = undefined;
	if (trouble === "unplugged") bench.plugIn(name);
	for (let pulse = 0; pulse < 9; pulse++) bench.bus.clockPulse();
}

const troubles: readonly Trouble[] = [
	"silent",
	"unplugged",
	"held low",
	"wrong checksum",
	"never ready",
	"slow",
	"out of range",
];

const cases = rows.flatMap((row) =>
	troubles.flatMap((trouble) => {
		const sentence = row.sentences[trouble];
		return sentence === undefined ? [] : [{ ...row, trouble, sentence }];
	}),
);

describe("one clear sentence, the neighbour goes on, and afterwards it is back", () => {
	test.each(cases)("$chip: $trouble", ({ chip: name, kind, values, trouble, sentence }) => {
		const neighbour = name === "tmp117" || name === "ads1115" ? bme280 : tmp117;
		const chip = bench.plugIn(name);
		bench.plugIn(neighbour === bme280 ? "bme280" : "tmp117", neighbour === tmp117 ? 0x49 : 0x77);
		const other = bench.make(neighbour, neighbour === tmp117 ? 0x49 : 0x77);
		const sensor = bench.make(kind);
		expectValues(settle(sensor), values);

		cause(trouble, chip, kind.addresses[0] ?? 0);
		let error: unknown;
		try {
			settle(sensor);
		} catch (thrown) {
			error = thrown;
		}
		expect(error).toBeInstanceOf(SensorError);
		expect(String(error)).toMatch(sentence);
		expect(String(error)).toContain(`${kind.name} at 0x`);
		if (trouble !== "held low") expect(bench.measure(other)[0]).toBeCloseTo(21.37, 1);
		// As long as it lasts, each new attempt fails in the same manner: with a sentence.
		expect(() => recover(kind, sensor, 2)).toThrow(SensorError);

		end(trouble, chip, name);
		bench.ticks += 60_000;
		const back = recover(kind, sensor, 2);
		expectValues(back.values, values);
		expect(bench.measure(other)[0]).toBeCloseTo(21.37, 1);
		// And it stays so.
		bench.surroundings = {
			...bench.surroundings,
			temperature: -3.25,
			co2: 431,
			illuminance: 17,
			voltage: 5,
			current: -1,
		};
		bench.ticks += 5000;
		const [first] = settle(back.sensor);
		const expected = {
			scd40: 431,
			bh1750: 17,
			ina219: 5,
			ads1115: 0.5,
		}[name];
		expect(Number(first)).toBeCloseTo(expected ?? -3.25, 0);
	});
});

describe("what no driver can know", () => {
	test.each(rows)("$chip: frozen, it tells its last number for ever", ({ chip: name, kind, values }) => {
		const chip = bench.plugIn(name);
		const sensor = bench.make(kind);
		chip.fault = "frozen";
		expectValues(settle(sensor), values);
		bench.surroundings = {
			...bench.surroundings,
			temperature: 5,
			co2: 431,
			illuminance: 17,
			voltage: 5,
			inputs: [1, 1, 1, 1],
		};
		expectValues(settle(sensor), values);
	});

	test("bh1750: a measurement that never ends looks like darkness, or like the light before", () => {
		const chip = bench.plugIn("bh1750");
		const sensor = bench.make(bh1750);
		chip.fault = "never ready";
		expect(bench.measure(sensor)).toEqual([0]);
	});
});

test("an input of the ads1115 that is beyond its range has no value, and the others have theirs", () => {
	bench.plugIn("ads1115");
	bench.surroundings = { ...bench.surroundings, inputs: [0.5, 5, 1.5, -0.001] };
	const [first, second, third, fourth] = bench.measure(bench.make(ads1115));
	expect([first, second, third]).toEqual([0.5, undefined, 1.5]);
	expect(Number(fourth)).toBeCloseTo(-0.001, 4);
});

describe("read later than it said, a measurement is there all the same", () => {
	test.each(rows)("$chip", ({ kind, chip: name, values }) => {
		bench.plugIn(name);
		const sensor = bench.make(kind);
		bench.measure(sensor, 7000);
		bench.ticks += 7000;
		expectValues(bench.measure(sensor, 7000), values);
	});
});

describe("closed, twice if need be, it gives its address back and answers no more", () => {
	test.each(rows)("$chip", ({ kind, chip: name }) => {
		bench.plugIn(name);
		const sensor = bench.make(kind);
		expect(() => bench.make(kind)).toThrow(/the I2C bus cannot be used \(duplicate address\)/);
		sensor.close();
		sensor.close();
		expect(() => settle(sensor)).toThrow(SensorError);
		bench.make(kind).close();
	});

	test.each(rows)("$chip: also when it could not be made", ({ kind }) => {
		for (let attempt = 0; attempt < 3; attempt++) expect(() => bench.make(kind)).toThrow(gone);
	});
});
