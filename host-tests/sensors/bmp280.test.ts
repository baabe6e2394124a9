import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { BME280Chip, exampleCalibration } from "../../simulator/chips/bme280";
import { BMP280, bmp280 } from "../../src/sensors/drivers/bmp280";
import { compensatePressure, fineTemperature } from "../../src/sensors/drivers/bmx280-compensation";
import { SensorBench } from "./sensor-bench";

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

test("the worked example of its data sheet: 25.08 °C and 100653 Pa (BST-BMP280-DS001, section 3.12)", () => {
	const fine = fineTemperature(519888, exampleCalibration);
	expect(fine / 5120).toBeCloseTo(25.08, 2);
	expect(compensatePressure(415148, fine, exampleCalibration)).toBeCloseTo(100653.27, 1);
});

test("driver and chip agree over all that the chip can measure", () => {
	bench.plugIn("bmp280");
	const driver = new BMP280(bench.at(0x76));
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 85, noNaN: true }),
			fc.double({ min: 30_000, max: 110_000, noNaN: true }),
			(temperature, pressure) => {
				bench.surroundings = { ...bench.surroundings, temperature, pressure };
				bench.ticks += driver.start();
				const sample = driver.sample();
				expect(Math.abs((sample?.thermometer.temperature ?? 999) - temperature)).toBeLessThan(0.01);
				expect(Math.abs((sample?.barometer.pressure ?? 0) - pressure)).toBeLessThan(1);
			},
		),
	);
});

test.each([0x58, 0x57, 0x56])("the id %i is one of its own", (id) => {
	bench.bus.attach(0x77, new BME280Chip({ ...bench.chipOptions, id }));
	expect(bmp280.identify(bench.i2cBus, 0x77)).toBe("this");
	new BMP280(bench.at(0x77)).close();
});

test("without a hygrometer it takes less long, by what the data sheet says", () => {
	bench.plugIn("bmp280");
	const driver = new BMP280(bench.at(0x76));
	// The lowest of its settings: 6.4 ms at most (section 3.8.1, table 13).
	expect(driver.start()).toBeCloseTo(6.4, 1);
	driver.configure({ temperature: 2, pressure: 16 });
	// And the highest: 43.2 ms.
	expect(driver.start()).toBeCloseTo(43.2, 0);
});

test("one that lost its supply while it measured has nothing to tell", () => {
	bench.plugIn("bmp280");
	const driver = new BMP280(bench.at(0x76));
	bench.ticks += driver.start();
	bench.plugIn("bmp280");
	expect(() => driver.sample()).toThrow(
		"BMP280 at 0x76: it lost its measurement. Check its supply and wiring.",
	);
});

test("one that has just got its supply is left to load its calibration", () => {
	bench.bus.attach(0x76, new BME280Chip({ ...bench.chipOptions, id: 0x58, starting: true }));
	expect(() => new BMP280(bench.at(0x76))).toThrow(/it has just been switched on, and is not ready yet/);
	bench.ticks += 2;
	new BMP280(bench.at(0x76)).close();
});

test("one that somebody else left measuring by itself, with its filter on, measures on demand and unfiltered", () => {
	const chip = bench.plugIn("bmp280");
	chip.write(Uint8Array.of(0xf5, 0x1c));
	chip.write(Uint8Array.of(0xf4, 0x27));
	const driver = new BMP280(bench.at(0x76));
	bench.ticks += driver.start();
	expect(driver.sample()?.thermometer.temperature).toBeCloseTo(21.37, 1);
	const configuration = new Uint8Array(2);
	chip.write(Uint8Array.of(0xf4));
	chip.read(configuration);
	// Mode, and filter: asleep and off.
	expect([(configuration[0] ?? 0) & 3, (configuration[1] ?? 0) & 0x1c]).toEqual([0, 0]);
});
