import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import type { SHT } from "../../src/sensors/drivers/sht";
import { SHT3x, sht3x } from "../../src/sensors/drivers/sht3x";
import { SHT4x, sht4x } from "../../src/sensors/drivers/sht4x";
import { SensorError } from "../../src/sensors/sensor-error";
import { SensorBench } from "./sensor-bench";

// Neither data sheet has a worked example of a measurement; of the checksum they have one (crc8.test.ts).

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** What the driver makes of two words that a chip sends. */
function read(Driver: new (options: ReturnType<SensorBench["at"]>) => SHT, words: readonly [number, number]) {
	const name = Driver === SHT3x ? "sht31" : "sht41";
	const chip = bench.plugIn(name);
	const driver = new Driver(bench.at(0x44));
	bench.ticks += driver.start();
	const bytes = words.flatMap((word) => [word >> 8, word & 0xff, 0]);
	bench.bus.attach(0x44, {
		write: (written) => chip.write(written),
		read: (into) => {
			for (let i = 0; i < 6; i++) into[i] = bytes[i] ?? 0;
			into[2] = crc8ByDivision(bytes.slice(0, 2));
			into[5] = crc8ByDivision(bytes.slice(3, 5));
		},
	});
	const sample = driver.sample();
	driver.close();
	return [sample?.thermometer.temperature, sample?.hygrometer.humidity];
}

describe("the formulas of the data sheets", () => {
	// −45 + 175 · S / 65535 and 100 · S / 65535.
	test.each([
		[0x0750, 0x0000, -40, 0],
		[0x6666, 0x8000, 25, 50],
		[0xf8af, 0xffff, 125, 100],
	])("SHT3x: the words %i and %i are %d °C and %d %%", (first, second, temperature, humidity) => {
		const [t, h] = read(SHT3x, [first, second]);
		expect(t).toBeCloseTo(temperature, 2);
		expect(h).toBeCloseTo(humidity, 2);
	});

	// −45 + 175 · S / 65535 and −6 + 125 · S / 65535, cut to what can be.
	test.each([
		[0x6666, 0x72b0, 25, 50],
		[0x6666, 0x0000, 25, 0],
		[0x6666, 0xffff, 25, 100],
	])("SHT4x: the words %i and %i are %d °C and %d %%", (first, second, temperature, humidity) => {
		const [t, h] = read(SHT4x, [first, second]);
		expect(t).toBeCloseTo(temperature, 2);
		expect(h).toBeCloseTo(humidity, 2);
	});
});

describe.each([
	["sht31", SHT3x, 15.5],
	["sht41", SHT4x, 8.3],
] as const)("%s", (name, Driver, duration) => {
	test("driver and chip agree over all that the chip can measure", () => {
		bench.plugIn(name);
		const driver = new Driver(bench.at(0x44));
		fc.assert(
			fc.property(
				fc.double({ min: -40, max: 125, noNaN: true }),
				fc.double({ min: 0, max: 100, noNaN: true }),
				(temperature, humidity) => {
					bench.surroundings = { ...bench.surroundings, temperature, humidity };
					bench.ticks += driver.start();
					const sample = driver.sample();
					expect(Math.abs((sample?.thermometer.temperature ?? 999) - temperature)).toBeLessThan(0.002);
					expect(Math.abs((sample?.hygrometer.humidity ?? 999) - humidity)).toBeLessThan(0.001);
				},
			),
		);
	});

	test("a measurement takes at most what the data sheet says, and is there once", () => {
		bench.plugIn(name);
		const driver = new Driver(bench.at(0x44));
		expect(driver.sample()).toBeUndefined();
		expect(driver.start()).toBe(duration);
		bench.ticks += duration;
		expect(driver.sample()).toBeDefined();
		expect(driver.sample()).toBeUndefined();
	});

	test("read too early it looks like gone, and the next measurement is right", () => {
		bench.plugIn(name);
		const driver = new Driver(bench.at(0x44));
		driver.start();
		bench.ticks += 1;
		expect(() => driver.sample()).toThrow(SensorError);
		bench.ticks += 100;
		bench.ticks += driver.start();
		expect(driver.sample()?.thermometer.temperature).toBeCloseTo(bench.surroundings.temperature, 2);
	});

	test("each single wrong bit of an answer is seen", () => {
		for (let bit = 0; bit < 48; bit++) {
			bench = new SensorBench();
			const chip = bench.plugIn(name);
			const driver = new Driver(bench.at(0x44));
			bench.ticks += driver.start();
			bench.bus.attach(0x44, {
				write: (bytes) => chip.write(bytes),
				read: (into) => {
					chip.read(into);
					into[bit >> 3] = (into[bit >> 3] ?? 0) ^ (1 << (bit & 7));
				},
			});
			expect(() => driver.sample()).toThrow(/checksum/);
		}
	});
});

test("an SHT4x that is asked whether it is an SHT3x gets no command of two bytes, of which nobody knows what it makes", () => {
	const chip = bench.plugIn("sht41");
	const lengths: number[] = [];
	bench.bus.attach(0x44, {
		write: (bytes) => {
			lengths.push(bytes.length);
			chip.write(bytes);
		},
		read: (into) => chip.read(into),
	});
	expect(sht3x.identify(bench.i2cBus, 0x44)).toBe("other");
	expect(lengths).toEqual([1]);
});

describe("a chip that somebody else left in any state is back with the second attempt", () => {
	/** As a sampler does it: what fails is closed and made anew at the next sample. */
	function values(kind: typeof sht3x) {
		for (let attempt = 1; attempt <= 2; attempt++) {
			let sensor: ReturnType<typeof kind.open> | undefined;
			try {
				sensor = bench.make(kind);
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
		["measuring by itself, twice a second", [0x22, 0x36]],
		["measuring by itself, each two seconds", [0x20, 0x32]],
		["with its heater on", [0x30, 0x6d]],
		["in the middle of a command", [0x24]],
		["just reset", [0x30, 0xa2]],
		["asked and not heard", [0xf3, 0x2d]],
	])("SHT3x: %s", (_, bytes) => {
		bench.plugIn("sht31").write(Uint8Array.from(bytes));
		expect(values(sht3x)?.[0]).toBeCloseTo(21.37, 1);
	});

	test.each([
		["measuring", 0xfd],
		["heating for a second", 0x39],
		["just reset", 0x94],
		["asked and not heard", 0x89],
	])("SHT4x: %s", (_, byte) => {
		bench.plugIn("sht41").write(Uint8Array.of(byte));
		expect(values(sht4x)?.[0]).toBeCloseTo(21.37, 1);
	});
});
