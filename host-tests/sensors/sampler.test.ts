import { beforeEach, describe, expect, test } from "vitest";
import { BME280Chip } from "../../simulator/chips/bme280";
import { PowerCycle, SimulatedKeyValue } from "../../simulator/life/powered-storage";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import type { Driver } from "../../src/sensors/drivers/driver";
import type { OpenSensor } from "../../src/sensors/open-sensor";
import { SensorBoard } from "./sensor-board";

let board: SensorBoard;
beforeEach(() => {
	board = new SensorBoard();
});

const hour = 3_600_000;

/** A kind whose sensor behaves as it likes. */
function wild(behaviour: Partial<OpenSensor>): Driver {
	const fields = [{ name: "wild", unit: "", decimals: 2 }];
	return {
		name: "WILD",
		addresses: [0x10],
		fields,
		identify: () => "this",
		open: () => ({
			name: "WILD at 0x10",
			fields,
			start: () => 0,
			read: () => [1],
			close: () => {},
			...behaviour,
		}),
	};
}

describe("a sensor that is plugged in is measured", () => {
	test("by its id, with the field's decimals", async () => {
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

	test("at the next sample, where there was none; that there is none is told once", async () => {
		board.start();
		expect(await board.sampleAsIs()).toEqual({ fields: [], values: [] });
		await board.sample();
		expect(board.logLines).toEqual([
			"sensor: none found on the I2C bus. Check wiring and supply; each sample looks again.",
		]);
		board.plugIn("bme280");
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test("within the hour, where there is one already, whose fields stay in their place", async () => {
		board.plugIn("scd41");
		board.start();
		await board.sample();
		board.plugIn("bme280");
		await board.sample();
		expect(Object.keys(await board.sample())).toEqual(["co2", "temperature", "humidity"]);
		await board.time.advance(hour);
		expect(await board.sample()).toMatchObject({ co2: 812, temperature: 22.48, temperature_2: 22.48 });
	});

	test("at once on request, in all their variety", async () => {
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

describe("one that fails does not stop the others", () => {
	test("pulled out, it is told once, and is back when it is plugged in again", async () => {
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

	test("in the place of a broken one another is read with its own calibration", async () => {
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

	test("in the place of a broken one a chip of another kind gets names of its own", async () => {
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
			"sensor: temperature still stands for BME280 at 0x76, which is not there; the setup page can forget it.",
		);
	});

	test.each(["silent", "wrong checksum", "never ready", "out of range"] as const)(
		"whatever is wrong with it: %s",
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

	test.each<[string, Partial<OpenSensor>]>([
		["it says that it takes for ever", { start: () => Number.POSITIVE_INFINITY }],
		["it says that it takes a week", { start: () => 7 * 24 * hour }],
		["it says that it takes no number", { start: () => Number.NaN }],
		["it comes to no end", { start: () => 10, proceed: () => 10 }],
		["it comes to no end in no time", { start: () => 1e-9, proceed: () => 1e-9 }],
		["it is slow step by step", { start: () => 9000, proceed: () => 9000 }],
		[
			"it throws nothing",
			{
				read: () => {
					throw undefined;
				},
			},
		],
		[
			"it throws what cannot be a text",
			{
				start: () => {
					throw Object.create(null);
				},
			},
		],
		[
			"it throws also when it is closed",
			{
				read: () => {
					throw new Error("no");
				},
				close: () => {
					throw new Error("neither");
				},
			},
		],
		["it measures nothing", { read: () => [] }],
		["it measures what is no number", { read: () => [Number.NaN] }],
		["it measures what is no value", { read: () => [{} as never] }],
		["it measures infinity", { read: () => [Number.NEGATIVE_INFINITY] }],
	])("also when %s", async (_, behaviour) => {
		board.plugIn("bme280");
		board.start({}, [wild(behaviour), ...allDrivers]);
		for (let i = 0; i < 3; i++)
			expect(await board.sample()).toEqual({
				wild: undefined,
				temperature: 22.48,
				humidity: 45.2,
				pressure: 1013.25,
			});
	});

	test("a kind that cannot even tell whether it is there has nothing", async () => {
		board.plugIn("bme280");
		const identify = () => {
			throw new Error("no");
		};
		board.start({}, [{ ...wild({}), identify }, ...allDrivers]);
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});
});

test("a sensor that takes its time does not make the others older", async () => {
	board.plugIn("bme280");
	let readAt = 0;
	const slow: Driver = {
		name: "SLOW",
		addresses: [0x10],
		fields: [{ name: "slow", unit: "", decimals: 0 }],
		identify: () => "this",
		open: () => ({
			name: "SLOW at 0x10",
			fields: [],
			start: () => 5000,
			read: () => {
				readAt = board.time.ticks();
				board.surroundings = { ...board.surroundings, temperature: 30 };
				return [1];
			},
			close: () => {},
		}),
	};
	board.start({}, [slow, ...allDrivers]);
	expect(await board.sample()).toMatchObject({ slow: 1, temperature: 22.48 });
	expect(readAt).toBe(5000);
});

describe("what cannot be used is told in one sentence, once", () => {
	test.each<[string, () => void, string]>([
		["a BME680", () => board.plugIn("bme680"), "BME680 at 0x76: this firmware cannot use it."],
		[
			"a chip at a sensor's address",
			() => {
				const environment = () => board.surroundings;
				board.station.bus.attach(
					0x76,
					new BME280Chip({ ticks: () => board.time.ticks(), environment, id: 0x12 }),
				);
			},
			"I2C address 0x76: a chip that this firmware does not know.",
		],
	])("%s, and does not stop the one beside it", async (_, plugIn, sentence) => {
		plugIn();
		board.plugIn("bme280", 0x77);
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
		for (let i = 0; i < 3; i++) await board.sample(hour);
		expect(board.logLines.filter((line) => line === `sensor: ${sentence}`)).toHaveLength(1);
		expect(board.logLines).toHaveLength(2);
	});

	test("on request, chips at all other addresses, too", async () => {
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
			"sensor: I2C address 0x3c: something answers, but it is no sensor that this firmware knows.",
		);
		expect(disturbed).toBe(0);
	});

	test("a chip that nobody knows is asked at the start and on request, not each hour", async () => {
		let asked = 0;
		board.plugIn("bme280", 0x77);
		board.station.bus.attach(0x76, {
			write: () => asked++,
			read: (into) => into.fill(0x12),
		});
		const sampler = board.start();
		await board.sample();
		const once = asked;
		expect(once).toBeGreaterThan(0);
		await board.sample(hour);
		await board.sample(hour);
		expect(asked).toBe(once);
		await sampler.rescan();
		expect(asked).toBe(2 * once);
	});
});

test("looking for sensors leaves those alone that measure", async () => {
	board.plugIn("bme280");
	board.plugIn("scd41");
	let asked = 0;
	const counted = allDrivers.map((kind) => ({
		...kind,
		identify: (...place: Parameters<Driver["identify"]>) => {
			if (place[1] === 0x76) asked++;
			return kind.identify(...place);
		},
	}));
	const sampler = board.start({}, counted);
	await board.sample();
	expect(asked).toBe(1);
	const result = sampler.sample();
	// Both are in the middle of it; a second object at an open address would be refused, as the SDK does.
	void sampler.rescan();
	await board.time.advance(60_000);
	expect((await result).values).toEqual([22.48, 45.2, 1013.25, 812, 22.48, 45.2]);
	expect(board.logLines.filter((line) => line.includes("is back"))).toEqual([]);
	expect(asked).toBe(1);
});

describe("names stay over restarts", () => {
	test("whatever is plugged in first, and whichever is not there today", async () => {
		board.plugIn("bme280", 0x77, { temperature: 7 });
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 7 });
		board.plugIn("bme280", 0x76, { temperature: 6 });
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 7, temperature_2: 6 });
		board.unplug(0x77);
		board.start();
		expect(await board.sample()).toEqual({ temperature_2: 6, humidity_2: 45.2, pressure_2: 1013.25 });
		expect(board.logLines).toContain("sensor: BME280 at 0x77 was there before, and is not now.");
		// It is back at the very next sample.
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
		// Its own names stay what they are; a third one takes the plain ones.
		board.plugIn("sht31");
		board.start();
		expect(await board.sample()).toMatchObject({ temperature_2: 6, temperature: 22.48 });
	});

	test("damaged ones are told and given anew", async () => {
		board.plugIn("bme280");
		board.storage.write("names", Uint8Array.of(1, 2, 3));
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
		expect(board.logLines[0]).toBe("sensor: the kept names of the fields are damaged; they are given anew.");
		board.start();
		await board.sample();
		expect(board.logLines).toHaveLength(1);
	});

	test("a storage that fails is told, and stops nothing", async () => {
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
		expect(board.logLines[0]).toBe("sensor: the names of the fields could not be kept (full).");
	});

	test("more sensors than anybody has make room for each other", async () => {
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

describe("the owner's wishes", () => {
	test("names, calibration, and what is off", async () => {
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

	test("a name that another field has is refused, and told", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start({ sensors: { "SHT3x at 0x44": { fields: { temperature: { name: "temperature" } } } } });
		expect(Object.keys(await board.sample())).toContain("temperature_2");
		expect(board.logLines).toContain(
			"sensor: SHT3x at 0x44: temperature cannot be called temperature, which another field is; it is called temperature_2.",
		);
	});

	test("also while the other one is not there", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start();
		await board.sample();
		board.unplug(0x76);
		board.start({ sensors: { "SHT3x at 0x44": { fields: { temperature: { name: "temperature" } } } } });
		expect(Object.keys(await board.sample())).toEqual(["temperature_2", "humidity_2"]);
	});

	test("a sensor that is off has its names all the same, and is not missed", async () => {
		board.plugIn("bme280");
		board.plugIn("sht31");
		board.start();
		await board.sample();
		const sampler = board.start({ sensors: { "BME280 at 0x76": { off: true } } });
		expect(Object.keys(await board.sample())).toEqual(["temperature_2", "humidity_2"]);
		expect(board.logLines).toHaveLength(1);
		expect(sampler.sensors.map(({ name }) => name)).toEqual(["SHT3x at 0x44"]);
	});

	test("the resistor and the range reach their chips", async () => {
		board.plugIn("ina219");
		board.plugIn("ads1115");
		board.start({ sensors: { "INA219 at 0x40": { shunt: 0.05 }, "ADS1115 at 0x48": { range: 1.024 } } });
		// The chip has 0.1 Ω and sees 23.45 mV; and 1.25 V is beyond the range.
		expect(await board.sample()).toMatchObject({ current: 469, channel0: 0.5, channel1: undefined });
	});
});

test("derived values are worked out from calibrated ones, for each sensor that has what they take", async () => {
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

describe("statistics: mean, minimum and maximum of what was measured since the reading before", () => {
	/** It gets a degree warmer each ten seconds. */
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

	test("of a derived value are of that value, not worked out from means", async () => {
		board.plugIn("bme280");
		board.start({ statistics: 10, interval: 20, derived: ["absolute_humidity"] });
		board.surroundings = { ...board.surroundings, temperature: 0 };
		await board.sample(15_000);
		board.surroundings = { ...board.surroundings, temperature: 40 };
		await board.time.advance(5_000);
		const { absolute_humidity, absolute_humidity_min, absolute_humidity_max } = await board.sample();
		expect([absolute_humidity_min, absolute_humidity, absolute_humidity_max]).toEqual([2.2, 12.6, 23.1]);
	});

	test("go by what could be measured", async () => {
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

	test("have nothing where nothing could be measured", async () => {
		warm();
		board.start({ statistics: 10, interval: 60 });
		await board.sample(5_000);
		board.unplug(0x76);
		await board.time.advance(55_000);
		expect(new Set(Object.values(await board.sample()))).toEqual(new Set([undefined]));
	});

	test("end with the interval, when no sample comes", async () => {
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

	test("of a sensor that takes longer than a step are of what it has", async () => {
		const environment = () => board.surroundings;
		board.station.bus.attach(0x76, new BME280Chip({ ticks: () => board.time.ticks(), environment }));
		let measured = 0;
		const slow: Driver = {
			name: "SLOW",
			addresses: [0x10],
			fields: [{ name: "slow", unit: "", decimals: 0 }],
			identify: () => "this",
			open: () => ({ name: "", fields: [], start: () => 3500, read: () => [++measured], close: () => {} }),
		};
		board.start({ statistics: 1, interval: 10 }, [slow, ...allDrivers]);
		await board.sample(10_000);
		expect(await board.sample(10_000)).toMatchObject({
			slow: 3,
			slow_min: 2,
			slow_max: 3,
			temperature: 22.48,
		});
	});

	test.each([
		[{ statistics: 10, interval: 60, power: "battery" }, /no statistics on battery/],
		[{ statistics: 31, interval: 60 }, /they need two measurements within the sampling interval of 60 s/],
	])("are left out and told where they cannot be: %o", async (settings, line) => {
		warm();
		board.start(settings);
		expect(Object.keys(await board.sample())).toEqual(["temperature", "humidity", "pressure"]);
		expect(board.logLines[0]).toMatch(line);
	});

	test("leave out, and tell, what a reading has no room for", async () => {
		for (const name of ["bme280", "scd41", "sht31", "bh1750", "ina219"]) board.plugIn(name);
		board.plugIn("ads1115", 0x49);
		board.start({ statistics: 10, interval: 60 });
		const { fields } = await board.sampleAsIs();
		expect(fields).toHaveLength(32);
		expect(fields.filter(({ name }) => !/_(min|max)$/.test(name))).toHaveLength(15);
		expect(board.logLines.join("\n")).toMatch(
			/left out, because a reading holds 32 fields: .*channel3_max\. Turn off fields that are not needed\./,
		);
	});
});

describe("the I2C bus", () => {
	test("that a chip holds is freed, and measured at once: no reading is lost", async () => {
		board.plugIn("bme280");
		board.plugIn("bh1750");
		board.start();
		await board.sample();
		board.station.bus.holdLow();
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
		expect(board.logLines).toContain("sensor: I2C bus: a chip held its data line low; it is free again.");
		expect(board.logLines.filter((line) => line.endsWith("is back"))).toHaveLength(2);
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
	});

	test("that a chip holds in the middle of a reading costs the others that one alone", async () => {
		board.plugIn("bme280");
		board.plugIn("scd41");
		board.start();
		await board.sample();
		// The SCD41 measures by itself, and has been read when the BME280 is waited for.
		board.time.set(() => board.station.bus.holdLow(), 5);
		expect(await board.sample()).toMatchObject({ temperature: undefined, co2: 812 });
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test("that is shorted is told in the same reading in which all fail", async () => {
		board.plugIn("bme280");
		const sampler = board.start();
		await board.sample();
		board.pins.drive(21, 0);
		board.unplug(0x76);
		await board.sample();
		expect(sampler.sensors[0]?.problem).toMatch(/its data line \(SDA, pin 21\) is low all the time/);
	});

	test("that is held already when the board starts is freed before anybody is looked for", async () => {
		board.plugIn("bme280");
		board.station.bus.holdLow();
		board.start();
		expect(await board.sample()).toMatchObject({ temperature: 22.48 });
	});

	test.each([
		["data", 21, /its data line \(SDA, pin 21\) is low all the time/],
		["clock", 22, /its clock line \(SCL, pin 22\) is low all the time/],
	])("whose %s line is shorted is told once, and nobody is asked", async (_, pin, line) => {
		board.plugIn("bme280");
		const chip = board.plugIn("bh1750");
		board.pins.setVolts(34, 1);
		const sampler = board.start({ inputs: [{ kind: "analog", pin: 34, name: "level" }] });
		await board.sample();
		board.pins.drive(pin, 0);
		// The chips themselves do not know of the line; so each is silent.
		chip.fault = "silent";
		board.unplug(0x76);
		await board.sample();
		await board.sample();
		expect(await board.sample()).toMatchObject({ temperature: undefined, illuminance: undefined, level: 1 });
		expect(board.logLines.filter((told) => line.test(told))).toHaveLength(1);
		expect(sampler.sensors[0]?.problem).toMatch(line);
		board.pins.drive(pin, 1);
		board.plugIn("bme280");
		chip.fault = undefined;
		expect(await board.sample()).toMatchObject({ temperature: 22.48, illuminance: 430.8 });
	});
});

describe("a bus whose pins cannot be had says so, and not that its wiring is wrong", () => {
	const sentence =
		"sensor: I2C bus: its pins (SDA 21, SCL 22) cannot be used (in use). Check them in the settings.";

	test("told once; as soon as they are free it is looked at", async () => {
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

	test("also where there is nothing else, and of sensors that were there before", async () => {
		board.plugIn("bme280");
		board.start();
		await board.sample();
		const sampler = board.start();
		const { Digital } = board.pins.provider();
		new Digital({ pin: 22, mode: Digital.Input });
		await board.sample();
		expect(board.logLines).toEqual([sentence, "sensor: BME280 at 0x76 was there before, and is not now."]);
		sampler.forgetMissing();
		board.start();
		await board.sample();
		expect(board.logLines).toEqual([sentence]);
	});

	test("nor is a shorted one taken for one that nobody is on", async () => {
		board.pins.drive(21, 0);
		board.start();
		await board.sample();
		expect(board.logLines).toEqual([
			expect.stringMatching(/its data line \(SDA, pin 21\) is low all the time/),
		]);
	});
});

describe("the state of the sensors", () => {
	test("has their names, fields, newest values and problems; also of those that are missing", async () => {
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
					{ name: "kitchen", unit: "celsius", value: 22.48 },
					{ name: "humidity_2", unit: "percent", value: 45.2 },
				],
			},
			{
				name: "BME280 at 0x76",
				problem: "BME280 at 0x76: it was there before, and is not now.",
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
				{ name: "kitchen", unit: "celsius" },
				{ name: "humidity_2", unit: "percent" },
			],
		});
	});
});

test("a board that wakes up to measure asks only those that it knows, and once an hour the others, too", async () => {
	board.plugIn("bme280");
	board.start({ interval: 300, power: "battery" });
	await board.sample(1_000);
	let asked = 0;
	board.station.bus.attach(0x23, {
		write: () => asked++,
		read: (into) => into.fill(0xff),
	});
	for (let ticks = 300_000; ticks < hour; ticks += 300_000) {
		await board.time.advance(299_000);
		board.start({ interval: 300, power: "battery" }, undefined, true);
		expect(await board.sample(1_000).then(Object.keys)).toHaveLength(3);
	}
	expect(asked).toBe(0);
	await board.time.advance(299_000);
	board.start({ interval: 300, power: "battery" }, undefined, true);
	await board.sample();
	expect(asked).toBeGreaterThan(0);
});

test("closed while it waits, it does no harm", async () => {
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

test("a sensor that was closed while it measured is not read any more", async () => {
	let read = 0;
	const kind = wild({ start: () => 100, read: () => [++read] });
	const sampler = board.start({}, [kind]);
	void sampler.sample();
	sampler.close();
	await board.time.advance(1000);
	expect(read).toBe(0);
});
