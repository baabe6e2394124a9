import { beforeEach, describe, expect, test } from "vitest";
import { AnalogInput } from "../../src/sensors/inputs/analog-input";
import { readBatteryVolts } from "../../src/sensors/inputs/battery";
import { PulseCounter } from "../../src/sensors/inputs/pulse-input";
import { SensorBoard } from "./sensor-board";

let board: SensorBoard;
beforeEach(() => {
	board = new SensorBoard();
	board.pins.drive(27, 1);
});

/** Closes a contact to ground at pin 27, which bounces so often at both edges. */
async function close(ms = 50, bounces = 0): Promise<void> {
	for (let i = 0; i < bounces; i++) {
		board.pins.drive(27, 0);
		await board.time.advance(1);
		board.pins.drive(27, 1);
		await board.time.advance(1);
	}
	board.pins.drive(27, 0);
	await board.time.advance(ms);
	for (let i = 0; i < bounces; i++) {
		board.pins.drive(27, 1);
		await board.time.advance(1);
		board.pins.drive(27, 0);
		await board.time.advance(1);
	}
	board.pins.drive(27, 1);
	await board.time.advance(ms);
}

describe("a voltage", () => {
	test("at a pin, as volts", async () => {
		board.pins.setVolts(34, 1.234);
		board.start({ inputs: [{ kind: "analog", pin: 34, name: "level" }] });
		const { fields, values } = await board.sampleAsIs();
		expect(fields).toEqual([{ name: "level", unit: "volt", decimals: 3 }]);
		// One step of twelve bits is 0.6 mV.
		expect(Math.abs(Number(values[0]) - 1.234)).toBeLessThanOrEqual(0.0006);
	});

	test("as the quantity that it represents", async () => {
		board.pins.setVolts(34, 0.75);
		const soil = {
			kind: "analog",
			pin: 34,
			name: "soil",
			unit: "percent",
			scale: -50,
			offset: 100,
			decimals: 0,
		};
		board.start({ inputs: [soil] });
		const { fields, values } = await board.sampleAsIs();
		expect(fields).toEqual([{ name: "soil", unit: "percent", decimals: 0 }]);
		// 62.5 less half a step of the converter.
		expect(values).toEqual([62]);
	});

	test("of a converter without a calibration is refused, unless the user has calibrated the input", () => {
		let opened = 0;
		class Uncalibrated {
			readonly resolution = 12;
			readonly isCalibrated = false;
			constructor() {
				opened++;
			}
			read(): number {
				return 2047.5;
			}
			close(): void {
				opened--;
			}
		}
		const input = (calibration: { readonly scale?: number; readonly offset?: number }) =>
			new AnalogInput(Uncalibrated, 3, { kind: "analog", pin: 34, name: "soil", ...calibration });
		for (const calibration of [{}, { scale: 2 }, { offset: 1 }])
			expect(() => input(calibration).read()).toThrow(
				/has no calibration of its converter: calibrate the input/,
			);
		expect(input({ scale: 2, offset: 1 }).read()).toBe(4);
		const battery = { Analog: Uncalibrated, pin: 34, fullScaleVolts: 3, dividerRatio: 2 };
		expect(() => readBatteryVolts(battery)).toThrow(/has no calibration/);
		expect(opened).toBe(0);
	});

	test("at a pin without a converter is an error that affects no other sensor", async () => {
		board.plugIn("bme280");
		board.start({ inputs: [{ kind: "analog", pin: 5, name: "level" }] });
		expect(await board.sample()).toMatchObject({ temperature: 22.48, level: undefined });
		await board.sample();
		expect(board.logLines.slice(-1)).toEqual([
			"sensor: pin 5: it cannot be read (while the Wi-Fi is on, only pins 32 to 39 measure a voltage).",
		]);
	});

	test("has statistics", async () => {
		board.start({
			statistics: 10,
			interval: 30,
			inputs: [{ kind: "analog", pin: 34, name: "level", decimals: 2 }],
		});
		board.pins.setVolts(34, 1);
		await board.sample(15_000);
		board.pins.setVolts(34, 2);
		await board.time.advance(15_000);
		expect(await board.sample()).toEqual({ level: 1.67, level_min: 1, level_max: 2 });
	});
});

describe("a state", () => {
	test.each([
		[{}, true],
		[{ active: "low" }, true],
		[{ active: "high" }, false],
		[{ pull: "none", active: "high" }, false],
	])("of a pin that is low, %o, is %s", async (options, expected) => {
		board.pins.drive(27, 0);
		board.start({ inputs: [{ kind: "state", pin: 27, name: "door", ...options }] });
		expect(await board.sample()).toEqual({ door: expected });
		board.pins.drive(27, 1);
		expect(await board.sample()).toEqual({ door: !expected });
	});

	test("is a boolean field", async () => {
		board.start({ inputs: [{ kind: "state", pin: 27, name: "door" }] });
		const { fields } = await board.sampleAsIs();
		expect(fields).toEqual([{ name: "door", unit: "", decimals: 0, type: "boolean" }]);
	});

	test("is the latest, with statistics", async () => {
		board.start({ statistics: 10, interval: 30, inputs: [{ kind: "state", pin: 27, name: "door" }] });
		await board.sample(15_000);
		board.pins.drive(27, 0);
		await board.time.advance(10_000);
		board.pins.drive(27, 1);
		await board.time.advance(5_000);
		expect(await board.sample()).toEqual({ door: false });
	});

	test("with the name that a sensor's field has is left out, which its problem says", async () => {
		board.plugIn("bme280");
		board.start();
		await board.sample();
		const sampler = board.start({ inputs: [{ kind: "state", pin: 27, name: "temperature" }] });
		expect(Object.keys(await board.sample())).toEqual(["temperature", "humidity", "pressure"]);
		const problem = "pin 27: left out, because another field is named temperature.";
		expect(sampler.sensors.map((sensor) => sensor.problem)).toEqual([undefined, problem]);
	});

	test("of a pin that is in use is an error", async () => {
		const { Digital } = board.pins.provider();
		new Digital({ pin: 27, mode: Digital.Output });
		board.start({ inputs: [{ kind: "state", pin: 27, name: "door" }] });
		expect(await board.sample()).toEqual({ door: undefined });
		expect(board.logLines).toContain("sensor: pin 27: it cannot be read (in use).");
	});
});

describe("pulses", () => {
	const pulses = (more: object = {}) => ({ inputs: [{ kind: "pulses", pin: 27, name: "rain", ...more }] });

	test("are counted from reading to reading, each exactly once", async () => {
		board.start(pulses());
		expect(await board.sample()).toEqual({ rain: 0 });
		for (let i = 0; i < 7; i++) await close();
		expect(await board.sample(0)).toEqual({ rain: 7 });
		await close();
		expect(await board.sample(0)).toEqual({ rain: 1 });
		expect(await board.sample(0)).toEqual({ rain: 0 });
	});

	test("of a contact that bounces count once", async () => {
		board.start(pulses());
		await board.sample();
		for (let i = 0; i < 5; i++) await close(50, 4);
		expect(await board.sample(0)).toEqual({ rain: 5 });
	});

	test("all count without debouncing, however short they are", async () => {
		board.start(pulses({ debounce: 0 }));
		await board.sample();
		for (let i = 0; i < 100; i++) await close(1);
		expect(await board.sample(0)).toEqual({ rain: 100 });
	});

	test("count at the rising edge, if the active level is high", async () => {
		board.pins.drive(27, 0);
		board.start(pulses({ active: "high", pull: "down" }));
		await board.sample();
		board.pins.drive(27, 1);
		await board.time.advance(50);
		expect(await board.sample(0)).toEqual({ rain: 1 });
		board.pins.drive(27, 0);
		await board.time.advance(50);
		expect(await board.sample(0)).toEqual({ rain: 0 });
	});

	test("are scaled", async () => {
		board.start(pulses({ scale: 0.2794, unit: "mm", decimals: 1 }));
		await board.sample();
		for (let i = 0; i < 10; i++) await close();
		const { fields, values } = await board.sampleAsIs();
		expect(fields).toEqual([{ name: "rain", unit: "mm", decimals: 1 }]);
		expect(values).toEqual([2.8]);
	});

	test("as a rate are per second", async () => {
		board.start(pulses({ report: "rate" }));
		await board.sample(0);
		for (let i = 0; i < 100; i++) await close();
		await board.time.advance(10_000);
		// 100 in 20 seconds.
		expect(await board.sample(0)).toEqual({ rain: 5 });
	});

	test("as a total continue after a restart", async () => {
		board.start(pulses({ report: "total" }));
		await board.sample(0);
		for (let i = 0; i < 3; i++) await close();
		expect(await board.sample(0)).toEqual({ rain: 3 });
		board.start(pulses({ report: "total" }));
		expect(await board.sample(0)).toEqual({ rain: 3 });
		await close();
		expect(await board.sample(0)).toEqual({ rain: 4 });
	});

	test("as a total are saved each ten minutes: few are lost in a power cut, and the storage lasts", async () => {
		board.start(pulses({ report: "total" }));
		let writes = 0;
		const write = board.storage.write.bind(board.storage);
		board.storage.write = (key, value) => {
			if (key === "pulses") writes++;
			write(key, value);
		};
		for (let minute = 0; minute < 60; minute++) {
			await close();
			await board.sample(60_000);
		}
		expect(writes).toBeGreaterThanOrEqual(5);
		expect(writes).toBeLessThanOrEqual(6);
	});

	test("with statistics are those of the whole interval", async () => {
		board.start({ statistics: 10, interval: 60, ...pulses() });
		await board.sample(0);
		for (let i = 0; i < 12; i++) {
			await close();
			await board.time.advance(4_900);
		}
		expect(await board.sample(0)).toEqual({ rain: 12 });
	});

	test("are not counted on battery, which is logged", async () => {
		board.start({ ...pulses(), power: "battery" });
		expect(await board.sample()).toEqual({ rain: undefined });
		expect(board.logLines).toContain(
			"sensor: pin 27: on battery the board sleeps between samples and does not count pulses.",
		);
	});
});

describe("a counter of pulses", () => {
	// Numbers: ticks of reported edges; `on`, `off`: the state of the line after it has been quiet.
	test.each<[string, readonly (number | "on" | "off")[], number]>([
		["one pulse", [0, 50, "off"], 1],
		["a pulse that bounces at both ends", [0, 1, 2, 3, 60, 61, 62, "off"], 1],
		["a pulse whose edges were reported as one, because the board was busy", [0, "off", 100, "off"], 2],
		["a lost edge is corrected when the line is quiet", [0, 50, "on", 100, "off", 150, "off"], 2],
		["a contact that stays closed", [0, "on"], 1],
	])("%s", (_, events, expected) => {
		const counter = new PulseCounter(10, false);
		for (const event of events) {
			if (typeof event === "number") counter.onEdge(event);
			else counter.settle(event === "on");
		}
		expect(counter.takeCount()).toBe(expected);
		expect(counter.takeCount()).toBe(0);
	});
});
