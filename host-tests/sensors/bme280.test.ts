import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { BME280Chip, exampleCalibration } from "../../simulator/chips/bme280";
import { SimulatedI2CBus } from "../../simulator/hardware/i2c-bus";
import type { Weather } from "../../simulator/weather/weather";
import type { I2CBus } from "../../src/boards/ecma419";
import { BME280 } from "../../src/sensors/drivers/bme280";
import {
	compensateHumidity,
	compensatePressure,
	fineTemperature,
} from "../../src/sensors/drivers/bmx280-compensation";
import { SensorError } from "../../src/sensors/sensor-error";

describe("the compensation gives what the data sheet says", () => {
	// BST-BMP280-DS001, section 3.12: the worked example. The BME280 compensates both quantities in the same way.
	const fine = fineTemperature(519888, exampleCalibration);

	test("for temperature: t_fine 128422, 25.08 °C", () => {
		expect(Math.trunc(fine)).toBe(128422);
		expect(fine / 5120).toBeCloseTo(25.08, 2);
	});

	test("for pressure: 100653.27 Pa", () => {
		expect(compensatePressure(415148, fine, exampleCalibration)).toBeCloseTo(100653.27, 1);
	});

	// Bosch publishes no example for humidity. This is the data sheet's own 32-bit integer form (section 4.2.3), which
	// is a second way to the same value.
	test.each([20_000, 25_000, 28_437, 30_000, 33_000, 38_000])(
		"for humidity: raw %i as the integer form has it",
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

let ticks: number;
let around: Weather;
let bus: SimulatedI2CBus;
beforeEach(() => {
	ticks = 100;
	around = { temperature: 21.37, humidity: 48.2, pressure: 101_325 };
	bus = new SimulatedI2CBus();
	bus.attach(0x76, chip());
	ticks += 10;
});

function chip(id = 0x60): BME280Chip {
	return new BME280Chip({ ticks: () => ticks, environment: () => around, id });
}

function provider(): I2CBus {
	return { io: bus.SMBus, data: 21, clock: 22, hz: 100_000 };
}

function open(address = 0x76): BME280 {
	return new BME280({ sensor: { ...provider(), address } });
}

function measure(driver: BME280) {
	ticks += driver.start();
	const sample = driver.sample();
	if (sample === undefined) throw new Error("still measuring");
	return sample;
}

test("driver and chip agree over all that the chip can measure", () => {
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 85, noNaN: true }),
			fc.double({ min: 1, max: 99, noNaN: true }),
			fc.double({ min: 30_000, max: 110_000, noNaN: true }),
			(temperature, humidity, pressure) => {
				around = { temperature, humidity, pressure };
				const driver = open();
				const { thermometer, hygrometer, barometer } = measure(driver);
				driver.close();
				expect(Math.abs(thermometer.temperature - temperature)).toBeLessThan(0.01);
				expect(Math.abs(hygrometer.humidity - humidity)).toBeLessThan(0.1);
				expect(Math.abs(barometer.pressure - pressure)).toBeLessThan(1);
			},
		),
	);
});

test("a sample is there after the time that was said, not before, and only once", () => {
	const driver = open();
	expect(driver.sample()).toBeUndefined();
	const wait = driver.start();
	expect(wait).toBeCloseTo(9.3, 5);
	ticks += 1;
	expect(driver.sample()).toBeUndefined();
	ticks += wait - 1;
	expect(driver.sample()).toBeDefined();
	expect(driver.sample()).toBeUndefined();
});

test("each measurement is of its own moment", () => {
	const driver = open();
	measure(driver);
	around = { ...around, temperature: -12.5 };
	expect(measure(driver).thermometer.temperature).toBeCloseTo(-12.5, 1);
});

test("more oversampling takes the longer that the data sheet says", () => {
	const driver = open();
	driver.configure({ temperature: 2, humidity: 4, pressure: 16 });
	expect(driver.start()).toBeCloseTo(1.25 + 4.6 + 36.8 + 0.575 + 9.2 + 0.575, 5);
});

describe("one clear error", () => {
	test("when nobody answers", () => {
		expect(() => open(0x77)).toThrow("BME280 at 0x77: it does not answer. Check its wiring and address.");
	});

	test("when another chip answers", () => {
		bus.attach(0x76, chip(0x58));
		expect(() => open()).toThrow("BME280 at 0x76: another chip answers there (id 0x58, not 0x60).");
	});

	test("when it was pulled out while measuring", () => {
		const driver = open();
		driver.start();
		bus.detach(0x76);
		expect(() => driver.sample()).toThrow(SensorError);
		expect(() => driver.start()).toThrow(SensorError);
	});

	test("when it lost its supply while measuring", () => {
		const driver = open();
		ticks += driver.start();
		bus.attach(0x76, chip());
		expect(() => driver.sample()).toThrow("it lost its measurement");
	});

	test("not when a measurement has the number that stands for none", () => {
		const real = chip();
		bus.attach(0x76, {
			write: (bytes) => real.write(bytes),
			read: (into) => {
				real.read(into);
				// The data registers; humidity is the last of them.
				if (into.length === 8) into.set([0x80, 0x00], 6);
			},
		});
		const driver = open();
		ticks += driver.start();
		expect(driver.sample()?.hygrometer.humidity).toBeGreaterThan(0);
	});

	test.each([0x00, 0xff])("when the bus is wedged and all bytes read 0x%s", (byte) => {
		const driver = open();
		ticks += driver.start();
		bus.attach(0x76, { write: () => {}, read: (into) => into.fill(byte & 0xf7) });
		expect(() => driver.sample()).toThrow(SensorError);
		driver.close();
		expect(() => open()).toThrow(SensorError);
	});

	test("when another kind of chip was put in its place between two measurements", () => {
		const driver = open();
		measure(driver);
		bus.attach(0x76, chip(0x58));
		expect(() => driver.start()).toThrow("BME280 at 0x76: another chip answers there (id 0x58, not 0x60).");
	});
});

describe("another one of its kind that was put in its place between two measurements", () => {
	/** Words as the factory burns them into another chip: with the first one's, its numbers are off by degrees. */
	const calibration = {
		T: [28_245, 26_571, 50],
		P: [37_381, -10_692, 3_024, 9_301, -148, -7, 9_900, -10_230, 4_285],
		H: [75, 370, 0, 313, 50, 30],
	} as const;

	function another(starting = false): BME280Chip {
		return new BME280Chip({ ticks: () => ticks, environment: () => around, calibration, starting });
	}

	test("is read with its own calibration", () => {
		const driver = open();
		measure(driver);
		bus.attach(0x76, another());
		const { thermometer, hygrometer, barometer } = measure(driver);
		expect(thermometer.temperature).toBeCloseTo(21.37, 1);
		expect(hygrometer.humidity).toBeCloseTo(48.2, 0);
		expect(barometer.pressure / 100).toBeCloseTo(1013.25, 1);
	});

	test("is not read before it has started", () => {
		const driver = open();
		measure(driver);
		bus.attach(0x76, another(true));
		expect(() => driver.start()).toThrow("it has just been switched on, and is not ready yet.");
	});

	test("or the same one again: it measures as before", () => {
		const driver = open();
		measure(driver);
		bus.attach(0x76, chip());
		expect(measure(driver).thermometer.temperature).toBeCloseTo(21.37, 1);
	});
});

test("closed, twice if need be, it answers no more", () => {
	const driver = open();
	driver.close();
	driver.close();
	expect(() => driver.start()).toThrow();
});
