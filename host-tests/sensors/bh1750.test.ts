import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { bh1750 } from "../../src/sensors/drivers/bh1750";
import { SensorBench } from "./sensor-bench";

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

test("10000011 10010000 are 28067 lux, as in the example of the technical note", () => {
	const chip = bench.plugIn("bh1750");
	const sensor = bench.open(bh1750);
	bench.surroundings = { ...bench.surroundings, illuminance: 28_067 };
	bench.ticks += sensor.start();
	bench.bus.attach(0x23, {
		write: (bytes) => chip.write(bytes),
		read: (into) => {
			chip.read(into);
			if (into[0] !== 0 && into.length === 2) into.set([0b10000011, 0b10010000]);
		},
	});
	expect(sensor.proceed()).toBe(0);
	expect(Math.round(Number(sensor.read()[0]))).toBe(28067);
});

test("driver and chip agree over the whole range of the chip, from darkness to full sunlight", () => {
	bench.plugIn("bh1750");
	const sensor = bench.open(bh1750);
	fc.assert(
		fc.property(fc.double({ min: 0, max: 121_000, noNaN: true }), (illuminance) => {
			bench.surroundings = { ...bench.surroundings, illuminance };
			// Half a count, with the default or the minimum sensitivity.
			const step = illuminance < 54_000 ? 0.42 : 0.93;
			expect(Math.abs(Number(bench.measure(sensor)[0]) - illuminance)).toBeLessThan(step);
		}),
	);
});

test("a measurement takes up to 180 ms, and in bright light another 81 ms", () => {
	bench.plugIn("bh1750");
	const sensor = bench.open(bh1750);
	expect(sensor.start()).toBe(180);
	bench.ticks += 180;
	expect(sensor.proceed()).toBe(0);
	expect(sensor.read()[0]).toBeCloseTo(430.8, 1);
	bench.surroundings = { ...bench.surroundings, illuminance: 100_000 };
	bench.ticks += sensor.start();
	expect(sensor.proceed()).toBeCloseTo(80.9, 1);
	bench.ticks += 81;
	expect(sensor.proceed()).toBe(0);
	expect(sensor.read()[0]).toBeCloseTo(100_000, -1);
	// In the dark it is as sensitive as before.
	bench.surroundings = { ...bench.surroundings, illuminance: 3.4 };
	expect(bench.measure(sensor)[0]).toBeCloseTo(3.33, 1);
});

test("light beyond the range is an error, not a wrong number", () => {
	bench.plugIn("bh1750");
	bench.surroundings = { ...bench.surroundings, illuminance: 150_000 };
	expect(() => bench.measure(bench.open(bh1750))).toThrow(
		"BH1750 at 0x23: it is brighter than the sensor can measure.",
	);
});

test.each([0xff, 0xa5])("a bus that is idle, or stuck at %i, is an error, not light", (byte) => {
	bench.plugIn("bh1750");
	const sensor = bench.open(bh1750);
	bench.ticks += sensor.start();
	bench.bus.attach(0x23, { write: () => {}, read: (into) => into.fill(byte) });
	expect(() => sensor.read()).toThrow(/it lost its measurement/);
});

test("darkness is measured twice, because a chip without supply for a moment has measured nothing", () => {
	const chip = bench.plugIn("bh1750");
	const sensor = bench.open(bh1750);
	bench.ticks += sensor.start();
	bench.plugIn("bh1750");
	expect(sensor.proceed()).toBe(180);
	bench.ticks += 180;
	expect(sensor.proceed()).toBe(0);
	expect(sensor.read()[0]).toBeCloseTo(430.8, 1);
	expect(chip.fault).toBeUndefined();
	bench.surroundings = { ...bench.surroundings, illuminance: 0 };
	expect(bench.measure(sensor)).toEqual([0]);
});

describe("identified by its answer after a reset", () => {
	test("also while it measures continuously for another program, in bright light", () => {
		const chip = bench.plugIn("bh1750");
		chip.write(Uint8Array.of(0x10));
		bench.ticks += 500;
		expect(bench.identify(bh1750)).toBe("this");
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
		expect(bench.identify(bh1750)).toBe("other");
	});

	test("a port that reads as it was written is another chip (a PCF8574)", () => {
		let port = 0xff;
		bench.bus.attach(0x23, {
			write: (bytes) => {
				port = bytes[0] ?? port;
			},
			read: (into) => into.fill(port),
		});
		expect(bench.identify(bh1750)).toBe("other");
	});
});
