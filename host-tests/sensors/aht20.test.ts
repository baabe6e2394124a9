import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { AHT20Chip } from "../../simulator/chips/aht20";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import { AHT20, aht20 } from "../../src/sensors/drivers/aht20";
import { SensorBench } from "./sensor-bench";

// The data sheet has no worked example, neither of a measurement nor of the checksum.

let bench: SensorBench;
beforeEach(() => {
	bench = new SensorBench();
});

/** What the driver makes of the bytes of a measurement. */
function read(data: readonly number[], status = 0x1c) {
	const chip = bench.plugIn("aht20");
	const driver = new AHT20(bench.at(0x38));
	bench.ticks += driver.start();
	const bytes = [status, ...data];
	bytes.push(crc8ByDivision(bytes));
	bench.bus.attach(0x38, { write: (written) => chip.write(written), read: (into) => into.set(bytes) });
	return driver.sample();
}

// S · 100 / 2²⁰ and S · 200 / 2²⁰ − 50.
test.each([
	[[0x80, 0x00, 0x06, 0x00, 0x00], 50, 25],
	[[0x00, 0x00, 0x04, 0x00, 0x00], 0, 0],
	[[0xff, 0xff, 0xf0, 0xcc, 0xcd], 100, -40],
])(
	"the bytes %j are %d %% and %d °C, as the formulas of the data sheet have it",
	(data, humidity, temperature) => {
		const sample = read(data);
		expect(sample?.hygrometer.humidity).toBeCloseTo(humidity, 3);
		expect(sample?.thermometer.temperature).toBeCloseTo(temperature, 3);
	},
);

test("driver and chip agree over all that the chip can measure", () => {
	bench.plugIn("aht20");
	const driver = new AHT20(bench.at(0x38));
	fc.assert(
		fc.property(
			fc.double({ min: -40, max: 120, noNaN: true }),
			fc.double({ min: 0, max: 100, noNaN: true }),
			(temperature, humidity) => {
				bench.surroundings = { ...bench.surroundings, temperature, humidity };
				bench.ticks += driver.start();
				const sample = driver.sample();
				expect(Math.abs((sample?.thermometer.temperature ?? 999) - temperature)).toBeLessThan(0.001);
				expect(Math.abs((sample?.hygrometer.humidity ?? 999) - humidity)).toBeLessThan(0.001);
			},
		),
	);
});

test("a measurement is there after 80 ms, not before, and only once", () => {
	bench.plugIn("aht20");
	const driver = new AHT20(bench.at(0x38));
	expect(driver.sample()).toBeUndefined();
	expect(driver.start()).toBe(80);
	bench.ticks += 10;
	expect(driver.sample()).toBeUndefined();
	bench.ticks += 70;
	expect(driver.sample()).toBeDefined();
	expect(driver.sample()).toBeUndefined();
});

test("one that did not load its calibration is told to, and the first reading is not lost", () => {
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	expect(aht20.identify(bench.i2cBus, 0x38)).toBe("this");
	const sensor = bench.make(aht20);
	expect(sensor.start()).toBe(10);
	bench.ticks += 10;
	expect(sensor.proceed?.()).toBe(80);
	bench.ticks += 80;
	expect(sensor.proceed?.()).toBe(0);
	expect(sensor.read()[0]).toBeCloseTo(21.37, 2);
	expect(sensor.start()).toBe(80);
});

test("where nobody calls proceed, such a one has its values from the second reading on", () => {
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	const sensor = bench.make(aht20);
	bench.ticks += sensor.start();
	expect(() => sensor.read()).toThrow(/did not end in time/);
	bench.ticks += sensor.start();
	expect(sensor.read()[0]).toBeCloseTo(21.37, 2);
});

test("one that loses its calibration while it works is told, and works when it is made anew", () => {
	const chip = bench.plugIn("aht20");
	const sensor = bench.make(aht20);
	bench.measure(sensor);
	bench.bus.attach(0x38, new AHT20Chip({ ...bench.chipOptions, calibrated: false }));
	expect(() => bench.measure(sensor)).toThrow(/it lost its calibration, which is loaded anew/);
	sensor.close();
	expect(bench.measure(bench.make(aht20))[0]).toBeCloseTo(21.37, 2);
	expect(chip.fault).toBeUndefined();
});

test("one that lost its supply while it measured has nothing to tell", () => {
	bench.plugIn("aht20");
	const driver = new AHT20(bench.at(0x38));
	bench.ticks += driver.start();
	bench.plugIn("aht20");
	expect(() => driver.sample()).toThrow(/it reports a temperature that it cannot measure/);
});

test("a register that happens to hold what an AHT20 would say is another chip, because the next one does not", () => {
	let pointer = 0;
	bench.bus.attach(0x38, {
		write: (bytes) => {
			pointer = bytes[0] ?? 0;
		},
		read: (into) => into.fill(pointer++ === 0x71 ? 0x1c : 0x00),
	});
	expect(aht20.identify(bench.i2cBus, 0x38)).toBe("other");
});

test.each([
	["all ones", 0xff],
	["all zeros", 0x00],
	["what was written to it, as a port does", 0x71],
])("a chip that answers %s is none", (_, byte) => {
	bench.bus.attach(0x38, { write: () => {}, read: (into) => into.fill(byte) });
	expect(aht20.identify(bench.i2cBus, 0x38)).toBe("other");
	expect(() => new AHT20(bench.at(0x38))).toThrow(/another chip answers there/);
});
