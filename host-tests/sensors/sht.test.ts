import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import { sht3x } from "../../src/sensors/drivers/sht3x";
import { sht4x } from "../../src/sensors/drivers/sht4x";
import { SensorError } from "../../src/sensors/sensor-error";
import { type BenchSensor, SensorBench } from "./sensor-bench";

// Neither data sheet has a worked example of a measurement; both have one of the checksum (crc8.test.ts).

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** The values for the two words of an answer. */
function read(driver: typeof sht3x, words: readonly [number, number]) {
	const chip = bench.plugIn(driver === sht3x ? "sht31" : "sht41");
	const sensor = bench.open(driver);
	bench.ticks += sensor.start();
	const bytes = words.flatMap((word) => [word >> 8, word & 0xff, 0]);
	bench.bus.attach(0x44, {
		write: (written) => chip.write(written),
		read: (into) => {
			for (let i = 0; i < 6; i++) into[i] = bytes[i] ?? 0;
			into[2] = crc8ByDivision(bytes.slice(0, 2));
			into[5] = crc8ByDivision(bytes.slice(3, 5));
		},
	});
	const values = sensor.read();
	sensor.close();
	return values;
}

describe("the formulas of the data sheets", () => {
	// −45 + 175 · S / 65535 and 100 · S / 65535.
	test.each([
		[0x0750, 0x0000, -40, 0],
		[0x6666, 0x8000, 25, 50],
		[0xf8af, 0xffff, 125, 100],
	])("SHT3x: the words %i and %i are %d °C and %d %%", (first, second, temperature, humidity) => {
		const [t, h] = read(sht3x, [first, second]);
		expect(t).toBeCloseTo(temperature, 2);
		expect(h).toBeCloseTo(humidity, 2);
	});

	// −45 + 175 · S / 65535 and −6 + 125 · S / 65535, limited to 0 … 100.
	test.each([
		[0x6666, 0x72b0, 25, 50],
		[0x6666, 0x0000, 25, 0],
		[0x6666, 0xffff, 25, 100],
	])("SHT4x: the words %i and %i are %d °C and %d %%", (first, second, temperature, humidity) => {
		const [t, h] = read(sht4x, [first, second]);
		expect(t).toBeCloseTo(temperature, 2);
		expect(h).toBeCloseTo(humidity, 2);
	});
});

describe.each([
	["sht31", sht3x, 15.5],
	["sht41", sht4x, 8.3],
] as const)("%s", (name, driver, durationMs) => {
	test("driver and chip agree over the whole range of the chip", () => {
		bench.plugIn(name);
		const sensor = bench.open(driver);
		fc.assert(
			fc.property(
				fc.double({ min: -40, max: 125, noNaN: true }),
				fc.double({ min: 0, max: 100, noNaN: true }),
				(temperature, humidity) => {
					bench.surroundings = { ...bench.surroundings, temperature, humidity };
					const [celsius, percent] = bench.measure(sensor);
					expect(Math.abs(Number(celsius) - temperature)).toBeLessThan(0.002);
					expect(Math.abs(Number(percent) - humidity)).toBeLessThan(0.001);
				},
			),
		);
	});

	test("a measurement takes at most the time in the data sheet", () => {
		bench.plugIn(name);
		const sensor = bench.open(driver);
		expect(sensor.start()).toBe(durationMs);
		bench.ticks += durationMs;
		expect(sensor.readIfEnded()).toBeDefined();
	});

	test("read too early it does not answer, and the next measurement is right", () => {
		bench.plugIn(name);
		const sensor = bench.open(driver);
		sensor.start();
		bench.ticks += 1;
		expect(() => sensor.read()).toThrow(SensorError);
		bench.ticks += 100;
		expect(bench.measure(sensor)[0]).toBeCloseTo(bench.surroundings.temperature, 2);
	});

	test("each single wrong bit of an answer is detected", () => {
		for (let bit = 0; bit < 48; bit++) {
			bench = new SensorBench();
			const chip = bench.plugIn(name);
			const sensor = bench.open(driver);
			bench.ticks += sensor.start();
			bench.bus.attach(0x44, {
				write: (bytes) => chip.write(bytes),
				read: (into) => {
					chip.read(into);
					into[bit >> 3] = (into[bit >> 3] ?? 0) ^ (1 << (bit & 7));
				},
			});
			expect(() => sensor.read()).toThrow(/checksum/);
		}
	});
});

test("an SHT4x that is probed for an SHT3x gets no command of two bytes, whose effect is not specified", () => {
	const chip = bench.plugIn("sht41");
	const lengths: number[] = [];
	bench.bus.attach(0x44, {
		write: (bytes) => {
			lengths.push(bytes.length);
			chip.write(bytes);
		},
		read: (into) => chip.read(into),
	});
	expect(bench.identify(sht3x)).toBe("other");
	expect(lengths).toEqual([1]);
});

describe("a chip that another program left in any state works at the second attempt", () => {
	/** As in a sensor slot: after a failure it is closed, and reopened for the next sample. */
	function values(driver: typeof sht3x) {
		for (let attempt = 1; attempt <= 2; attempt++) {
			let sensor: BenchSensor | undefined;
			try {
				sensor = bench.open(driver);
				return bench.measure(sensor);
			} catch (error) {
				if (!(error instanceof SensorError) || attempt === 2) throw error;
				bench.ticks += 1000;
			} finally {
				sensor?.close();
			}
		}
		return undefined;
	}

	test.each([
		["measuring", [0x24, 0x00]],
		["measuring periodically, twice a second", [0x22, 0x36]],
		["measuring periodically, each two seconds", [0x20, 0x32]],
		["with its heater on", [0x30, 0x6d]],
		["in the middle of a command", [0x24]],
		["just reset", [0x30, 0xa2]],
		["with an unread answer", [0xf3, 0x2d]],
	])("SHT3x: %s", (_, bytes) => {
		bench.plugIn("sht31").write(Uint8Array.from(bytes));
		expect(values(sht3x)?.[0]).toBeCloseTo(21.37, 1);
	});

	test.each([
		["measuring", 0xfd],
		["heating for a second", 0x39],
		["just reset", 0x94],
		["with an unread answer", 0x89],
	])("SHT4x: %s", (_, byte) => {
		bench.plugIn("sht41").write(Uint8Array.of(byte));
		expect(values(sht4x)?.[0]).toBeCloseTo(21.37, 1);
	});
});
