import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { SCD4xChip } from "../../simulator/chips/scd4x";
import type { Value } from "../../src/reading/reading";
import type { SensorOptions } from "../../src/sensors/drivers/driver";
import { SCD4x, scd4x } from "../../src/sensors/drivers/scd4x";
import { SensorError } from "../../src/sensors/sensor-error";
import { SensorBench } from "./sensor-bench";

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

/** Measures each so many milliseconds, without and with values: 0 and 1. */
function run(intervalMs: number, count: number, options: SensorOptions = { intervalMs }): string {
	const sensor = bench.make(scd4x, 0x62, options);
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
	const driver = new SCD4x(bench.at(0x62));
	bench.ticks += driver.start();
	driver.proceed();
	bench.ticks += 5000;
	const example = [0x01, 0xf4, 0x33, 0x66, 0x67, 0xa2, 0x5e, 0xb9, 0x3c];
	bench.bus.attach(0x62, {
		write: (bytes) => chip.write(bytes),
		read: (into) => {
			chip.read(into);
			if (into.length === 9) into.set(example);
		},
	});
	const sample = driver.sample();
	expect(sample?.carbonDioxideDetector.CO2).toBe(500);
	expect(sample?.thermometer.temperature).toBeCloseTo(25, 2);
	expect(sample?.hygrometer.humidity).toBeCloseTo(37, 2);
});

test("driver and chip agree over all that the chip can measure", () => {
	const driver = new SCD4x(bench.at(0x62));
	bench.ticks += driver.start();
	driver.proceed();
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 40_000 }),
			fc.double({ min: -10, max: 60, noNaN: true }),
			fc.double({ min: 0, max: 100, noNaN: true }),
			(co2, temperature, humidity) => {
				bench.surroundings = { ...bench.surroundings, co2, temperature, humidity };
				bench.ticks += 5000;
				const sample = driver.sample();
				expect(sample?.carbonDioxideDetector.CO2).toBe(co2);
				expect(Math.abs((sample?.thermometer.temperature ?? 999) - temperature)).toBeLessThan(0.002);
				expect(Math.abs((sample?.hygrometer.humidity ?? 999) - humidity)).toBeLessThan(0.001);
			},
		),
	);
});

describe("measuring by itself", () => {
	test("it is stopped, started once, and has values from the second reading on, without anybody waiting for them", () => {
		const sensor = bench.make(scd4x, 0x62, { intervalMs: 60_000 });
		expect(sensor.start()).toBe(500);
		bench.ticks += 500;
		expect(sensor.proceed?.()).toBe(0);
		expect(sensor.read()).toEqual([undefined, undefined, undefined]);
		for (let reading = 0; reading < 5; reading++) {
			bench.ticks += 60_000;
			bench.surroundings = { ...bench.surroundings, co2: 400 + reading };
			// The last of the measurements, each five seconds, is at most so old.
			bench.ticks += 5000;
			expect(sensor.start()).toBe(0);
			expect(sensor.proceed?.()).toBe(0);
			expect(sensor.read()[0]).toBe(400 + reading);
		}
	});

	test("asked more often than it measures, it has nothing new in between, and that is no fault", () => {
		expect(run(1000, 21)).toMatch(/^0{5,6}(10{4})+1?0*$/);
		bench = new SensorBench();
		plugIn("SCD41");
		expect(run(2000, 20)).toMatch(/^0{2,3}(100?)+$/);
	});

	test("where nobody calls proceed, it has values from the third reading on", () => {
		const sensor = bench.make(scd4x, 0x62, { intervalMs: 60_000 });
		const seen: (Value | undefined)[] = [];
		for (let reading = 0; reading < 4; reading++) {
			bench.ticks += sensor.start();
			seen.push(sensor.read()[0]);
			bench.ticks += 60_000;
		}
		expect(seen).toEqual([undefined, undefined, 812, 812]);
	});

	test.each([
		[1000, 7],
		[5000, 3],
		[60_000, 3],
	])("asked each %i ms, one that stops measuring is told after %i readings", (intervalMs, readings) => {
		const sensor = bench.make(scd4x, 0x62, { intervalMs });
		for (let reading = 0; reading < 12; reading++) {
			bench.measure(sensor);
			bench.ticks += intervalMs;
		}
		chip.fault = "never ready";
		// What it had already.
		bench.measure(sensor);
		let failedAt = 0;
		for (let reading = 1; failedAt === 0 && reading < 20; reading++) {
			bench.ticks += intervalMs;
			try {
				bench.measure(sensor);
			} catch (error) {
				expect(String(error)).toMatch(/SCD4x at 0x62: it measures nothing more/);
				failedAt = reading;
			}
		}
		expect(failedAt).toBeLessThanOrEqual(readings);
		expect(failedAt).toBeGreaterThan(1);
	});
});

describe("resting between readings that are far apart, or on battery", () => {
	test("an SCD41 measures once each time: five seconds, and idle in between", () => {
		const sensor = bench.make(scd4x, 0x62, { intervalMs: 600_000 });
		// Nobody knows at first what it was left doing.
		bench.measure(sensor);
		bench.ticks += 600_000;
		expect(sensor.start()).toBe(5000);
		expect(chip.periodic).toBe(false);
		bench.ticks += 5000;
		expect(sensor.proceed?.()).toBe(0);
		expect(sensor.read()).toEqual([812, expect.closeTo(21.37, 2), expect.closeTo(48.2, 2)]);
	});

	test("an SCD41 on battery has its values with the first reading of each start", () => {
		for (let start = 0; start < 4; start++) {
			const startedAt = bench.ticks;
			expect(run(0, 1, { onBattery: true, intervalMs: 60_000 })).toBe("1");
			// Nothing but the measurement is waited for: it was idle.
			expect(bench.ticks - startedAt).toBe(5000);
			expect(chip.periodic).toBe(false);
			bench.ticks += 60_000;
		}
	});

	test("also when it was measuring by itself before", () => {
		command(0x21b1);
		bench.ticks += 1;
		expect(run(60_000, 1, { onBattery: true })).toBe("1");
		expect(chip.periodic).toBe(false);
	});

	test("an SCD40, which cannot measure once, measures each 30 seconds, and has values from the second start on", () => {
		plugIn("SCD40");
		const seen: string[] = [];
		for (let start = 0; start < 4; start++) {
			seen.push(run(60_000, 1, { onBattery: true, intervalMs: 60_000 }));
			expect(chip.periodic).toBe(true);
		}
		expect(seen.join("")).toBe("0111");
	});

	test("a single measurement that never ends is told", () => {
		chip.fault = "never ready";
		expect(() => run(600_000, 1, { onBattery: true })).toThrow(/it measures nothing more/);
	});
});

describe("whatever it was left doing, it has values again", () => {
	test.each([
		["idle", []],
		["measuring each five seconds", [0x21b1]],
		["measuring each thirty seconds", [0x21ac]],
		["measuring once", [0x219d]],
		["just stopped", [0x21b1, 0x3f86]],
		["asked and not heard", [0xe4b8]],
	])("%s", (_, commands) => {
		for (const each of commands) command(each);
		bench.ticks += 10;
		let values: readonly Value[] = [];
		for (let attempt = 0; attempt < 6 && values[0] === undefined; attempt++) {
			try {
				const sensor = bench.make(scd4x);
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

	test("switched off by a command, it is woken by being looked for, and found the next time", () => {
		command(0x36e0);
		expect(scd4x.identify(bench.i2cBus, 0x62)).toBe("absent");
		bench.ticks += 30;
		expect(scd4x.identify(bench.i2cBus, 0x62)).toBe("this");
	});

	test("looked for while it measures, it goes on", () => {
		command(0x21b1);
		bench.ticks += 6000;
		expect(scd4x.identify(bench.i2cBus, 0x62)).toBe("this");
		expect(chip.periodic).toBe(true);
	});
});

test("0 ppm, which it tells when it measured temperature and humidity alone, is no air", () => {
	const driver = new SCD4x(bench.at(0x62));
	bench.ticks += driver.start();
	driver.proceed();
	bench.surroundings = { ...bench.surroundings, co2: 0 };
	bench.ticks += 5000;
	expect(() => driver.sample()).toThrow(/it reports a CO2 concentration that it cannot measure/);
});
