import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { BH1750, bh1750 } from "../../src/sensors/drivers/bh1750";
import { SensorBench } from "./sensor-bench";

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

function measure(driver: BH1750) {
	bench.ticks += driver.start();
	for (let wait = driver.proceed(); wait > 0; wait = driver.proceed()) bench.ticks += wait;
	return driver.sample()?.lightmeter.illuminance ?? Number.NaN;
}

test("10000011 10010000 are 28067 lux, as in the example of the technical note", () => {
	const chip = bench.plugIn("bh1750");
	const driver = new BH1750(bench.at(0x23));
	bench.ticks += driver.start();
	bench.bus.attach(0x23, {
		write: (bytes) => chip.write(bytes),
		read: (into) => into.set([0b10000011, 0b10010000]),
	});
	expect(Math.round(driver.sample()?.lightmeter.illuminance ?? 0)).toBe(28067);
});

test("driver and chip agree over all that the chip can measure, from darkness to full sunlight", () => {
	bench.plugIn("bh1750");
	const driver = new BH1750(bench.at(0x23));
	fc.assert(
		fc.property(fc.double({ min: 0, max: 121_000, noNaN: true }), (illuminance) => {
			bench.surroundings = { ...bench.surroundings, illuminance };
			// Half a count, with the usual sensitivity or the least.
			const step = illuminance < 54_000 ? 0.42 : 0.93;
			expect(Math.abs(measure(driver) - illuminance)).toBeLessThan(step);
		}),
	);
});

test("a measurement takes 180 ms at most, and in bright light 81 more for the second", () => {
	bench.plugIn("bh1750");
	const driver = new BH1750(bench.at(0x23));
	expect(driver.start()).toBe(180);
	bench.ticks += 180;
	expect(driver.proceed()).toBe(0);
	expect(driver.sample()?.lightmeter.illuminance).toBeCloseTo(430.8, 1);
	expect(driver.sample()).toBeUndefined();
	bench.surroundings = { ...bench.surroundings, illuminance: 100_000 };
	bench.ticks += driver.start();
	expect(driver.proceed()).toBeCloseTo(80.9, 1);
	bench.ticks += 81;
	expect(driver.proceed()).toBe(0);
	expect(driver.sample()?.lightmeter.illuminance).toBeCloseTo(100_000, -1);
	// And in the dark it is as sensitive as before.
	bench.surroundings = { ...bench.surroundings, illuminance: 3.4 };
	expect(measure(driver)).toBeCloseTo(3.33, 1);
});

test("what is brighter than the least sensitivity can tell has its sentence, not a wrong number", () => {
	bench.plugIn("bh1750");
	bench.surroundings = { ...bench.surroundings, illuminance: 150_000 };
	expect(() => measure(new BH1750(bench.at(0x23)))).toThrow(
		"BH1750 at 0x23: it is brighter than the sensor can measure.",
	);
});

describe("identified by what it tells after a reset", () => {
	test("also while it measures by itself, for somebody else, in bright light", () => {
		const chip = bench.plugIn("bh1750");
		chip.write(Uint8Array.of(0x10));
		bench.ticks += 500;
		expect(bh1750.identify(bench.i2cBus, 0x23)).toBe("this");
	});

	test("registers behind a pointer are another chip (an MCP23017 after its reset)", () => {
		const registers = [0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0];
		let pointer = 0;
		bench.bus.attach(0x23, {
			write: (bytes) => {
				pointer = bytes[0] ?? 0;
			},
			read: (into) => into.set(registers.slice(pointer, pointer + into.length)),
		});
		expect(bh1750.identify(bench.i2cBus, 0x23)).toBe("other");
	});

	test("a port that tells what was written to it is another chip (a PCF8574)", () => {
		let port = 0xff;
		bench.bus.attach(0x23, {
			write: (bytes) => {
				port = bytes[0] ?? port;
			},
			read: (into) => into.fill(port),
		});
		expect(bh1750.identify(bench.i2cBus, 0x23)).toBe("other");
	});
});
