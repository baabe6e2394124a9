import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { AHT20Chip } from "../../simulator/chips/aht20";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import { aht20 } from "../../src/sensors/drivers/aht20";
import { SensorBench } from "./sensor-bench";

// The data sheet has no worked example, neither of a measurement nor of the checksum.

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** The values for the bytes of a measurement. */
function read(data: readonly number[], status = 0x1c) {
	const chip = bench.plugIn("aht20");
	const sensor = bench.open(aht20);
	bench.ticks += sensor.start();
	const bytes = [status, ...data];
	bytes.push(crc8ByDivision(bytes));
	bench.bus.attach(0x38, { write: (written) => chip.write(written), read: (into) => into.set(bytes) });
	return sensor.read();
}

// S · 100 / 2²⁰ and S · 200 / 2²⁰ − 50.
test.each([
	[[0x80, 0x00, 0x06, 0x00, 0x00], 50, 25],
	[[0x00, 0x00, 0x04, 0x00, 0x00], 0, 0],
	[[0xff, 0xff, 0xf0, 0xcc, 0xcd], 100, -40],
])("the bytes %j are %d %% and %d °C by the formulas of the data sheet", (data, humidity, temperature) => {
	const values = read(data);
	expect(values[1]).toBeCloseTo(humidity, 3);
	expect(values[0]).toBeCloseTo(temperature, 3);
});

test("driver and chip agree over the whole range of the chip", () => {
	bench.plugIn("aht20");
	const sensor = bench.open(aht20);
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 120, noNaN: true }),
			fc.double({ min: 0, max: 100, noNaN: true }),
			(temperature, humidity) => {
				bench.surroundings = { ...bench.surroundings, temperature, humidity };
				const [celsius, percent] = bench.measure(sensor);
				expect(Math.abs(Number(celsius) - temperature)).toBeLessThan(0.001);
				expect(Math.abs(Number(percent) - humidity)).toBeLessThan(0.001);
			},
		),
	);
});

test("a measurement has ended after 80 ms, not before", () => {
	bench.plugIn("aht20");
	const sensor = bench.open(aht20);
	expect(sensor.start()).toBe(80);
	bench.ticks += 10;
	expect(sensor.readIfEnded()).toBeUndefined();
	bench.ticks += 70;
	expect(sensor.readIfEnded()).toBeDefined();
});

test("a chip without calibration is initialised, and the first reading is not lost", () => {
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	expect(bench.identify(aht20)).toBe("this");
	const sensor = bench.open(aht20);
	expect(sensor.start()).toBe(10);
	bench.ticks += 10;
	expect(sensor.proceed()).toBe(80);
	bench.ticks += 80;
	expect(sensor.proceed()).toBe(0);
	expect(sensor.read()[0]).toBeCloseTo(21.37, 2);
	expect(sensor.start()).toBe(80);
});

test("read before it was initialised, such a chip has no values; the next measurement has", () => {
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	const sensor = bench.open(aht20);
	bench.ticks += sensor.start();
	expect(() => sensor.read()).toThrow(/did not end in time/);
	bench.ticks += sensor.start();
	expect(sensor.read()[0]).toBeCloseTo(21.37, 2);
});

test("a chip that loses its calibration reports an error, and works when it is reopened", () => {
	const chip = bench.plugIn("aht20");
	const sensor = bench.open(aht20);
	bench.measure(sensor);
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	expect(() => bench.measure(sensor)).toThrow(/it lost its calibration, which is loaded again/);
	sensor.close();
	expect(bench.measure(bench.open(aht20))[0]).toBeCloseTo(21.37, 2);
	expect(chip.fault).toBeUndefined();
});

test("after a loss of supply during the measurement there are no values", () => {
	bench.plugIn("aht20");
	const sensor = bench.open(aht20);
	bench.ticks += sensor.start();
	bench.plugIn("aht20");
	expect(() => sensor.read()).toThrow(/its temperature is out of range/);
});

test("a register with the value of an AHT20's status is another chip, because the next register differs", () => {
	let pointer = 0;
	bench.bus.attach(0x38, {
		write: (bytes) => {
			pointer = bytes[0] ?? 0;
		},
		read: (into) => into.fill(pointer++ === 0x71 ? 0x1c : 0x00),
	});
	expect(bench.identify(aht20)).toBe("other");
});

test.each([
	["all ones", 0xff],
	["all zeros", 0x00],
	["what was written to it, as a port does", 0x71],
])("a chip that answers %s is another chip", (_, byte) => {
	bench.bus.attach(0x38, { write: () => {}, read: (into) => into.fill(byte) });
	expect(bench.identify(aht20)).toBe("other");
	expect(() => bench.open(aht20)).toThrow(/another chip answers there/);
});
