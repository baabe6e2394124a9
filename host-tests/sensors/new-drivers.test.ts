import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { SGP4xChip } from "../../simulator/chips/sgp4x";
import { SHTC3Chip } from "../../simulator/chips/shtc3";
import { SPS30Chip } from "../../simulator/chips/sps30";
import { NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { bme680 } from "../../src/sensors/drivers/bme680";
import { hdc1080 } from "../../src/sensors/drivers/hdc1080";
import { ina226 } from "../../src/sensors/drivers/ina226";
import { ina228 } from "../../src/sensors/drivers/ina228";
import { lps22hb } from "../../src/sensors/drivers/lps22hb";
import { max17048 } from "../../src/sensors/drivers/max17048";
import { mcp9808 } from "../../src/sensors/drivers/mcp9808";
import { sgp41 } from "../../src/sensors/drivers/sgp4x";
import { shtc3 } from "../../src/sensors/drivers/shtc3";
import { sps30 } from "../../src/sensors/drivers/sps30";
import { SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** The values for bytes of a register or an answer, which replace those of the chip. */
function valuesFor(driver: I2CDriver, name: string, answers: Readonly<Record<string, readonly number[]>>) {
	const address = driver.addresses[0] ?? 0;
	const chip = bench.plugIn(name);
	let written = "";
	bench.bus.attach(address, {
		write: (bytes) => {
			written = Buffer.from(bytes).toString("hex");
			chip.write(bytes);
		},
		read: (into) => {
			chip.read(into);
			const answer = answers[written];
			if (answer !== undefined && answer.length === into.length) into.set(answer);
		},
	});
	return bench.measure(
		bench.open(driver, address, driver === ina228 || driver === ina226 ? { shuntOhms: 0.002 } : {}),
	);
}

describe("numbers of the data sheets", () => {
	// Typical conversions of section 5.11: 25 °C and 50 % are the middle words.
	test("SHTC3: 6666 and 8000 are 25 °C and 50 %", () => {
		const values = valuesFor(shtc3, "shtc3", { "7866": [0x66, 0x66, 0x93, 0x80, 0x00, 0xa2] });
		expect(values).toEqual([expect.closeTo(25, 2), expect.closeTo(50, 2)]);
	});

	test("HDC1080: T = 165 · n / 2¹⁶ − 40 and RH = 100 · n / 2¹⁶", () => {
		expect(valuesFor(hdc1080, "hdc1080", { "00": [0x64, 0xd8, 0x80, 0x00] })).toEqual([
			expect.closeTo(25, 2),
			50,
		]);
	});

	test("LPS22HB: 3ED000h is 1005 hPa (TN1228), and 100 counts are one degree", () => {
		expect(valuesFor(lps22hb, "lps22hb", { "28": [0x00, 0xd0, 0x3e, 0x38, 0xff] })).toEqual([-2, 1005]);
	});

	// SBOS547A, section 8.2: 12 V, 10 A over 2 mΩ.
	test("INA226: 1F40h and 2570h are 10 A and 11.98 V", () => {
		expect(valuesFor(ina226, "ina226", { "01": [0x1f, 0x40], "02": [0x25, 0x70] })).toEqual([
			expect.closeTo(11.98, 6),
			expect.closeTo(10_000, 3),
		]);
	});

	test("INA228: twenty bits in the upper part of three bytes, with a sign", () => {
		const values = valuesFor(ina228, "ina228", { "05": [0x0f, 0x00, 0x00], "04": [0xff, 0x06, 0x00] });
		expect(values).toEqual([expect.closeTo(12, 6), expect.closeTo((-4000 * 312.5e-9 * 1000) / 0.002, 6)]);
	});

	// DS25095A, register 5-4: sixteenths of a degree in 13 bits, below three bits that compare with the limits.
	test.each([
		[0x0190, 25],
		[0xc190, 25],
		[0x1fff, -0.0625],
		[0x3e70, -25],
		[0x0000, 0],
	])("MCP9808: %i is %d °C", (word, celsius) => {
		expect(valuesFor(mcp9808, "mcp9808", { "05": [word >> 8, word & 0xff] })).toEqual([celsius]);
	});

	test("MAX17048: B400h is 3.6 V, 3280h is 50.5 percent, and more than 100 is 100", () => {
		expect(valuesFor(max17048, "max17048", { "02": [0xb4, 0x00, 0x32, 0x80] })).toEqual([3.6, 50.5]);
		bench = new SensorBench();
		expect(valuesFor(max17048, "max17048", { "02": [0xd2, 0x00, 0x65, 0x80] })).toEqual([4.2, 100]);
	});
});

describe("BME680 and BME688 agree with Bosch's BME68x driver, version 4.4.8, whose results these are", () => {
	// Trimming words at random within those of real chips: the bytes from 8A, E1 and 00. Data from 1D. Then the heater's code.
	test.each([
		[
			0,
			"1568fe00ce8514d75a0099262aff1021000073f7a1f1153ea826ff310b6c990a66b8e2e51921000000b7",
			"800050c5a06b1ce04fe7000000eff80000",
			[6.60089493, 52.0573883, 982.129297, 23345.5645],
			175,
		],
		[
			1,
			"fb660300a68b2dd752002c1914001222000060fbe5f51f430d2c05200487aba3655cd9dc1b1a00000005",
			"80005f088072908046d20000000000b838",
			[16.6428337, 33.8810959, 959.991094, 214765.094],
			174,
		],
	] as const)("variant %i", (variant, trimming, data, [celsius, percent, hectopascal, ohms], heater) => {
		const registers = new Uint8Array(256);
		const bytes = Buffer.from(trimming, "hex");
		registers.set(bytes.subarray(0, 23), 0x8a);
		registers.set(bytes.subarray(23, 37), 0xe1);
		registers.set(bytes.subarray(37), 0x00);
		registers.set([0x61], 0xd0);
		registers.set([variant], 0xf0);
		let pointer = 0;
		bench.bus.attach(0x76, {
			write: ([register = 0, value]) => {
				pointer = register;
				if (value === undefined || register === 0xe0) return;
				registers[register] = value;
				if (register !== 0x74) return;
				// One measurement, and asleep again.
				registers[register] = value & 0xfc;
				registers.set(Buffer.from(data, "hex"), 0x1d);
			},
			read: (into) => into.set(registers.subarray(pointer, pointer + into.length)),
		});
		const values = bench.measure(bench.open(bme680));
		expect(values).toEqual([
			expect.closeTo(celsius, 4),
			expect.closeTo(percent, 3),
			expect.closeTo(hectopascal, 3),
			expect.closeTo(ohms, -1),
		]);
		expect(registers[0x5a]).toBe(heater);
	});
});

describe("driver and chip agree over the whole range of the chip", () => {
	const ranges: Readonly<
		Record<string, readonly (readonly [keyof SensorEnvironment, number, number, number])[]>
	> = {
		bme680: [
			["temperature", -40, 85, 0.01],
			["humidity", 1, 99, 0.1],
			["pressure", 30_000, 110_000, 0.01],
			["gasResistance", 5000, 1e6, 3000],
		],
		bme688: [
			["temperature", -40, 85, 0.01],
			["humidity", 1, 99, 0.1],
			["pressure", 30_000, 110_000, 0.01],
			["gasResistance", 5000, 1e6, 8000],
		],
		shtc3: [
			["temperature", -40, 125, 0.002],
			["humidity", 0, 100, 0.001],
		],
		hdc3022: [
			["temperature", -40, 125, 0.002],
			["humidity", 0, 100, 0.001],
		],
		hdc1080: [
			["temperature", -40, 124, 0.0102],
			["humidity", 0, 99.9, 0.0062],
		],
		mcp9808: [["temperature", -40, 125, 0.0313]],
		lps22hb: [
			["temperature", -40, 85, 0.0051],
			["pressure", 26_000, 126_000, 0.001],
		],
		veml7700: [["illuminance", 0, 120_000, 25]],
		ltr390: [
			["illuminance", 0, 150_000, 0.08],
			["uvIndex", 0, 15, 0.0003],
		],
		ina226: [
			["voltage", 0, 36, 0.0007],
			["current", -0.81, 0.81, 0.013],
		],
		ina228: [
			["voltage", 0, 85, 0.0001],
			["current", -1.63, 1.63, 0.002],
		],
	};

	test.each(Object.entries(ranges))("%s", (name, quantities) => {
		const address = chipCatalogue[name]?.addresses[0] ?? 0;
		bench.plugIn(name);
		const driver = allDrivers.find(
			(each) => each.addresses.includes(address) && bench.identify(each, address) === "this",
		);
		if (driver === undefined) throw new Error(name);
		const sensor = bench.open(driver, address);
		const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), {
			minLength: quantities.length,
			maxLength: quantities.length,
		});
		fc.assert(
			fc.property(shares, (given) => {
				const expected = quantities.map(([, from, to], index) => from + (to - from) * (given[index] ?? 0));
				const changed = Object.fromEntries(
					quantities.map(([quantity], index) => [quantity, expected[index]]),
				);
				bench.surroundings = { ...bench.surroundings, ...changed };
				const values = bench.measure(sensor);
				quantities.forEach(([quantity, , , tolerance], index) => {
					const unit = quantity === "pressure" ? 0.01 : quantity === "current" ? 1000 : 1;
					const difference = Math.abs(Number(values[index]) - (expected[index] ?? 0) * unit);
					expect(difference, `${quantity} ${values[index]}`).toBeLessThanOrEqual(tolerance);
				});
			}),
			{ numRuns: 60 },
		);
	});
});

test("a BME680 whose heater is not stable has no gas resistance, and the other values", () => {
	const chip = bench.plugIn("bme680");
	Object.assign(chip, { isHeaterBroken: true });
	expect(bench.measure(bench.open(bme680))).toEqual([
		expect.closeTo(21.37, 1),
		expect.closeTo(48.2, 0),
		expect.closeTo(1013.25, 1),
		undefined,
	]);
});

test("an MCP9808 that another firmware has locked measures, too, and a loss of its supply is noticed", () => {
	const chip = bench.plugIn("mcp9808");
	chip.write(Uint8Array.of(0x01, 0x04, 0xc0));
	const sensor = bench.open(mcp9808);
	expect(bench.measure(sensor)).toEqual([expect.closeTo(21.37, 1)]);
	bench.surroundings = { ...bench.surroundings, temperature: -3.25 };
	expect(bench.measure(sensor)).toEqual([-3.25]);
	bench.ticks += sensor.start();
	bench.plugIn("mcp9808");
	expect(() => sensor.read()).toThrow(/it lost its measurement/);
});

test("a BME280 whose start takes longer than the data sheet says, without acknowledging, is waited for", async () => {
	const board = new SensorBoard();
	const chip = board.plugIn("bme280");
	let busyUntil = 0;
	const acknowledge = () => {
		if (board.time.ticks() < busyUntil) throw new NotAcknowledgedError();
	};
	board.station.bus.attach(0x76, {
		write: (bytes) => {
			acknowledge();
			chip.write(bytes);
			if (bytes[0] === 0xe0) busyUntil = board.time.ticks() + 15;
		},
		read: (into) => {
			acknowledge();
			chip.read(into);
		},
	});
	board.start();
	expect(await board.sample()).toMatchObject({ temperature: 22.48, pressure: 1013.25 });
});

test("a multiplexer at the address of an SHTC3 is not written to", () => {
	let writes = 0;
	bench.bus.attach(0x70, { write: () => writes++, read: (into) => into.fill(0x04) });
	expect(bench.identify(shtc3)).toBe("other");
	expect(writes).toBe(0);
});

test("an SHTC3 is one whatever the bits of its id are that are not specified", () => {
	for (const id of [0x0807, 0x0887, 0xf7c7, 0x0847 | 0x0480]) {
		bench.bus.attach(0x70, new SHTC3Chip({ ...bench.chipOptions, id }));
		expect(bench.identify(shtc3)).toBe((id & 0x083f) === 0x0807 ? "this" : "other");
	}
});

describe("SGP41", () => {
	let chip: SGP4xChip;
	beforeEach(() => {
		chip = new SGP4xChip(bench.chipOptions);
		bench.bus.attach(0x59, chip);
	});

	test("is conditioned for ten seconds at first, never longer, and then measured at once", () => {
		const sensor = bench.open(sgp41, 0x59, { intervalMs: 10_000 });
		const startedAt = bench.ticks;
		expect(bench.measure(sensor)).toEqual([undefined, 30_000, undefined, 16_000]);
		expect(bench.ticks - startedAt).toBe(10_000);
		for (let reading = 0; reading < 8; reading++) {
			bench.ticks += 9950;
			bench.measure(sensor);
		}
		bench.ticks += 9950;
		const [voc, , nox] = bench.measure(sensor);
		// It has hardly begun to learn what the usual air is.
		expect(voc).toBeGreaterThan(70);
		expect(nox).toBe(1);
		expect(chip.isDamaged).toBe(false);
		expect(chip.hot).toBe(true);
	});

	test("at long intervals there are only ticks, and on battery its heater is off in between", () => {
		const sensor = bench.open(sgp41, 0x59, { intervalMs: 60_000, onBattery: true });
		for (let reading = 0; reading < 20; reading++) {
			expect(bench.measure(sensor)).toEqual([undefined, 30_000, undefined, 16_000]);
			expect(chip.hot).toBe(false);
			bench.ticks += 60_000;
		}
		expect(chip.isDamaged).toBe(false);
	});

	test("is compensated by temperature and humidity of another sensor of the board", async () => {
		const board = new SensorBoard();
		board.plugIn("sht41");
		board.plugIn("sgp41");
		board.start();
		// With the default words, as the other sensor has not measured yet.
		await board.sample();
		board.surroundings = { ...board.surroundings, temperature: 31, humidity: 71 };
		await board.sample();
		expect(await board.sample()).toMatchObject({ voc_raw: 30_000, nox_raw: 16_000 });
	});

	test("on a board with statistics each ten seconds has both indices", async () => {
		const board = new SensorBoard();
		board.plugIn("sgp41");
		board.start({ statistics: 10, interval: 60 });
		for (let reading = 0; reading < 3; reading++) await board.sample();
		const { voc_index, nox_index } = await board.sample();
		expect(voc_index).toBeGreaterThan(90);
		expect(nox_index).toBe(1);
	});
});

describe("SPS30", () => {
	test("runs all the time at short intervals, and otherwise for 16 seconds", () => {
		const chip = new SPS30Chip(bench.chipOptions);
		bench.bus.attach(0x69, chip);
		const often = bench.open(sps30, 0x69, { intervalMs: 60_000 });
		expect(bench.measure(often)[1]).toBeCloseTo(6.1, 5);
		expect(chip.isRunning).toBe(true);
		bench.ticks += 60_000;
		expect(often.start()).toBe(0);
		expect(often.read()[1]).toBeCloseTo(6.1, 5);
		often.close();
		const seldom = bench.open(sps30, 0x69, { intervalMs: 600_000 });
		for (let reading = 0; reading < 3; reading++) {
			const startedAt = bench.ticks;
			expect(bench.measure(seldom)[1]).toBeCloseTo(6.1, 5);
			expect(bench.ticks - startedAt).toBe(16_020);
			expect(chip.isRunning).toBe(false);
			bench.ticks += 600_000;
		}
	});

	test.each([
		[1 << 21, /its fan does not turn/],
		[1 << 4, /its fan does not turn/],
		[1 << 5, /its laser fails/],
	])("with the status %i is an error", (status, sentence) => {
		const chip = new SPS30Chip(bench.chipOptions);
		bench.bus.attach(0x69, chip);
		const sensor = bench.open(sps30, 0x69, { intervalMs: 60_000 });
		bench.measure(sensor);
		chip.status = status;
		bench.ticks += 60_000;
		expect(() => bench.measure(sensor)).toThrow(sentence);
	});

	test("asleep, it is woken and found", () => {
		const chip = bench.plugIn("sps30");
		chip.write(Uint8Array.of(0x10, 0x01));
		expect(bench.identify(sps30)).toBe("this");
	});
});

describe("several of a kind", () => {
	test("have names of their own, which they keep when they are plugged in again", async () => {
		const board = new SensorBoard();
		board.plugIn("lps22hb", 0x5c);
		board.plugIn("lps22hb", 0x5d, { temperature: 5 });
		board.plugIn("hdc3022", 0x46);
		board.start();
		const fields = Object.keys(await board.sample());
		expect(fields).toEqual([
			"temperature",
			"pressure",
			"temperature_2",
			"pressure_2",
			"temperature_3",
			"humidity",
		]);
		board.unplug(0x5c);
		expect((await board.sample()).temperature).toBeUndefined();
		board.plugIn("lps22hb", 0x5c);
		expect(await board.sample()).toMatchObject({
			temperature: 22.48,
			temperature_2: 5,
			temperature_3: 22.48,
		});
	});
});
