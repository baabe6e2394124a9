import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { BME280Chip, exampleCalibration } from "../../simulator/chips/bme280";
import { bmp280 } from "../../src/sensors/drivers/bmp280";
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

test("driver and chip agree over the whole range of the chip", () => {
	bench.plugIn("bmp280");
	const sensor = bench.open(bmp280);
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 85, noNaN: true }),
			fc.double({ min: 30_000, max: 110_000, noNaN: true }),
			(temperature, pressure) => {
				bench.surroundings = { ...bench.surroundings, temperature, pressure };
				const [celsius, hectopascal] = bench.measure(sensor);
				expect(Math.abs(Number(celsius) - temperature)).toBeLessThan(0.01);
				expect(Math.abs(Number(hectopascal) - pressure / 100)).toBeLessThan(0.01);
			},
		),
	);
});

test.each([0x58, 0x57, 0x56])("the id %i is a BMP280's", (id) => {
	bench.bus.attach(0x77, new BME280Chip({ ...bench.chipOptions, id }));
	expect(bench.identify(bmp280, 0x77)).toBe("this");
	bench.open(bmp280, 0x77).close();
});

test("a measurement takes up to 6.4 ms, less than with humidity", () => {
	bench.plugIn("bmp280");
	// Section 3.8.1, table 13, lowest setting.
	expect(bench.open(bmp280).start()).toBeCloseTo(6.4, 1);
});

test("after a loss of supply during the measurement there are no values", () => {
	bench.plugIn("bmp280");
	const sensor = bench.open(bmp280);
	bench.ticks += sensor.start();
	bench.plugIn("bmp280");
	expect(() => sensor.read()).toThrow(
		"BMP280 at 0x76: it lost its measurement. Check its supply and wiring.",
	);
});

test("a chip that was just powered up gets time to load its calibration", () => {
	bench.bus.attach(0x76, new BME280Chip({ ...bench.chipOptions, id: 0x58, starting: true }));
	const startedAt = bench.ticks;
	expect(bench.measure(bench.open(bmp280))[1]).toBeCloseTo(1013.25, 1);
	expect(bench.ticks - startedAt).toBeGreaterThan(2);
});

test("a chip that another program left in normal mode with the filter on measures on demand and unfiltered", () => {
	const chip = bench.plugIn("bmp280");
	chip.write(Uint8Array.of(0xf5, 0x1c));
	chip.write(Uint8Array.of(0xf4, 0x27));
	expect(bench.measure(bench.open(bmp280))[0]).toBeCloseTo(21.37, 1);
	const configuration = new Uint8Array(2);
	chip.write(Uint8Array.of(0xf4));
	chip.read(configuration);
	// Mode and filter: asleep and off.
	expect([(configuration[0] ?? 0) & 3, (configuration[1] ?? 0) & 0x1c]).toEqual([0, 0]);
});
