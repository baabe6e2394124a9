import { beforeEach, describe, expect, test } from "vitest";
import { AHT20Chip } from "../../simulator/chips/aht20";
import { BH1750Chip } from "../../simulator/chips/bh1750";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { INA219Chip } from "../../simulator/chips/ina219";
import { SCD4xChip } from "../../simulator/chips/scd4x";
import { SHT3xChip } from "../../simulator/chips/sht3x";
import { SHT4xChip } from "../../simulator/chips/sht4x";
import type { SimulatedChip } from "../../simulator/chips/simulated-chip";
import { TMP117Chip } from "../../simulator/chips/tmp117";
import { NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { SensorEnvironment } from "../../simulator/weather/sensor-environment";
import { testSurroundings } from "../sensors/test-surroundings";

// The chip models compared with their data sheets, byte by byte, without a driver.

let ticks: number;
let around: SensorEnvironment;
beforeEach(() => {
	ticks = 0;
	around = {
		...testSurroundings,
		temperature: 25,
		humidity: 37,
		co2: 500,
		illuminance: 1000,
		voltage: 11.98,
		current: 10,
		inputs: [1, 2, 3, 0],
	};
});
const options = { ticks: () => ticks, environment: () => around };

type AnyChip = Pick<SimulatedChip<never>, "write" | "read">;

function write(chip: AnyChip, ...bytes: number[]): void {
	chip.write(Uint8Array.from(bytes));
}

function read(chip: AnyChip, count: number): number[] {
	const bytes = new Uint8Array(count);
	chip.read(bytes);
	return [...bytes];
}

/** A command whose answer takes a moment. */
function query(chip: AnyChip, command: number, count: number): number[] {
	write(chip, ...(command > 0xff ? [command >> 8, command & 0xff] : [command]));
	expect(() => read(chip, count)).toThrow(NotAcknowledgedError);
	return read(chip, count);
}

function word(chip: AnyChip, register: number): number {
	write(chip, register);
	const [high = 0, low = 0] = read(chip, 2);
	return (high << 8) | low;
}

describe("SCD4x", () => {
	test("sends the examples of its data sheet: 500 ppm, 25 °C, 37 %; not ready; its serial number", () => {
		const chip = new SCD4xChip(options);
		expect(query(chip, 0x3682, 9)).toEqual([0xf8, 0x96, 0x31, 0x9f, 0x07, 0xc2, 0x3b, 0xbe, 0x89]);
		write(chip, 0x21, 0xb1);
		expect(query(chip, 0xe4b8, 3)).toEqual([0x80, 0x00, 0xa2]);
		ticks = 5000;
		expect(query(chip, 0xe4b8, 3).slice(0, 2)).not.toEqual([0x80, 0x00]);
		// The example has 0x6667; 0x6666 is equally close to 25 °C.
		expect(query(chip, 0xec05, 9)).toEqual([
			0x01,
			0xf4,
			0x33,
			0x66,
			0x66,
			expect.any(Number),
			0x5e,
			0xb8,
			expect.any(Number),
		]);
	});

	test("while it measures it accepts the three commands in the table; stopped, it accepts none for 500 ms", () => {
		const chip = new SCD4xChip(options);
		write(chip, 0x21, 0xb1);
		for (const refused of [0x3682, 0x202f, 0x219d, 0x21b1, 0x21ac, 0x36e0])
			expect(() => write(chip, refused >> 8, refused & 0xff)).toThrow(NotAcknowledgedError);
		write(chip, 0x3f, 0x86);
		ticks += 499;
		expect(() => write(chip, 0xe4, 0xb8)).toThrow(NotAcknowledgedError);
		ticks += 1;
		expect(query(chip, 0x3682, 3)).toEqual([0xf8, 0x96, 0x31]);
	});

	test("a measurement is read once; without one, a read is not acknowledged", () => {
		const chip = new SCD4xChip(options);
		write(chip, 0x21, 0xb1);
		ticks = 17_000;
		expect(query(chip, 0xec05, 2)).toEqual([0x01, 0xf4]);
		write(chip, 0xec, 0x05);
		expect(() => read(chip, 9)).toThrow(NotAcknowledgedError);
		ticks = 20_000;
		expect(query(chip, 0xec05, 2)).toEqual([0x01, 0xf4]);
	});
});

describe("SHT3x", () => {
	test("sends its status after a reset, with its checksum; cleared, it is 0", () => {
		const chip = new SHT3xChip(options);
		expect(query(chip, 0xf32d, 3)).toEqual([0x80, 0x10, 0xe1]);
		write(chip, 0x30, 0x41);
		expect(query(chip, 0xf32d, 3)).toEqual([0x00, 0x00, 0x81]);
		write(chip, 0x30, 0x6d);
		expect(query(chip, 0xf32d, 2)).toEqual([0x20, 0x00]);
	});

	test("does not acknowledge a read before its measurement has ended, and sends it once", () => {
		const chip = new SHT3xChip(options);
		write(chip, 0x24, 0x00);
		ticks = 12;
		expect(() => read(chip, 6)).toThrow(NotAcknowledgedError);
		ticks = 12.5;
		expect(read(chip, 2)).toEqual([0x66, 0x66]);
		expect(() => read(chip, 6)).toThrow(NotAcknowledgedError);
	});

	test("in periodic mode it sends the latest measurement, and accepts no single shot until it is stopped", () => {
		const chip = new SHT3xChip(options);
		write(chip, 0x27, 0x37);
		write(chip, 0xe0, 0x00);
		expect(() => read(chip, 6)).toThrow(NotAcknowledgedError);
		ticks = 1050;
		expect(query(chip, 0xe000, 2)).toEqual([0x66, 0x66]);
		expect(() => write(chip, 0x24, 0x00)).toThrow(NotAcknowledgedError);
		write(chip, 0x30, 0x93);
		expect(() => write(chip, 0x24, 0x00)).toThrow(NotAcknowledgedError);
		ticks += 1;
		write(chip, 0x24, 0x00);
	});
});

test("SHT4x: accepts only commands of one byte, and only the reset while it measures", () => {
	const chip = new SHT4xChip(options);
	expect(query(chip, 0x89, 6)).toEqual([0x0b, 0xad, expect.any(Number), 0xca, 0xfe, expect.any(Number)]);
	expect(() => write(chip, 0xf3, 0x2d)).toThrow(NotAcknowledgedError);
	write(chip, 0xfd);
	expect(() => write(chip, 0x89)).toThrow(NotAcknowledgedError);
	expect(() => read(chip, 6)).toThrow(NotAcknowledgedError);
	write(chip, 0x94);
	ticks += 1;
	expect(query(chip, 0x89, 2)).toEqual([0x0b, 0xad]);
});

test("AHT20: its status is the first byte of any read, busy while it measures", () => {
	const chip = new AHT20Chip(options);
	write(chip, 0x71);
	expect(read(chip, 1)).toEqual([0x1c]);
	write(chip, 0xac, 0x33, 0x00);
	expect(read(chip, 1)).toEqual([0x9c]);
	ticks = 80;
	// 37 % and 25 °C of 2²⁰ steps.
	expect(read(chip, 6)).toEqual([0x1c, 0x5e, 0xb8, 0x56, 0x00, 0x00]);
	expect(() => write(chip, 0x99)).toThrow(NotAcknowledgedError);
});

describe("BH1750", () => {
	test("counts 1.2 per lux after 120 ms with a sensitivity of 69, and powers down", () => {
		const chip = new BH1750Chip(options);
		write(chip, 0x20);
		ticks = 119;
		expect(read(chip, 2)).toEqual([0, 0]);
		ticks = 120;
		expect(read(chip, 2)).toEqual([1200 >> 8, 1200 & 0xff]);
		around = { ...around, illuminance: 5 };
		ticks = 1000;
		expect(read(chip, 2)).toEqual([1200 >> 8, 1200 & 0xff]);
	});

	test("accepts a reset only while powered on", () => {
		const chip = new BH1750Chip(options);
		write(chip, 0x20);
		ticks = 120;
		expect(read(chip, 2)).not.toEqual([0, 0]);
		write(chip, 0x07);
		expect(read(chip, 2)).not.toEqual([0, 0]);
		write(chip, 0x01);
		write(chip, 0x07);
		expect(read(chip, 2)).toEqual([0, 0]);
	});

	test("measures continuously, with double resolution and another sensitivity", () => {
		const chip = new BH1750Chip(options);
		write(chip, 0x44);
		write(chip, 0x6a);
		write(chip, 0x11);
		// 138, twice the default, takes twice as long.
		ticks = 239;
		expect(read(chip, 2)).toEqual([0, 0]);
		ticks = 240;
		expect(read(chip, 2)).toEqual([4800 >> 8, 4800 & 0xff]);
		around = { ...around, illuminance: 0 };
		ticks = 480;
		expect(read(chip, 2)).toEqual([0, 0]);
	});
});

describe("INA219", () => {
	// SBOS448G, section 8.5.2.1: 10 A over 2 mΩ at 12 V, calibration 5000h: shunt 07D0h, bus 5D98h, current
	// 2710h, power 1766h.
	test("sends the example of its data sheet", () => {
		const chip = new INA219Chip({ ...options, shuntOhms: 0.002 });
		expect(word(chip, 0)).toBe(0x399f);
		expect([word(chip, 3), word(chip, 4), word(chip, 5)]).toEqual([0, 0, 0]);
		write(chip, 5, 0x50, 0x00);
		ticks = 2;
		expect(word(chip, 1)).toBe(0x07d0);
		expect(word(chip, 2)).toBe(0x5d98 | 2);
		expect(word(chip, 4)).toBe(0x2710);
		expect(word(chip, 3)).toBe(0x1766);
		// Reading the power clears the flag until the next conversion.
		expect(word(chip, 2)).toBe(0x5d98);
		ticks = 4;
		expect(word(chip, 2)).toBe(0x5d98 | 2);
	});

	test("the last bit of its calibration is not writable; a reset restores all registers", () => {
		const chip = new INA219Chip(options);
		write(chip, 5, 0x50, 0x01);
		expect(word(chip, 5)).toBe(0x5000);
		write(chip, 0, 0x80, 0x00);
		expect([word(chip, 0), word(chip, 5)]).toEqual([0x399f, 0]);
	});

	test("triggered, it converts once; the gain limits the range", () => {
		const chip = new INA219Chip(options);
		// ±40 mV: 10 A over 0.1 ohm are a volt.
		write(chip, 0, 0x21, 0x9b);
		expect(word(chip, 2) & 2).toBe(0);
		ticks = 1.1;
		expect(word(chip, 2) & 2).toBe(2);
		expect(word(chip, 1)).toBe(4000);
		around = { ...around, current: 0 };
		ticks = 100;
		expect(word(chip, 1)).toBe(4000);
	});
});

test("TMP117: −256 °C until the first conversion; reading clears its flag", () => {
	const chip = new TMP117Chip(options);
	expect([word(chip, 0), word(chip, 1), word(chip, 0x0f)]).toEqual([0x8000, 0x0220, 0x0117]);
	ticks = 125;
	expect(word(chip, 1)).toBe(0x2220);
	expect(word(chip, 1)).toBe(0x0220);
	expect(word(chip, 0)).toBe(0x0c80);
	// Once a second.
	around = { ...around, temperature: -25 };
	ticks = 1100;
	expect(word(chip, 0)).toBe(0x0c80);
	ticks = 1125;
	expect(word(chip, 0)).toBe(0xf380);
});

test("ADS1115: registers after a reset; continuous conversions; differential inputs", () => {
	const chip = chipCatalogue.ads1115?.createChip(options);
	if (chip === undefined) throw new Error("not in the catalogue");
	expect([word(chip, 0), word(chip, 1), word(chip, 2), word(chip, 3)]).toEqual([0, 0x8583, 0x8000, 0x7fff]);
	// Input 0 against 1, ±4.096 V, continuous.
	write(chip, 1, 0x02, 0x83);
	ticks = 7.9;
	expect(word(chip, 0)).toBe(0x10000 - 8000);
	expect(word(chip, 1) & 0x8000).toBe(0);
	around = { ...around, inputs: [3, 1, 0, 0] };
	ticks = 15.7;
	expect(word(chip, 0)).toBe(16_000);
});

test("a silent chip acknowledges nothing", () => {
	for (const { createChip } of Object.values(chipCatalogue)) {
		const chip = createChip(options);
		chip.fault = "silent";
		expect(() => write(chip, 0)).toThrow(NotAcknowledgedError);
		expect(() => read(chip, 1)).toThrow(NotAcknowledgedError);
		chip.fault = undefined;
	}
});
