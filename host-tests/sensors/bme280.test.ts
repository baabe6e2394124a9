import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { BME280Chip, exampleCalibration } from "../../simulator/chips/bme280";
import { bme280 } from "../../src/sensors/drivers/bme280";
import {
	compensateHumidity,
	compensatePressure,
	fineTemperature,
} from "../../src/sensors/drivers/bmx280-compensation";
import { SensorError } from "../../src/sensors/sensor-error";
import { type BenchSensor, SensorBench } from "./sensor-bench";

describe("the compensation agrees with the data sheet", () => {
	// BST-BMP280-DS001, section 3.12: the worked example. The BME280 compensates both quantities in the same
	// way.
	const fine = fineTemperature(519888, exampleCalibration);

	test("for temperature: t_fine 128422, 25.08 °C", () => {
		expect(Math.trunc(fine)).toBe(128422);
		expect(fine / 5120).toBeCloseTo(25.08, 2);
	});

	test("for pressure: 100653.27 Pa", () => {
		expect(compensatePressure(415148, fine, exampleCalibration)).toBeCloseTo(100653.27, 1);
	});

	// Bosch publishes no example for humidity. This is the data sheet's 32-bit integer form (section 4.2.3), an
	// independent way to the same value.
	test.each([20_000, 25_000, 28_437, 30_000, 33_000, 38_000])(
		"for humidity: raw %i as in the integer form",
		(raw) => {
			const [H1, H2, H3, H4, H5, H6] = exampleCalibration.H;
			let v = Math.trunc(fine) - 76800;
			v =
				(((raw << 14) - (H4 << 20) - Math.imul(H5, v) + 16384) >> 15) *
				((((((Math.imul(v, H6) >> 10) * ((Math.imul(v, H3) >> 11) + 32768)) >> 10) + 2097152) * H2 + 8192) >>
					14);
			v -= ((((v >> 15) * (v >> 15)) >> 7) * H1) >> 4;
			const integer = Math.min(Math.max(v, 0), 419430400) / 2 ** 12 / 1024;
			expect(compensateHumidity(raw, fine, exampleCalibration)).toBeCloseTo(integer, 1);
		},
	);
});

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
	bench.bus.attach(0x76, chip());
	bench.ticks += 10;
});

function chip(id = 0x60): BME280Chip {
	return new BME280Chip({ ...bench.chipOptions, id });
}

function open(address = 0x76): BenchSensor {
	return bench.open(bme280, address);
}

test("driver and chip agree over the whole range of the chip", () => {
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 85, noNaN: true }),
			fc.double({ min: 1, max: 99, noNaN: true }),
			fc.double({ min: 30_000, max: 110_000, noNaN: true }),
			(temperature, humidity, pressure) => {
				bench.surroundings = { ...bench.surroundings, temperature, humidity, pressure };
				const sensor = open();
				const [celsius, percent, hectopascal] = bench.measure(sensor);
				sensor.close();
				expect(Math.abs(Number(celsius) - temperature)).toBeLessThan(0.01);
				expect(Math.abs(Number(percent) - humidity)).toBeLessThan(0.1);
				expect(Math.abs(Number(hectopascal) - pressure / 100)).toBeLessThan(0.01);
			},
		),
	);
});

test("a measurement has ended after the returned wait, not before", () => {
	const sensor = open();
	const wait = sensor.start();
	// Section 9.1, each quantity measured once.
	expect(wait).toBeCloseTo(9.3, 5);
	bench.ticks += 1;
	expect(sensor.readIfEnded()).toBeUndefined();
	bench.ticks += wait - 1;
	expect(sensor.readIfEnded()).toBeDefined();
});

test("each measurement is new", () => {
	const sensor = open();
	bench.measure(sensor);
	bench.surroundings = { ...bench.surroundings, temperature: -12.5 };
	expect(bench.measure(sensor)[0]).toBeCloseTo(-12.5, 1);
});

/** Registers 0xF2 … 0xFE: controls, status and data are read in one transfer. */
const stateAndData = 13;

describe("one clear error", () => {
	test("when no chip answers", () => {
		expect(() => open(0x77)).toThrow("BME280 at 0x77: it does not answer. Check its wiring and address.");
	});

	test("when another chip answers", () => {
		bench.bus.attach(0x76, chip(0x58));
		expect(() => open()).toThrow("BME280 at 0x76: another chip answers there.");
	});

	test("when it was unplugged while measuring", () => {
		const sensor = open();
		sensor.start();
		bench.bus.detach(0x76);
		expect(() => sensor.read()).toThrow(SensorError);
		expect(() => sensor.start()).toThrow(SensorError);
	});

	test("when it lost its supply while measuring", () => {
		const sensor = open();
		bench.ticks += sensor.start();
		bench.bus.attach(0x76, chip());
		expect(() => sensor.read()).toThrow("it lost its measurement");
	});

	test.each([
		["the configuration", 0xf5, 0x00],
		["the oversampling of humidity", 0xf2, 0x02],
		["the oversampling of the others", 0xf4, 0x48],
	])("when %s changes between the two readings of its data", (_, register, value) => {
		const real = chip();
		let count = 0;
		bench.bus.attach(0x76, {
			write: (bytes) => real.write(bytes),
			read: (into) => {
				real.read(into);
				if (into.length === stateAndData && count++ === 0) real.write(Uint8Array.of(register, value));
			},
		});
		const sensor = open();
		bench.ticks += sensor.start();
		expect(() => sensor.read()).toThrow("it lost its measurement");
		expect(count).toBe(3);
	});

	test("not when a measured number is the one that stands for a skipped channel", () => {
		const real = chip();
		let changed = 0;
		bench.bus.attach(0x76, {
			write: (bytes) => real.write(bytes),
			read: (into) => {
				real.read(into);
				if (into.length !== stateAndData) return;
				changed++;
				// Humidity is last.
				into.set([0x80, 0x00], stateAndData - 2);
			},
		});
		expect(bench.measure(open())[1]).toBeGreaterThan(0);
		expect(changed).toBe(2);
	});

	test.each([0x00, 0xff])("when the bus is stuck and all bytes read 0x%s", (byte) => {
		const sensor = open();
		bench.ticks += sensor.start();
		bench.bus.attach(0x76, { write: () => {}, read: (into) => into.fill(byte & 0xf7) });
		expect(() => sensor.read()).toThrow(SensorError);
		sensor.close();
		expect(() => open()).toThrow(SensorError);
	});

	test("when a chip of another type took its place between two measurements", () => {
		const sensor = open();
		bench.measure(sensor);
		bench.bus.attach(0x76, chip(0x58));
		expect(() => sensor.start()).toThrow("it lost its measurement");
		sensor.close();
		expect(() => open()).toThrow("BME280 at 0x76: another chip answers there.");
	});
});

describe("another BME280 that took its place between two measurements", () => {
	/** The trimming words of another chip: with those of the first, the values are off by degrees. */
	const calibration = {
		T: [28_245, 26_571, 50],
		P: [37_381, -10_692, 3_024, 9_301, -148, -7, 9_900, -10_230, 4_285],
		H: [75, 370, 0, 313, 50, 30],
	} as const;

	function another(starting = false): BME280Chip {
		return new BME280Chip({ ...bench.chipOptions, calibration, starting });
	}

	/** As in a sensor slot: it is reset and opened again. */
	function reopen(sensor: BenchSensor): BenchSensor {
		expect(() => sensor.start()).toThrow("it lost its measurement");
		sensor.close();
		return open();
	}

	test.each([false, true])("is read with its own calibration; just switched on: %s", (starting) => {
		const first = open();
		bench.measure(first);
		bench.bus.attach(0x76, another(starting));
		const sensor = reopen(first);
		const [celsius, percent, hectopascal] = bench.measure(sensor);
		expect(celsius).toBeCloseTo(21.37, 1);
		expect(percent).toBeCloseTo(48.2, 0);
		expect(hectopascal).toBeCloseTo(1013.25, 1);
	});

	test("or the same one, plugged in again, measures as before", () => {
		const sensor = open();
		bench.measure(sensor);
		bench.bus.attach(0x76, chip());
		expect(bench.measure(reopen(sensor))[0]).toBeCloseTo(21.37, 1);
	});
});

test("closed, even twice, it no longer answers", () => {
	const sensor = open();
	sensor.close();
	sensor.close();
	expect(() => sensor.start()).toThrow();
});
