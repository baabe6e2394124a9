import { beforeEach, describe, expect, test } from "vitest";
import { BME280Chip } from "../../simulator/chips/bme280";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { SensorBoard } from "./sensor-board";

let board: SensorBoard;
beforeEach(() => {
	board = new SensorBoard();
});

const hour = 3_600_000;

/** A driver at 0x10 that always finds its chip, and measures 1 at once. */
function fakeDriver(behaviour: Partial<I2CDriver> = {}): I2CDriver {
	return {
		name: "FAKE",
		addresses: [0x10],
		fields: [{ name: "fake", unit: "", decimals: 2 }],
		matches: () => true,
		start: () => 0,
		read: () => [1],
		...behaviour,
	};
}

describe("a connected sensor is measured", () => {
	test("identified by its id, with the decimals of its fields", async () => {
		board.plugIn("bme280", 0x77);
		board.start();
		const { fields, values } = await board.sampleAsIs();
		expect(fields.map(({ name, unit, decimals }) => [name, unit, decimals])).toEqual([
			["temperature", "celsius", 2],
			["humidity", "percent", 1],
			["pressure", "hPa", 2],
		]);
		expect(values).toEqual([22.48, 45.2, 1013.25]);
		expect(board.logLines).toEqual(["sensor: BME280 at 0x77 (temperature, humidity, pressure)"]);
	});

	test("at the next sample, if there was none; that there is none is logged once", async () => {
		board.start();
		expect(await board.sampleAsIs()).toEqual({ fields: [], values: [] });
		await board.sample();
		expect(board.logLines).toEqual([
			"sensor: none found on the I2C bus. Check wiring and supply. Trying again at each sample.",
		]);
		board.plugIn("bme280");
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test("within an hour, if there is another one, whose fields keep their order", async () => {
		board.plugIn("scd41");
		board.start();
		await board.sample();
		board.plugIn("bme280");
		await board.sample();
		expect(Object.keys(await board.sample())).toEqual(["co2", "temperature", "humidity"]);
		await board.time.advance(hour);
		expect(await board.sample()).toMatchObject({ co2: 812, temperature: 22.48, temperature_2: 22.48 });
	});

	test("at once on request, whatever its type", async () => {
		board.plugIn("scd41");
		const sampler = board.start({ oneWirePin: 4 });
		await board.sample();
		for (const name of ["bme280", "sht31", "bh1750", "ina219", "aht20"]) board.plugIn(name);
		board.plugIn("ads1115", 0x49);
		board.attachThermometer(1);
		await sampler.rescan();
		const sample = await board.sample();
		expect(Object.keys(sample)).toHaveLength(3 + 3 + 2 + 1 + 2 + 2 + 4 + 1);
		expect(Object.values(sample).filter((value) => value === undefined)).toEqual([]);
	});
});

describe("a failing sensor does not affect the others", () => {
	test("unplugged, it is logged once, and recovers when it is plugged in again", async () => {
		board.plugIn("bme280");
		board.plugIn("bh1750");
		board.start();
		await board.sample();
		board.unplug(0x76);
		expect(await board.sample()).toEqual({
			temperature: undefined,
			humidity: undefined,
			pressure: undefined,
			illuminance: 430.8,
		});
		await board.sample();
		expect(board.logLines.slice(2)).toEqual([
			"sensor: BME280 at 0x76: it does not answer. Check its wiring and address.",
		]);
		board.plugIn("bme280");
		expect(await board.sample()).toMatchObject({ temperature: 22.48, humidity: 45.2, pressure: 1013.25 });
		expect(board.logLines.at(-1)).toBe("sensor: BME280 at 0x76 is back");
	});

	test("replaced by another of its type, it is read with the new calibration", async () => {
		board.plugIn("bme280");
		board.start();
		await board.sample();
		board.unplug(0x76);
		await board.sample();
		const calibration = {
			T: [28009, 25654, 50],
			P: [39145, -10750, 3024, 5831, 20, -7, 12300, -12000, 5000],
			H: [75, 370, 0, 313, 50, 30],
		} as const;
		const environment = () => ({ temperature: 7.5, humidity: 80, pressure: 99_000 });
		board.station.bus.attach(
			0x76,
			new BME280Chip({ ticks: () => board.time.ticks(), environment, calibration }),
		);
		expect(Object.values(await board.sample())).toEqual([7.5, 80, 990]);
	});

	test("replaced by a chip of another type, the new one gets names of its own", async () => {
		board.plugIn("bme280");
		board.start();
		await board.sample();
		board.unplug(0x76);
		await board.sample();
		board.plugIn("bmp280", 0x76);
		await board.sample(hour);
		const sample = await board.sample();
		expect(sample).toEqual({ temperature_2: 22.48, pressure_2: 1013.25 });
		expect(board.logLines).toContain("sensor: BMP280 at 0x76 (temperature_2, pressure_2)");
		expect(board.logLines).toContain(
			"sensor: the name temperature belongs to BME280 at 0x76, which is missing; use Forget missing sensors on the setup page.",
		);
	});

	test.each(["silent", "wrong checksum", "never ready", "out of range"] as const)(
		"whatever its fault is: %s",
		async (fault) => {
			const chip = board.plugIn("sht31");
			board.plugIn("bme280");
			board.start();
			await board.sample();
			chip.fault = fault;
			for (let i = 0; i < 3; i++)
				expect(await board.sample()).toMatchObject({
					temperature: 22.48,
					temperature_2: undefined,
					humidity_2: undefined,
				});
			chip.fault = undefined;
			expect(await board.sample()).toMatchObject({ temperature: 22.48, temperature_2: 22.48 });
		},
	);

	test.each<[string, Partial<I2CDriver>]>([
		["its measurement takes infinitely long", { start: () => Number.POSITIVE_INFINITY }],
		["its measurement takes a week", { start: () => 7 * 24 * hour }],
		["the duration is not a number", { start: () => Number.NaN }],
		["it never ends", { start: () => 10, proceed: () => 10 }],
		["it never ends, in almost no time", { start: () => 1e-9, proceed: () => 1e-9 }],
		["its steps add up", { start: () => 9000, proceed: () => 9000 }],
		[
			"it throws undefined",
			{
				read: () => {
					throw undefined;
				},
			},
		],
		[
			"it throws what cannot be converted to text",
			{
				start: () => {
					throw Object.create(null);
				},
			},
		],
		[
			"it throws also when it is closed",
			{
				open(chip) {
					chip.close = () => {
						throw new Error("cannot be closed");
					};
				},
				read: () => {
					throw new Error("cannot be read");
				},
			},
		],
		["it returns no values", { read: () => [] }],
		["it returns NaN", { read: () => [Number.NaN] }],
		["it returns an object", { read: () => [{} as never] }],
		["it returns infinity", { read: () => [Number.NEGATIVE_INFINITY] }],
	])("also if %s", async (_, behaviour) => {
		board.plugIn("bme280");
		board.start({}, [fakeDriver(behaviour), ...allDrivers]);
		for (let i = 0; i < 3; i++)
			expect(await board.sample()).toEqual({
				fake: undefined,
				temperature: 22.48,
				humidity: 45.2,
				pressure: 1013.25,
			});
	});

	test("also if its driver fails to identify it", async () => {
		board.plugIn("bme280");
		const matches = () => {
			throw new Error("cannot be identified");
		};
		board.start({}, [fakeDriver({ matches }), ...allDrivers]);
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});
});

test("a slow sensor does not delay the others", async () => {
	board.plugIn("bme280");
	let readAt = 0;
	const slow = fakeDriver({
		start: () => 5000,
		read: () => {
			readAt = board.time.ticks();
			board.surroundings = { ...board.surroundings, temperature: 30 };
			return [1];
		},
	});
	board.start({}, [slow, ...allDrivers]);
	expect(await board.sample()).toMatchObject({ fake: 1, temperature: 22.48 });
	expect(readAt).toBe(5000);
});

describe("the methods of a driver are called in order", () => {
	let calls: string[];
	let proceed: () => number;

	/** Each `open` returns another state; each call is recorded with the state and the time. */
	function recordingDriver(): I2CDriver {
		let opened = 0;
		const record = (method: string, state: unknown) => {
			calls.push(`${method} ${state} at ${board.time.ticks()}`);
		};
		return fakeDriver({
			open: () => `state ${++opened}`,
			start(_, state) {
				record("start", state);
				return 10;
			},
			proceed(_, state) {
				record("proceed", state);
				return proceed();
			},
			read(_, state) {
				record("read", state);
				return [1];
			},
		});
	}

	beforeEach(() => {
		calls = [];
	});

	test("open once; for each measurement start, proceed until it returns 0, and read once", async () => {
		const waits = [20, 0, 0];
		proceed = () => waits.shift() ?? Number.NaN;
		board.start({}, [recordingDriver()]);
		await board.sample(1000);
		await board.sample(1000);
		expect(calls).toEqual([
			"start state 1 at 0",
			"proceed state 1 at 10",
			"proceed state 1 at 30",
			"read state 1 at 30",
			"start state 1 at 1000",
			"proceed state 1 at 1010",
			"read state 1 at 1010",
		]);
	});

	test("after a failure nothing more of that measurement; open again before the next", async () => {
		proceed = () => {
			throw new Error("no answer");
		};
		board.start({}, [recordingDriver()]);
		await board.sample(1000);
		proceed = () => 0;
		await board.sample(1000);
		expect(calls).toEqual([
			"start state 1 at 0",
			"proceed state 1 at 10",
			"start state 2 at 1000",
			"proceed state 2 at 1010",
			"read state 2 at 1010",
		]);
	});
});

describe("a value outside the range of its field", () => {
	test.each([
		[-40, true],
		[85, true],
		[-40.01, false],
		[85.01, false],
		[Number.NaN, false],
	])("%d is an error unless it is within", async (value, valid) => {
		const fields = [{ name: "fake", unit: "", decimals: 2, min: -40, max: 85 }];
		board.start({}, [fakeDriver({ fields, read: () => [value] })]);
		expect(await board.sample()).toEqual({ fake: valid ? value : undefined });
		expect(board.logLines.slice(1)).toEqual(
			valid ? [] : ["sensor: FAKE at 0x10: its fake is out of range. Check its wiring and supply."],
		);
	});
});

describe("what cannot be used is logged once", () => {
	test.each<[string, () => void, string]>([
		[
			"an unknown chip at the address of a driver",
			() => {
				const environment = () => board.surroundings;
				board.station.bus.attach(
					0x76,
					new BME280Chip({ ticks: () => board.time.ticks(), environment, id: 0x12 }),
				);
			},
			"I2C address 0x76: a chip that this firmware does not support.",
		],
	])("%s, and does not affect another sensor", async (_, plugIn, sentence) => {
		plugIn();
		board.plugIn("bme280", 0x77);
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
		for (let i = 0; i < 3; i++) await board.sample(hour);
		expect(board.logLines.filter((line) => line === `sensor: ${sentence}`)).toHaveLength(1);
		expect(board.logLines).toHaveLength(2);
	});

	test("on request, chips at all other addresses", async () => {
		let disturbed = 0;
		board.station.bus.attach(0x3c, {
			write: () => disturbed++,
			read: (into) => into.fill(0),
		});
		const sampler = board.start();
		await board.sample();
		expect(board.logLines.join()).not.toMatch(/0x3c/);
		await sampler.rescan();
		expect(board.logLines).toContain(
			"sensor: I2C address 0x3c: a chip answers, but it is not a supported sensor.",
		);
		expect(disturbed).toBe(0);
	});

	test("an unknown chip is probed at the start and on request, not each hour", async () => {
		let writes = 0;
		board.plugIn("bme280", 0x77);
		board.station.bus.attach(0x76, {
			write: () => writes++,
			read: (into) => into.fill(0x12),
		});
		const sampler = board.start();
		await board.sample();
		const once = writes;
		expect(once).toBeGreaterThan(0);
		await board.sample(hour);
		await board.sample(hour);
		expect(writes).toBe(once);
		await sampler.rescan();
		expect(writes).toBe(2 * once);
	});
});

test("detection does not disturb open sensors", async () => {
	board.plugIn("bme280");
	board.plugIn("scd41");
	let opened = 0;
	const { i2c } = board.station;
	const io = class extends i2c.io {
		constructor(options: ConstructorParameters<typeof i2c.io>[0]) {
			if (options.address === 0x76) opened++;
			super(options);
		}
	};
	Object.defineProperty(board.station, "i2c", { value: { ...i2c, io } });
	const sampler = board.start();
	await board.sample();
	// For its identification, and for its use.
	expect(opened).toBe(2);
	const result = sampler.sample();
	// Both are measuring. A second object at an open address would be refused, as in the SDK.
	void sampler.rescan();
	await board.time.advance(60_000);
	expect((await result).values).toEqual([22.48, 45.2, 1013.25, 812, 22.48, 45.2]);
	expect(board.logLines.filter((line) => line.includes("is back"))).toEqual([]);
	expect(opened).toBe(2);
});

describe("names survive a restart", () => {
	test("whichever sensor is connected first, and whichever is missing", async () => {
		board.plugIn("bme280", 0x77, { temperature: 7 });
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 7 });
		board.plugIn("bme280", 0x76, { temperature: 6 });
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 7, temperature_2: 6 });
		board.unplug(0x77);
		board.start();
		expect(await board.sample()).toEqual({ temperature_2: 6, humidity_2: 45.2, pressure_2: 1013.25 });
		expect(board.logLines).toContain("sensor: BME280 at 0x77: found before, but missing now.");
		// It is found at the next sample.
		board.plugIn("bme280", 0x77, { temperature: 7 });
		expect(await board.sample()).toMatchObject({ temperature: 7, temperature_2: 6 });
	});

	test("until they are forgotten", async () => {
		board.plugIn("bme280", 0x77, { temperature: 7 });
		board.start();
		await board.sample();
		board.unplug(0x77);
		board.plugIn("bme280", 0x76, { temperature: 6 });
		const sampler = board.start();
		expect(await board.sample()).toMatchObject({ temperature_2: 6 });
		expect(sampler.forgetMissing()).toEqual(["BME280 at 0x77"]);
		expect(sampler.forgetMissing()).toEqual([]);
		// The other keeps its names; a third one gets the plain ones.
		board.plugIn("sht31");
		board.start();
		expect(await board.sample()).toMatchObject({ temperature_2: 6, temperature: 22.48 });
	});

	test("if damaged, which is logged, they are assigned again", async () => {
		board.plugIn("bme280");
		board.storage.write("names", Uint8Array.of(1, 2, 3));
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
		expect(board.logLines[0]).toBe("sensor: the stored field names are damaged; assigning new ones.");
		board.start();
		await board.sample();
		expect(board.logLines).toHaveLength(1);
	});

	test("a failing storage is logged, and stops nothing", async () => {
		board.plugIn("bme280");
		Object.defineProperty(board, "storage", {
			value: {
				...new SimulatedKeyValue()
					.storage(new PowerCycle(() => {}))
					.open({ path: "dakkio", format: "buffer" }),
				read: () => undefined,
				write: () => {
					throw new Error("full");
				},
			},
		});
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
		expect(board.logLines[0]).toBe("sensor: the field names cannot be stored (full).");
	});

	test("beyond the maximum number of sensors, missing ones make room", async () => {
		board.start({ oneWirePin: 4 });
		for (let round = 0; round < 40; round++) {
			const chip = board.attachThermometer(round + 1, round);
			board.start({ oneWirePin: 4 });
			expect(Object.values(await board.sample())).toEqual([round]);
			board.pins.oneWire(4).detach(chip);
		}
		expect(board.storage.read("names")?.byteLength).toBeLessThan(2100);
	});
});

describe("the settings of the sensors", () => {
	test("names, calibration, and off", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.plugIn("bh1750");
		board.start({
			sensors: {
				"BME280 at 0x76": {
					fields: {
						temperature: { name: "outdoors", offset: -0.48 },
						humidity: { scale: 1.1, offset: 1 },
						pressure: { off: true },
					},
				},
				"SHT3x at 0x44": { fields: { temperature: { name: "temperature" } } },
				"BH1750 at 0x23": { off: true },
			},
		});
		expect(await board.sample()).toEqual({
			outdoors: 22,
			humidity: 50.8,
			temperature: 22.48,
			humidity_2: 45.2,
		});
	});

	test("a name that another field has is refused, which is logged", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start({ sensors: { "SHT3x at 0x44": { fields: { temperature: { name: "temperature" } } } } });
		expect(Object.keys(await board.sample())).toContain("temperature_2");
		expect(board.logLines).toContain(
			"sensor: SHT3x at 0x44: temperature keeps the name temperature_2, because another field is named temperature.",
		);
	});

	test("also while the other sensor is missing", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start();
		await board.sample();
		board.unplug(0x76);
		board.start({ sensors: { "SHT3x at 0x44": { fields: { temperature: { name: "temperature" } } } } });
		expect(Object.keys(await board.sample())).toEqual(["temperature_2", "humidity_2"]);
	});

	test("a sensor that is off keeps its names, and is not reported missing", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start();
		await board.sample();
		const sampler = board.start({ sensors: { "BME280 at 0x76": { off: true } } });
		expect(Object.keys(await board.sample())).toEqual(["temperature_2", "humidity_2"]);
		expect(board.logLines).toHaveLength(1);
		expect(sampler.sensors.map(({ name }) => name)).toEqual(["SHT3x at 0x44"]);
	});

	test("the shunt and the range reach their drivers", async () => {
		board.plugIn("ina219");
		board.plugIn("ads1115");
		board.start({ sensors: { "INA219 at 0x40": { shunt: 0.05 }, "ADS1115 at 0x48": { range: 1.024 } } });
		// The chip has 0.1 Ω and sees 23.45 mV; and 1.25 V is beyond the range.
		expect(await board.sample()).toMatchObject({ current: 469, channel0: 0.5, channel1: undefined });
	});
});

test("derived values are calculated from calibrated ones, for each sensor that measures the inputs", async () => {
	board.plugIn("bme280");
	board.plugIn("scd41");
	board.plugIn("bh1750");
	board.start({
		derived: ["dew_point", "absolute_humidity", "sea_level_pressure"],
		altitude: 500,
		sensors: { "BME280 at 0x76": { fields: { temperature: { offset: -2.48 }, humidity: { offset: 4.77 } } } },
	});
	await board.sample();
	expect(await board.sample()).toEqual({
		temperature: 20,
		humidity: 50,
		pressure: 1013.25,
		dew_point: 9.3,
		absolute_humidity: 8.6,
		sea_level_pressure: 1075.5,
		co2: 812,
		temperature_2: 22.48,
		humidity_2: 45.2,
		dew_point_2: 10,
		absolute_humidity_2: 9,
		illuminance: 430.8,
	});
});

describe("statistics: mean, minimum and maximum since the previous reading", () => {
	/** A BME280 in air that gets a degree warmer each ten seconds. */
	function warm(): void {
		const environment = () => ({
			...board.surroundings,
			temperature: 20 + Math.floor(board.time.ticks() / 10_000),
		});
		board.station.bus.attach(0x76, new BME280Chip({ ticks: () => board.time.ticks(), environment }));
	}

	test("are stored for each quantity", async () => {
		warm();
		board.start({ statistics: 10, interval: 60 });
		expect(await board.sample(59_990)).toMatchObject({
			temperature: 20,
			temperature_min: 20,
			temperature_max: 20,
		});
		await board.time.advance(10);
		expect(await board.sample()).toEqual({
			temperature: 23.5,
			temperature_min: 21,
			temperature_max: 26,
			humidity: 45.2,
			humidity_min: 45.2,
			humidity_max: 45.2,
			pressure: 1013.25,
			pressure_min: 1013.25,
			pressure_max: 1013.25,
		});
	});

	test("of a derived value are of that value, not calculated from means", async () => {
		board.plugIn("bme280");
		board.start({ statistics: 10, interval: 20, derived: ["absolute_humidity"] });
		board.surroundings = { ...board.surroundings, temperature: 0 };
		await board.sample(15_000);
		board.surroundings = { ...board.surroundings, temperature: 40 };
		await board.time.advance(5_000);
		const { absolute_humidity, absolute_humidity_min, absolute_humidity_max } = await board.sample();
		expect([absolute_humidity_min, absolute_humidity, absolute_humidity_max]).toEqual([2.2, 12.6, 23.1]);
	});

	test("leave out failed measurements", async () => {
		warm();
		board.start({ statistics: 10, interval: 60 });
		await board.sample(35_000);
		board.unplug(0x76);
		await board.time.advance(20_000);
		warm();
		await board.time.advance(5_000);
		// 40 and 50 seconds were missed.
		expect(await board.sample()).toMatchObject({ temperature: 23, temperature_min: 21, temperature_max: 26 });
	});

	test("are undefined if all measurements failed", async () => {
		warm();
		board.start({ statistics: 10, interval: 60 });
		await board.sample(5_000);
		board.unplug(0x76);
		await board.time.advance(55_000);
		expect(new Set(Object.values(await board.sample()))).toEqual(new Set([undefined]));
	});

	test("end with the interval if no sample follows", async () => {
		warm();
		board.start({ statistics: 10, interval: 60 });
		await board.sample(600_000);
		expect(await board.sample()).toMatchObject({
			temperature: 32.5,
			temperature_min: 21,
			temperature_max: 80,
		});
		expect(board.time.pending).toBeLessThanOrEqual(1);
	});

	test("of a sensor that takes longer than a step are of the measurements it makes", async () => {
		const environment = () => board.surroundings;
		board.station.bus.attach(0x76, new BME280Chip({ ticks: () => board.time.ticks(), environment }));
		let measured = 0;
		const slow = fakeDriver({ start: () => 3500, read: () => [++measured] });
		board.start({ statistics: 1, interval: 10 }, [slow, ...allDrivers]);
		await board.sample(10_000);
		expect(await board.sample(10_000)).toMatchObject({
			fake: 2.5,
			fake_min: 2,
			fake_max: 3,
			temperature: 22.48,
		});
	});

	test.each([
		[{ statistics: 10, interval: 60, power: "battery" }, /no statistics: on battery/],
		[{ statistics: 31, interval: 60 }, /they need at least two measurements per sampling interval of 60 s/],
	])("are left out, which is logged, where they are not possible: %o", async (settings, line) => {
		warm();
		board.start(settings);
		expect(Object.keys(await board.sample())).toEqual(["temperature", "humidity", "pressure"]);
		expect(board.logLines[0]).toMatch(line);
	});

	test("are left out, which is logged, beyond the maximum number of fields", async () => {
		for (const name of ["bme280", "scd41", "sht31", "bh1750", "ina219"]) board.plugIn(name);
		board.plugIn("ads1115", 0x49);
		board.start({ statistics: 10, interval: 60 });
		const { fields } = await board.sampleAsIs();
		expect(fields).toHaveLength(32);
		expect(fields.filter(({ name }) => !/_(min|max)$/.test(name))).toHaveLength(15);
		expect(board.logLines.join("\n")).toMatch(
			/left out, because a reading has at most 32 fields: .*channel3_max\. Turn off fields that are not needed\./,
		);
	});
});

describe("the I2C bus", () => {
	test("that a chip holds is recovered, and measured at once: no reading is lost", async () => {
		board.plugIn("bme280");
		board.plugIn("bh1750");
		board.start();
		await board.sample();
		board.station.bus.holdLow();
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
		expect(board.logLines).toContain("sensor: I2C bus: a chip held the data line low; the bus is recovered.");
		expect(board.logLines.filter((line) => line.endsWith("is back"))).toHaveLength(2);
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
	});

	test("that a chip holds in the middle of a reading affects only that reading", async () => {
		board.plugIn("bme280");
		board.plugIn("scd41");
		board.start();
		await board.sample();
		// The SCD41 has already been read while the BME280 measures.
		board.time.set(() => board.station.bus.holdLow(), 5);
		expect(await board.sample()).toMatchObject({ temperature: undefined, co2: 812 });
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test("that is shorted is reported in the reading in which all sensors fail", async () => {
		board.plugIn("bme280");
		const sampler = board.start();
		await board.sample();
		board.pins.drive(21, 0);
		board.unplug(0x76);
		await board.sample();
		expect(sampler.sensors[0]?.problem).toMatch(/the data line \(SDA, pin 21\) stays low/);
	});

	test("that is held at the start of the board is recovered before detection", async () => {
		board.plugIn("bme280");
		board.station.bus.holdLow();
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test.each([
		["data", 21, /the data line \(SDA, pin 21\) stays low/],
		["clock", 22, /the clock line \(SCL, pin 22\) stays low/],
	])("whose %s line is shorted is logged once, and no chip is probed", async (_, pin, line) => {
		board.plugIn("bme280");
		const chip = board.plugIn("bh1750");
		board.pins.setVolts(34, 1);
		const sampler = board.start({ inputs: [{ kind: "analog", pin: 34, name: "level" }] });
		await board.sample();
		board.pins.drive(pin, 0);
		// The chip models do not know about the line.
		chip.fault = "silent";
		board.unplug(0x76);
		await board.sample();
		await board.sample();
		expect(await board.sample()).toMatchObject({ temperature: undefined, illuminance: undefined, level: 1 });
		expect(board.logLines.filter((logged) => line.test(logged))).toHaveLength(1);
		expect(sampler.sensors[0]?.problem).toMatch(line);
		board.pins.drive(pin, 1);
		board.plugIn("bme280");
		chip.fault = undefined;
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
	});
});

describe("a bus whose pins cannot be used is reported as that, not as bad wiring", () => {
	const sentence =
		"sensor: I2C bus: the pins (SDA 21, SCL 22) cannot be used (in use). Check them in the settings.";

	test("once; as soon as they are free, detection runs", async () => {
		board.plugIn("bme280");
		board.pins.setVolts(34, 1);
		const { Digital } = board.pins.provider();
		const light = new Digital({ pin: 21, mode: Digital.Output });
		board.start({ inputs: [{ kind: "analog", pin: 34, name: "level" }] });
		expect(await board.sample()).toEqual({ level: 1 });
		await board.sample();
		await board.sample(hour);
		expect(board.logLines).toEqual([sentence, "sensor: pin 34 (level)"]);
		light.close();
		expect(await board.sample()).toMatchObject({ temperature: 22.48, level: 1 });
	});

	test("also without other sensors, and for missing sensors", async () => {
		board.plugIn("bme280");
		board.start();
		await board.sample();
		const sampler = board.start();
		const { Digital } = board.pins.provider();
		new Digital({ pin: 22, mode: Digital.Input });
		await board.sample();
		expect(board.logLines).toEqual([sentence, "sensor: BME280 at 0x76: found before, but missing now."]);
		sampler.forgetMissing();
		board.start();
		await board.sample();
		expect(board.logLines).toEqual([sentence]);
	});

	test("a shorted bus is not reported as one without sensors", async () => {
		board.pins.drive(21, 0);
		board.start();
		await board.sample();
		expect(board.logLines).toEqual([expect.stringMatching(/the data line \(SDA, pin 21\) stays low/)]);
	});
});

describe("the states of the sensors", () => {
	const temperature = { field: "temperature", unit: "celsius", decimals: 2 };
	const humidity = { field: "humidity", unit: "percent", decimals: 1 };

	test("have names, latest values and problems, also for missing sensors", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start();
		await board.sample();
		board.unplug(0x76);
		const sampler = board.start({
			sensors: { "SHT3x at 0x44": { fields: { temperature: { name: "kitchen" } } } },
		});
		await board.sample();
		expect(sampler.sensors).toEqual([
			{
				name: "SHT3x at 0x44",
				values: [
					{ ...temperature, name: "kitchen", value: 22.48, measured: expect.closeTo(22.479, 3) },
					{ ...humidity, name: "humidity_2", value: 45.2, measured: expect.closeTo(45.229, 3) },
				],
			},
			{
				name: "BME280 at 0x76",
				problem: "BME280 at 0x76: found before, but missing now.",
				missing: true,
				values: [],
			},
		]);
		board.unplug(0x44);
		await board.sample();
		expect(sampler.sensors[0]).toEqual({
			name: "SHT3x at 0x44",
			problem: "SHT3x at 0x44: it does not answer. Check its wiring and address.",
			values: [
				{ ...temperature, name: "kitchen" },
				{ ...humidity, name: "humidity_2" },
			],
		});
	});
});

test("a board that wakes up to measure probes only known sensors, and once an hour all addresses", async () => {
	board.plugIn("bme280");
	board.start({ interval: 300, power: "battery" });
	await board.sample(1_000);
	let writes = 0;
	board.station.bus.attach(0x23, {
		write: () => writes++,
		read: (into) => into.fill(0xff),
	});
	for (let ticks = 300_000; ticks < hour; ticks += 300_000) {
		await board.time.advance(299_000);
		board.start({ interval: 300, power: "battery" }, undefined, true);
		expect(await board.sample(1_000).then(Object.keys)).toHaveLength(3);
	}
	expect(writes).toBe(0);
	await board.time.advance(299_000);
	board.start({ interval: 300, power: "battery" }, undefined, true);
	await board.sample();
	expect(writes).toBeGreaterThan(0);
});

test("closed while it waits, it stops without an error", async () => {
	board.plugIn("bme280");
	const sampler = board.start();
	const result = sampler.sample();
	sampler.close();
	sampler.close();
	await board.time.advance(1000);
	expect((await result).values).toEqual([]);
	expect((await sampler.sample()).values).toEqual([]);
	expect(board.station.bus.inUse).toBe(false);
});

test("a sensor that is closed while it measures is not read", async () => {
	let read = 0;
	const sampler = board.start({}, [fakeDriver({ start: () => 100, read: () => [++read] })]);
	void sampler.sample();
	sampler.close();
	await board.time.advance(1000);
	expect(read).toBe(0);
});
