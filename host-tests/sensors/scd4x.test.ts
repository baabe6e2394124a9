import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { SCD4xChip } from "../../simulator/chips/scd4x";
import type { Value } from "../../src/reading/reading";
import type { OpenReason, SensorOptions } from "../../src/sensors/drivers/driver";
import { scd4x } from "../../src/sensors/drivers/scd4x";
import { SensorError } from "../../src/sensors/sensor-error";
import { type BenchSensor, SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";

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
function run(
	intervalMs: number,
	count: number,
	options: SensorOptions = { intervalMs },
	reason: OpenReason = "boot",
): string {
	const sensor = bench.open(scd4x, 0x62, options, reason);
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

test("its settings are those of the data sheet's examples: 5.4 °C is 07E6, 1,950 m is 079E, 987 hPa is 03DB", () => {
	const written: string[] = [];
	bench.bus.attach(0x62, {
		write: (bytes) => {
			written.push(Buffer.from(bytes).toString("hex"));
			chip.write(bytes);
		},
		read: (into) => chip.read(into),
	});
	const surroundings = () => ({ temperature: undefined, humidity: undefined, pressure: 987 });
	const sensor = bench.open(scd4x, 0x62, { temperatureOffset: 5.4, altitudeMetres: 1950, surroundings });
	bench.measure(sensor);
	for (const command of ["241d07e648", "2427079e09", "24160001b0", "e00003db42"])
		expect(written).toContain(command);
});

/** In periodic mode, without an unread measurement. */
function openPeriodic(): BenchSensor {
	const sensor = bench.open(scd4x);
	bench.measure(sensor);
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
	test("it is stopped, reset, started once, and has values from the second reading on, without a wait", () => {
		command(0x21b1);
		const openedAt = bench.ticks;
		const sensor = bench.open(scd4x, 0x62, { intervalMs: 60_000 });
		expect(bench.ticks - openedAt).toBe(560);
		expect(bench.measure(sensor)).toEqual([undefined, undefined, undefined]);
		// Three settings.
		expect(bench.ticks - openedAt).toBe(563);
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
			const reason = start === 0 ? "boot" : "wake";
			expect(run(0, 1, { onBattery: true, intervalMs: 60_000 }, reason)).toBe("1");
			// The wait is only for the measurement and three settings, because the chip was idle.
			if (start > 0) expect(bench.ticks - startedAt).toBe(5003);
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
			const reason = start === 0 ? "boot" : "wake";
			seen.push(run(60_000, 1, { onBattery: true, intervalMs: 60_000 }, reason));
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

describe("on a board", () => {
	const name = "SCD4x at 0x62";
	let board: SensorBoard;
	let sensor: SCD4xChip;
	beforeEach(() => {
		board = new SensorBoard();
		sensor = new SCD4xChip({ ticks: () => board.time.ticks(), environment: () => board.surroundings });
		board.station.bus.attach(0x62, sensor);
		board.surroundings = { ...board.surroundings, pressure: 84_000 };
	});

	test("it gets the pressure of a barometer, also when that changes", async () => {
		board.plugIn("bmp280");
		board.start();
		// The first measurement of the barometer comes too late for it.
		for (let reading = 0; reading < 3; reading++) await board.sample();
		expect(sensor.ambientPressure).toBe(840);
		expect(await board.sample()).toMatchObject({ co2: 812 });
		board.surroundings = { ...board.surroundings, pressure: 86_000 };
		for (let reading = 0; reading < 2; reading++) await board.sample();
		expect(sensor.ambientPressure).toBe(860);
		expect(await board.sample()).toMatchObject({ co2: 812 });
	});

	test("without a barometer it gets the altitude of the settings, and without that its error is that of the pressure", async () => {
		board.start({ altitude: 1550 });
		await board.sample();
		expect(sensor.settings.altitude).toBe(1550);
		expect(Math.abs(Number((await board.sample()).co2) - 812)).toBeLessThan(3);
		board.start();
		await board.sample();
		expect((await board.sample()).co2).toBe(673);
	});

	test("it has the settings of the board, whatever another firmware has stored in it", async () => {
		sensor.settings = { temperatureOffset: 0, altitude: 1901, selfCalibration: 0 };
		sensor.write(Uint8Array.of(0x36, 0x15));
		board.start();
		await board.sample();
		expect(sensor.settings).toEqual({ temperatureOffset: 1498, altitude: 0, selfCalibration: 1 });
		board.start({ sensors: { [name]: { temperatureOffset: 2.5, selfCalibration: false } } });
		await board.sample();
		expect(sensor.settings).toEqual({ temperatureOffset: 936, altitude: 0, selfCalibration: 0 });
	});

	test("it is calibrated once to the concentration of the settings, after three minutes", async () => {
		board.surroundings = { ...board.surroundings, pressure: 101_325 };
		const settings = { interval: 30, sensors: { [name]: { recalibrate: 425 } } };
		const done = `sensor: ${name} is calibrated to 425 ppm`;
		board.start(settings);
		for (let reading = 0; reading < 6; reading++) await board.sample(30_000);
		expect(board.logLines).not.toContain(done);
		for (let reading = 0; reading < 5; reading++) await board.sample(30_000);
		expect(board.logLines.filter((line) => line === done)).toHaveLength(1);
		expect(await board.sample(30_000)).toMatchObject({ co2: 425 });
		// Neither later, nor after a restart, nor after a failure.
		board.surroundings = { ...board.surroundings, co2: 1000 };
		board.start(settings);
		for (let reading = 0; reading < 20; reading++) {
			sensor.fault = reading === 8 ? "silent" : undefined;
			await board.sample(30_000);
		}
		expect(await board.sample(30_000)).toMatchObject({ co2: 1000 + 425 - 812 });
		expect(board.logLines).not.toContain(done);
		// Asked for again.
		board.start();
		await board.sample(30_000);
		board.start(settings);
		for (let reading = 0; reading < 12; reading++) await board.sample(30_000);
		expect(board.logLines).toContain(done);
		expect(await board.sample(30_000)).toMatchObject({ co2: 425 });
	});
});
