import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { SCD4xChip } from "../../simulator/chips/scd4x";
import type { Value } from "../../src/reading/reading";
import type { SensorOptions } from "../../src/sensors/drivers/driver";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { SensorError } from "../../src/sensors/sensor-error";
import { type BenchSensor, SensorBench } from "./sensor-bench";

let bench: SensorBench;
let chip: SCD4xChip;
beforeEach(() => {
	bench = new SensorBench();
	plugIn("SCD41");
});

function plugIn(variant: "SCD40" | "SCD41"): void {
	chip = new SCD4xChip({ ...bench.chipOptions, variant });
	bench.bus.attach(0x62, chip);
}

function command(code: number): void {
	chip.write(Uint8Array.of(code >> 8, code & 0xff));
}

/** Measures at this interval; a digit per measurement: 1 with values, 0 without. */
function run(intervalMs: number, count: number, options: SensorOptions = { intervalMs }): string {
	const sensor = bench.open(scd4x, 0x62, options);
	let seen = "";
	for (let i = 0; i < count; i++) {
		const startedAt = bench.ticks;
		seen += bench.measure(sensor)[0] === undefined ? "0" : "1";
		bench.ticks = Math.max(bench.ticks, startedAt + intervalMs);
	}
	sensor.close();
	return seen;
}

test("500 ppm, 25 °C, 37 %: 01F4 33, 6667 A2, 5EB9 3C, as in the example of the data sheet", () => {
	const sensor = openPeriodic();
	bench.ticks += 5000;
	const example = [0x01, 0xf4, 0x33, 0x66, 0x67, 0xa2, 0x5e, 0xb9, 0x3c];
	bench.bus.attach(0x62, {
		write: (bytes) => chip.write(bytes),
		read: (into) => {
			chip.read(into);
			if (into.length === 9) into.set(example);
		},
	});
	expect(sensor.read()).toEqual([500, expect.closeTo(25, 2), expect.closeTo(37, 2)]);
});

/** In periodic mode, without an unread measurement. */
function openPeriodic(): BenchSensor {
	const sensor = bench.open(scd4x);
	bench.ticks += sensor.start();
	sensor.proceed();
	return sensor;
}

test("driver and chip agree over the whole range of the chip", () => {
	const sensor = openPeriodic();
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 40_000 }),
			fc.double({ min: -10, max: 60, noNaN: true }),
			fc.double({ min: 0, max: 100, noNaN: true }),
			(co2, temperature, humidity) => {
				bench.surroundings = { ...bench.surroundings, co2, temperature, humidity };
				bench.ticks += 5000;
				const [ppm, celsius, percent] = sensor.read();
				expect(ppm).toBe(co2);
				expect(Math.abs(Number(celsius) - temperature)).toBeLessThan(0.002);
				expect(Math.abs(Number(percent) - humidity)).toBeLessThan(0.001);
			},
		),
	);
});

describe("in periodic mode", () => {
	test("it is stopped, started once, and has values from the second reading on, without a wait", () => {
		const sensor = bench.open(scd4x, 0x62, { intervalMs: 60_000 });
		expect(sensor.start()).toBe(500);
		bench.ticks += 500;
		expect(sensor.proceed()).toBe(0);
		expect(sensor.read()).toEqual([undefined, undefined, undefined]);
		for (let reading = 0; reading < 5; reading++) {
			bench.ticks += 60_000;
			bench.surroundings = { ...bench.surroundings, co2: 400 + reading };
			// The latest measurement is at most five seconds old.
			bench.ticks += 5000;
			expect(sensor.start()).toBe(0);
			expect(sensor.proceed()).toBe(0);
			expect(sensor.read()[0]).toBe(400 + reading);
		}
	});

	test("read more often than it measures, it has no new data in between, and that is no error", () => {
		expect(run(1000, 21)).toMatch(/^0{5,6}(10{4})+1?0*$/);
		bench = new SensorBench();
		plugIn("SCD41");
		expect(run(2000, 20)).toMatch(/^0{2,3}(100?)+$/);
	});

	test("read before it was started, it has no values; from the third reading on it has", () => {
		const sensor = bench.open(scd4x, 0x62, { intervalMs: 60_000 });
		const seen: (Value | undefined)[] = [];
		for (let reading = 0; reading < 4; reading++) {
			bench.ticks += sensor.start();
			seen.push(sensor.readIfEnded()?.[0]);
			bench.ticks += 60_000;
		}
		expect(seen).toEqual([undefined, undefined, 812, 812]);
	});

	test.each([
		[1000, 7],
		[5000, 3],
		[60_000, 3],
	])("read each %i ms, a chip that stops measuring is an error after %i readings", (intervalMs, readings) => {
		const sensor = bench.open(scd4x, 0x62, { intervalMs });
		for (let reading = 0; reading < 12; reading++) {
			bench.measure(sensor);
			bench.ticks += intervalMs;
		}
		chip.fault = "never ready";
		// The measurement that was already there.
		bench.measure(sensor);
		let failedAt = 0;
		for (let reading = 1; failedAt === 0 && reading < 20; reading++) {
			bench.ticks += intervalMs;
			try {
				bench.measure(sensor);
			} catch (error) {
				expect(String(error)).toMatch(/SCD4x at 0x62: it no longer measures/);
				failedAt = reading;
			}
		}
		expect(failedAt).toBeLessThanOrEqual(readings);
		expect(failedAt).toBeGreaterThan(1);
	});
});

describe("with low power: at long intervals, or on battery", () => {
	test("an SCD41 measures once per reading, for five seconds, and is idle in between", () => {
		const sensor = bench.open(scd4x, 0x62, { intervalMs: 600_000 });
		// Its mode is unknown at first.
		bench.measure(sensor);
		bench.ticks += 600_000;
		expect(sensor.start()).toBe(5000);
		expect(chip.periodic).toBe(false);
		bench.ticks += 5000;
		expect(sensor.proceed()).toBe(0);
		expect(sensor.read()).toEqual([812, expect.closeTo(21.37, 2), expect.closeTo(48.2, 2)]);
	});

	test("an SCD41 on battery has its values with the first reading of each start", () => {
		for (let start = 0; start < 4; start++) {
			const startedAt = bench.ticks;
			expect(run(0, 1, { onBattery: true, intervalMs: 60_000 })).toBe("1");
			// The wait is only for the measurement, because the chip was idle.
			expect(bench.ticks - startedAt).toBe(5000);
			expect(chip.periodic).toBe(false);
			bench.ticks += 60_000;
		}
	});

	test("also after periodic mode", () => {
		command(0x21b1);
		bench.ticks += 1;
		expect(run(60_000, 1, { onBattery: true })).toBe("1");
		expect(chip.periodic).toBe(false);
	});

	test("an SCD40, which has no single shot, measures each 30 seconds, and has values from the second start on", () => {
		plugIn("SCD40");
		const seen: string[] = [];
		for (let start = 0; start < 4; start++) {
			seen.push(run(60_000, 1, { onBattery: true, intervalMs: 60_000 }));
			expect(chip.periodic).toBe(true);
		}
		expect(seen.join("")).toBe("0111");
	});

	test("a single shot that never ends is an error", () => {
		chip.fault = "never ready";
		expect(() => run(600_000, 1, { onBattery: true })).toThrow(/it no longer measures/);
	});
});

describe("whatever mode it was left in, it has values again", () => {
	test.each([
		["idle", []],
		["measuring each five seconds", [0x21b1]],
		["measuring each thirty seconds", [0x21ac]],
		["measuring once", [0x219d]],
		["just stopped", [0x21b1, 0x3f86]],
		["with an unread answer", [0xe4b8]],
	])("%s", (_, commands) => {
		for (const each of commands) command(each);
		bench.ticks += 10;
		let values: readonly Value[] = [];
		for (let attempt = 0; attempt < 6 && values[0] === undefined; attempt++) {
			try {
				const sensor = bench.open(scd4x);
				for (let reading = 0; reading < 3; reading++) {
					values = bench.measure(sensor);
					bench.ticks += 10_000;
				}
				sensor.close();
			} catch (error) {
				expect(error).toBeInstanceOf(SensorError);
				bench.ticks += 1000;
			}
		}
		expect(values[0]).toBe(812);
	});

	test("powered down by a command, it is woken by detection, and found the next time", () => {
		command(0x36e0);
		expect(bench.identify(scd4x)).toBe("absent");
		bench.ticks += 30;
		expect(bench.identify(scd4x)).toBe("this");
	});

	test("detection does not interrupt its measurements", () => {
		command(0x21b1);
		bench.ticks += 6000;
		expect(bench.identify(scd4x)).toBe("this");
		expect(chip.periodic).toBe(true);
	});
});

test("0 ppm, which it reports when it measured only temperature and humidity, is out of range", () => {
	const sensor = openPeriodic();
	bench.surroundings = { ...bench.surroundings, co2: 0 };
	bench.ticks += 5000;
	expect(() => sensor.read()).toThrow(/its co2 is out of range/);
});
