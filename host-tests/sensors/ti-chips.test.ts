import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { INA219Chip } from "../../simulator/chips/ina219";
import { TMP117Chip } from "../../simulator/chips/tmp117";
import { ads1115 } from "../../src/sensors/drivers/ads1115";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import { ina219 } from "../../src/sensors/drivers/ina219";
import { tmp117 } from "../../src/sensors/drivers/tmp117";
import { SensorBench } from "./sensor-bench";

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** A chip some of whose registers read as these words. */
function override(address: number, name: string, words: Readonly<Record<number, number>>): void {
	const chip = bench.plugIn(name, address);
	let pointer = 0;
	bench.bus.attach(address, {
		write: (bytes) => {
			pointer = bytes[0] ?? 0;
			chip.write(bytes);
		},
		read: (into) => {
			chip.read(into);
			const word = words[pointer];
			if (word !== undefined) into.set([word >> 8, word & 0xff]);
		},
	});
}

describe("TMP117", () => {
	// SNOSD82D, table 7-1, within the range of the chip.
	test.each([
		[0xf380, -25],
		[0xfff0, -0.125],
		[0xffff, -0.0078125],
		[0x0000, 0],
		[0x0001, 0.0078125],
		[0x0010, 0.125],
		[0x0080, 1],
		[0x0c80, 25],
		[0x3200, 100],
	])("%i is %d °C", (word, temperature) => {
		bench.plugIn("tmp117");
		const sensor = bench.open(tmp117);
		bench.ticks += sensor.start();
		sensor.close();
		override(0x48, "tmp117", { 0: word, 1: 0x2420 });
		expect(bench.measure(bench.open(tmp117))).toEqual([temperature]);
	});

	test.each([
		[0x8000, /it lost its measurement/],
		[0x7fff, /its temperature is out of range/],
		[0xe400, /its temperature is out of range/],
	])("%i is an error", (word, sentence) => {
		override(0x48, "tmp117", { 0: word });
		const sensor = bench.open(tmp117);
		bench.ticks += sensor.start();
		expect(() => sensor.read()).toThrow(sentence);
	});

	test("driver and chip agree over the whole range of the chip", () => {
		bench.plugIn("tmp117");
		const sensor = bench.open(tmp117);
		fc.assert(
			fc.property(fc.double({ min: -55, max: 150, noNaN: true }), (temperature) => {
				bench.surroundings = { ...bench.surroundings, temperature };
				expect(Math.abs(Number(bench.measure(sensor)[0]) - temperature)).toBeLessThan(0.004);
			}),
		);
	});

	test("eight averaged measurements have ended after 140 ms, not before, and are read once", () => {
		bench.plugIn("tmp117");
		const sensor = bench.open(tmp117);
		expect(sensor.start()).toBe(140);
		bench.ticks += 100;
		expect(sensor.readIfEnded()).toBeUndefined();
		bench.ticks += 40;
		expect(sensor.readIfEnded()).toBeDefined();
		expect(sensor.readIfEnded()).toBeUndefined();
	});

	test("a chip that was just powered up gets time to load its memory", () => {
		bench.bus.attach(0x48, new TMP117Chip({ ...bench.chipOptions, starting: true }));
		const startedAt = bench.ticks;
		expect(bench.measure(bench.open(tmp117))[0]).toBeCloseTo(21.37, 2);
		expect(bench.ticks - startedAt).toBeGreaterThanOrEqual(142);
	});
});

describe("INA219", () => {
	// SBOS448G, section 8.5.2.1 and the table of its results: 20 mV over 2 mΩ, 12 V.
	test("shunt 07D0h and bus 5D98h are 10 A and 11.98 V, as in the example of the data sheet", () => {
		override(0x40, "ina219", { 1: 0x07d0, 2: 0x5d98 | 2 });
		const [volts, milliamperes] = bench.measure(bench.open(ina219, 0x40, { shuntOhms: 0.002 }));
		expect(volts).toBeCloseTo(11.98, 6);
		expect(milliamperes).toBeCloseTo(10_000, 3);
	});

	// Section 8.6.3.1: full scale of each range, in two's complement.
	test.each([
		[0x0000, 0],
		[0x0001, 0.0001],
		[0xffff, -0.0001],
		[0x0fa0, 0.4],
		[0xf060, -0.4],
		[0x7cff, 3.1999],
		[0x8301, -3.1999],
	])("shunt %i is %d A over 0.1 ohm", (word, current) => {
		override(0x40, "ina219", { 1: word });
		expect(Number(bench.measure(bench.open(ina219))[1]) / 1000).toBeCloseTo(current, 8);
	});

	test.each([0x7d00, 0x8300, 0x7fff, 0x8000])("shunt %i is out of range", (word) => {
		override(0x40, "ina219", { 1: word });
		expect(() => bench.measure(bench.open(ina219, 0x40, { shuntOhms: 0.01 }))).toThrow(
			"INA219 at 0x40: the current exceeds the 32 ampere that its 0.01 ohm can measure.",
		);
	});

	test("driver and chip agree over the whole range of the chip, with any resistor", () => {
		fc.assert(
			fc.property(
				fc.double({ min: 0, max: 26, noNaN: true }),
				fc.double({ min: -0.319, max: 0.319, noNaN: true }),
				fc.constantFrom(0.001, 0.01, 0.1, 1),
				(voltage, drop, shuntOhms) => {
					bench = new SensorBench();
					bench.surroundings = { ...bench.surroundings, voltage, current: drop / shuntOhms };
					bench.bus.attach(0x40, new INA219Chip({ ...bench.chipOptions, shuntOhms }));
					const [volts, milliamperes] = bench.measure(bench.open(ina219, 0x40, { shuntOhms }));
					expect(Math.abs(Number(volts) - voltage)).toBeLessThanOrEqual(0.0021);
					expect(Math.abs(Number(milliamperes) / 1000 - drop / shuntOhms)).toBeLessThanOrEqual(
						0.0000051 / shuntOhms,
					);
				},
			),
		);
	});

	test("both measurements have ended after 19 ms, not before", () => {
		bench.plugIn("ina219");
		const sensor = bench.open(ina219);
		const wait = sensor.start();
		expect(wait).toBeCloseTo(18.7, 1);
		bench.ticks += 10;
		expect(sensor.readIfEnded()).toBeUndefined();
		bench.ticks += wait - 10;
		expect(sensor.readIfEnded()).toBeDefined();
	});
});

describe("ADS1115", () => {
	// SBAS444E, "Data Format": 32768 steps per full scale.
	test.each([
		[0x0000, 0],
		[0x0001, 0.000125],
		[0xffff, -0.000125],
		[0x4000, 2.048],
		[0x7ffe, 4.09575],
	])("%i is %d V in the range of 4.096 V", (word, voltage) => {
		override(0x48, "ads1115", { 0: word });
		expect(bench.measure(bench.open(ads1115))).toEqual([voltage, voltage, voltage, voltage]);
	});

	test.each([0x7fff, 0x8000])("%i is beyond the range", (word) => {
		override(0x48, "ads1115", { 0: word });
		expect(bench.measure(bench.open(ads1115))).toEqual([undefined, undefined, undefined, undefined]);
	});

	test.each([
		[6.144, 6.1],
		[5, 6.1],
		[4.096, 4.09],
		[3.3, 4.09],
		[2.048, 2.04],
		[1.024, 1.02],
		[0.512, 0.51],
		[0.1, 0.255],
	])("driver and chip agree in the range for %d V", (rangeVolts, max) => {
		bench.plugIn("ads1115");
		const sensor = bench.open(ads1115, 0x48, { rangeVolts });
		const volts = fc.double({ min: -0.2 * rangeVolts, max, noNaN: true });
		fc.assert(
			fc.property(fc.tuple(volts, volts, volts, volts), (inputs) => {
				bench.surroundings = { ...bench.surroundings, inputs };
				const values = bench.measure(sensor);
				inputs.forEach((input, index) => {
					expect(Math.abs(Number(values[index]) - input)).toBeLessThanOrEqual(
						Math.max(max, rangeVolts) / 32_000,
					);
				});
			}),
			{ numRuns: 25 },
		);
	});

	test("its inputs are converted one after the other, a 128th of a second each", () => {
		bench.plugIn("ads1115");
		const sensor = bench.open(ads1115);
		const waits = [sensor.start()];
		for (let input = 0; input < 4; input++) {
			bench.ticks += waits.at(-1) ?? 0;
			waits.push(sensor.proceed());
		}
		expect(waits.map((wait) => Math.round(wait * 10) / 10)).toEqual([8.6, 8.6, 8.6, 8.6, 0]);
		const volts = sensor.read().map((value) => Number(value).toFixed(6));
		expect(volts).toEqual(["0.500000", "1.250000", "3.300000", "2.000125"]);
	});

	test("read after the first conversion, the first input has its value and the others have none", () => {
		bench.plugIn("ads1115");
		const sensor = bench.open(ads1115);
		bench.ticks += sensor.start();
		expect(sensor.read()).toEqual([0.5, undefined, undefined, undefined]);
	});

	test("a chip that was reset during the measurement is an error, and not read as another input", () => {
		bench.plugIn("ads1115");
		const sensor = bench.open(ads1115);
		bench.ticks += sensor.start();
		bench.plugIn("ads1115");
		expect(() => sensor.proceed()).toThrow(/it lost its measurement/);
	});
});

describe("other chips at these addresses are none of the three", () => {
	/** A chip with sixteen-bit registers; others than these read 0. */
	function plugIn(registers: Readonly<Record<number, number>>, mask = 0xff): void {
		let pointer = 0;
		bench.bus.attach(0x48, {
			write: (bytes) => {
				pointer = (bytes[0] ?? 0) & mask;
			},
			read: (into) => {
				const word = registers[pointer] ?? 0;
				into.set([word >> 8, word & 0xff].slice(0, into.length));
			},
		});
	}

	test("an ADS1115 whose pin ALERT signals the end of a conversion is one", () => {
		const chip = bench.plugIn("ads1115");
		chip.write(Uint8Array.of(2, 0x00, 0x00));
		chip.write(Uint8Array.of(3, 0x80, 0x00));
		expect(bench.identify(ads1115)).toBe("this");
	});

	test("an INA219 with a calibration from another program is one", () => {
		const chip = bench.plugIn("ina219", 0x48);
		chip.write(Uint8Array.of(5, 0x10, 0x00));
		bench.ticks += 10;
		expect(bench.identify(ina219, 0x48)).toBe("this");
	});

	test.each([
		["a calibration that is odd", { 0: 0x399f, 5: 0x1001 }, 0xff],
		["a current without a calibration", { 0: 0x399f, 4: 0x0003 }, 0xff],
		["power without a calibration", { 0: 0x399f, 3: 0x0003 }, 0xff],
		["a bus voltage of 33 V", { 0: 0x399f, 2: 0x1fa5 << 3 }, 0xff],
		["a bit in the bus voltage that is always 0", { 0: 0x399f, 2: 0x0004 }, 0xff],
		["an LM75 at 25 °C", { 0: 0x1900, 2: 0x4b00, 3: 0x5000 }, 0x03],
		["a TMP102 at 25 °C", { 0: 0x1900, 1: 0x60a0, 2: 0x4b00, 3: 0x5000 }, 0x03],
		["an ADS1015", { 0: 0x1230, 1: 0x8583, 2: 0x8000, 3: 0x7ff0 }, 0x03],
		["an INA226", { 0: 0x4127, 254: 0x5449, 255: 0x2260 }, 0xff],
		["an INA3221", { 0: 0x7127, 254: 0x5449, 255: 0x3220 }, 0xff],
		["all zeros", {}, 0xff],
		["all ones", Object.fromEntries(Array.from({ length: 256 }, (_, index) => [index, 0xffff])), 0xff],
	])("%s", (_, registers, mask) => {
		plugIn(registers, mask);
		expect(bench.identify(ina219, 0x48)).toBe("other");
		expect(bench.identify(ads1115)).toBe("other");
		for (const driver of [tmp117, ina219, ads1115])
			expect(() => bench.open(driver, 0x48)).toThrow(/another chip answers there/);
	});
});

describe("ADS1115 whose limits look like the id of another chip, as another firmware may leave them", () => {
	test.each([
		[0x8000, 0x0117],
		[0x1234, 0x3117],
		[0x5449, 0x7fff],
		[0x5449, 0x0117],
		[0x5449, 0x1117],
	])("low %i, high %i", (low, high) => {
		const chip = bench.plugIn("ads1115");
		chip.write(Uint8Array.of(0x02, low >> 8, low & 0xff));
		chip.write(Uint8Array.of(0x03, high >> 8, high & 0xff));
		for (const driver of allDrivers.filter(({ addresses }) => addresses.includes(0x48)))
			expect(bench.identify(driver, 0x48), driver.name).toBe(driver === ads1115 ? "this" : "other");
		expect(bench.measure(bench.open(ads1115))[0]).toBeCloseTo(0.5, 3);
	});

	test("a TMP117 with a limit that reads as its id is still one", () => {
		bench.plugIn("tmp117").write(Uint8Array.of(0x03, 0x01, 0x17));
		expect(bench.identify(tmp117)).toBe("this");
		expect(bench.identify(ads1115)).toBe("other");
	});
});
