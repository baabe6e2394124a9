import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { DS18B20Chip, type DS18B20Options } from "../../simulator/chips/ds18b20";
import { OneWireLine, OneWireMaster } from "../../simulator/hardware/one-wire";
import { crc8Maxim } from "../../src/common/crc8";
import { ds18b20 } from "../../src/sensors/drivers/ds18b20";
import { isValidRom, OneWireDevice, romText } from "../../src/sensors/drivers/one-wire-device";
import { BenchSensor } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";

describe("the CRC of a ROM code", () => {
	test("is A2 for the code in Maxim's application note 27", () => {
		expect(crc8Maxim([0x02, 0x1c, 0xb8, 0x01, 0x00, 0x00, 0x00])).toBe(0xa2);
		expect(isValidRom(Uint8Array.of(0x02, 0x1c, 0xb8, 0x01, 0x00, 0x00, 0x00, 0xa2))).toBe(true);
	});

	test("detects every wrong bit", () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: 7, maxLength: 7 }), fc.nat({ max: 63 }), (code, bit) => {
				const rom = Uint8Array.of(...code, crc8Maxim(code));
				rom[bit >> 3] = (rom[bit >> 3] ?? 0) ^ (1 << (bit & 7));
				expect(isValidRom(rom)).toBe(false);
			}),
		);
	});

	test("rejects the zeros of a shorted line", () => {
		expect(isValidRom(new Uint8Array(8))).toBe(false);
	});
});

test("a ROM code is written as in Linux: the family and the serial number", () => {
	expect(romText(Uint8Array.of(0x28, 0xff, 0xf1, 0x79, 0xa2, 0x16, 0x03, 0x6c))).toBe("28-0316a279f1ff");
});

test("a search finds every chip on the line once, whatever their serial numbers", () => {
	const serial = fc.tuple(...Array.from({ length: 6 }, () => fc.nat({ max: 255 })));
	fc.assert(
		fc.property(fc.uniqueArray(serial, { maxLength: 20, selector: String }), (serials) => {
			const line = new OneWireLine();
			const chips = serials.map(
				(serial) =>
					new DS18B20Chip({
						serial: serial as unknown as DS18B20Options["serial"],
						ticks: () => 0,
						temperature: () => 20,
					}),
			);
			for (const chip of chips) line.attach(chip);
			const found = new OneWireMaster(line).search();
			expect(found.map(String).sort()).toEqual(chips.map(({ rom }) => String(rom)).sort());
		}),
	);
});

let ticks: number;
let celsius: number;
let line: OneWireLine;
beforeEach(() => {
	ticks = 0;
	celsius = 20;
	line = new OneWireLine();
});

function chip(options: Partial<DS18B20Options> = {}): DS18B20Chip {
	const made = new DS18B20Chip({
		serial: [1, 2, 3, 4, 5, 6],
		ticks: () => ticks,
		temperature: () => celsius,
		...options,
	});
	line.attach(made);
	return made;
}

function open({ rom }: { readonly rom: Uint8Array }, bus = new OneWireMaster(line)): BenchSensor {
	const name = `DS18B20 ${romText(rom)}`;
	return new BenchSensor(ds18b20, name, () => new OneWireDevice(bus, rom, name));
}

function measure(sensor: BenchSensor) {
	ticks += sensor.start();
	return sensor.read()[0];
}

describe("temperatures", () => {
	// Data sheet 19-7487, table 1.
	test.each([125, 25.0625, 10.125, 0.5, 0, -0.5, -10.125, -25.0625, -55])(
		"in the data sheet's table: %f °C",
		(value) => {
			celsius = value;
			expect(measure(open(chip()))).toBe(value);
		},
	);

	test("are accurate to a sixteenth of a degree", () => {
		const sensor = open(chip());
		fc.assert(
			fc.property(fc.double({ min: -55, max: 125, noNaN: true }), (value) => {
				celsius = value;
				expect(Math.abs(Number(measure(sensor)) - value)).toBeLessThanOrEqual(1 / 32);
			}),
		);
	});

	test("take 750 ms; the power-on value that is read earlier is refused", () => {
		const sensor = open(chip());
		expect(sensor.start()).toBe(750);
		ticks += 700;
		expect(() => sensor.read()).toThrow(/it reports 85 °C/);
	});

	test("85 °C is a temperature, and the power-on value only with its byte 6", () => {
		const sensor = open(chip());
		celsius = 85;
		expect(measure(sensor)).toBe(85);
	});

	test.each([
		// From a report: reserved bits of the configuration are 0; twelve bits.
		["ad01 4b00 60ff 0310 7c", 26.8125],
		// Nine bits, fixed: the lowest three are undefined.
		["ad01 4b46 1fff 0310", 26.5],
		["ad01 4b46 00ff 0310", 26.5],
		["b3ff 4b46 5fff 0310", -4.875],
	])("a chip with the scratchpad %s is read with the resolution that it reports", (hex, expected) => {
		const bytes = [...Buffer.from(hex.replaceAll(" ", ""), "hex")];
		if (bytes.length === 8) bytes.push(crc8Maxim(bytes));
		const bus = {
			reset: () => true,
			write: () => {},
			read: (count: number) => (count === 1 ? Uint8Array.of(0xff) : Uint8Array.from(bytes)),
			search: () => [],
			close: () => {},
		};
		const rom = Uint8Array.of(0x28, 1, 2, 3, 4, 5, 6, 0);
		const device = new OneWireDevice(bus, rom, "DS18B20");
		ds18b20.open?.(device, {});
		expect(ds18b20.read(device)).toEqual([expected]);
	});

	test("have twelve bits, also on a chip that was set to nine", () => {
		const made = chip();
		const bus = new OneWireMaster(line);
		bus.reset();
		bus.write(Uint8Array.of(0xcc, 0x4e, 0x12, 0x34, 0x1f));
		celsius = 20.0625;
		expect(measure(open(made, bus))).toBe(20.0625);
		bus.reset();
		bus.write(Uint8Array.of(0xcc, 0xbe));
		// The alarms are unchanged.
		expect([...bus.read(5).subarray(2)]).toEqual([0x12, 0x34, 0x7f]);
	});
});

describe("one clear error", () => {
	const name = "DS18B20 28-060504030201";

	test("when no chip is on the line", () => {
		const made = chip();
		line.detach(made);
		expect(() => open(made)).toThrow(`${name}: no chip answers on the 1-Wire bus. Check its wiring.`);
	});

	test("when only others are on the line", () => {
		const made = chip();
		const sensor = open(made);
		chip({ serial: [9, 9, 9, 9, 9, 9] });
		line.detach(made);
		sensor.start();
		expect(() => sensor.read()).toThrow(`${name}: it does not answer. Check its wiring.`);
	});

	test("when it has no supply of its own", () => {
		expect(() => open(chip({ parasite: true }))).toThrow(/no supply of its own\. Wire its VDD pin to 3\.3 V/);
	});

	test("when its checksum is wrong", () => {
		const made = chip();
		const sensor = open(made);
		sensor.start();
		made.fault = "wrong checksum";
		expect(() => sensor.read()).toThrow(/wrong checksum/);
	});

	test("when the line is shorted", () => {
		const made = chip();
		const sensor = open(made);
		made.fault = "shorted";
		expect(() => sensor.start()).toThrow(/no chip answers/);
	});

	test("when it lost its supply while it measured", () => {
		const made = chip();
		const sensor = open(made);
		ticks += sensor.start();
		made.losePower();
		expect(() => sensor.read()).toThrow(/it reports 85 °C, its value after a loss of supply/);
	});
});

describe("on a board", () => {
	let board: SensorBoard;
	beforeEach(() => {
		board = new SensorBoard();
	});
	const settings = { oneWirePin: 4 };

	test("several on one pin are distinguished by their serial numbers and measured at the same time", async () => {
		board.attachThermometer(3, 21.5);
		board.attachThermometer(1, -7.25);
		board.attachThermometer(2, 60);
		board.start(settings);
		expect(await board.sample(760)).toEqual({ temperature: -7.25, temperature_2: 60, temperature_3: 21.5 });
		expect(board.logLines).toEqual([
			"sensor: DS18B20 28-060504030201 (temperature)",
			"sensor: DS18B20 28-060504030202 (temperature_2)",
			"sensor: DS18B20 28-060504030203 (temperature_3)",
		]);
	});

	test("each keeps its name, whichever is missing", async () => {
		const first = board.attachThermometer(1, 10);
		board.attachThermometer(2, 20);
		board.start(settings);
		await board.sample();
		board.pins.oneWire(4).detach(first);
		expect(await board.sample()).toEqual({ temperature: undefined, temperature_2: 20 });
		board.start(settings);
		expect(await board.sample()).toEqual({ temperature_2: 20 });
		board.pins.oneWire(4).attach(first);
		expect(await board.sample()).toEqual({ temperature: 10, temperature_2: 20 });
	});

	test.each(["wrong checksum", "shorted"] as const)(
		"a failing one is logged, and recovers: %s",
		async (fault) => {
			const chip = board.attachThermometer(1, 10);
			board.plugIn("bme280");
			board.start(settings);
			await board.sample();
			chip.fault = fault;
			expect(await board.sample()).toMatchObject({ temperature: 22.48, temperature_2: undefined });
			chip.fault = undefined;
			expect(await board.sample()).toMatchObject({ temperature: 22.48, temperature_2: 10 });
			expect(board.logLines.at(-1)).toBe("sensor: DS18B20 28-060504030201 is back");
		},
	);

	test("an empty line, and a chip of another family, are logged once", async () => {
		board.plugIn("bme280");
		board.start(settings);
		await board.sample();
		await board.sample(3_600_000);
		board.attachThermometer(1, 20, { family: 0x10 });
		await board.sample();
		expect(board.logLines.slice(1)).toEqual([
			"sensor: 1-Wire bus at pin 4: no chip answers. Check its wiring and the 4.7 kΩ resistor to 3.3 V.",
			"sensor: 1-Wire bus at pin 4: 10-060504030201 is a chip that this firmware does not support.",
		]);
	});

	test("there is no search while a sensor measures", async () => {
		board.attachThermometer(1);
		const searches: number[] = [];
		let bits = -1;
		let byte = 0;
		board.pins.oneWire(4).attach({
			reset: () => {
				bits = 0;
				byte = 0;
				return false;
			},
			writeBit: (bit) => {
				byte |= bits < 8 ? bit << bits : 0;
				if (++bits === 8 && byte === 0xf0) searches.push(board.time.ticks());
			},
			readBit: () => 1,
		});
		const sampler = board.start({ ...settings, statistics: 2, interval: 10 });
		await board.sample(3_592_000);
		expect(new Set(searches)).toEqual(new Set([0]));
		searches.length = 0;
		// The hour ends just after the last measurement for the statistics has begun.
		await board.sample(8_100);
		const sampled = sampler.sample();
		const scanned = sampler.rescan();
		await board.time.advance(500);
		expect(searches).toEqual([]);
		await board.time.advance(500);
		await Promise.all([sampled, scanned]);
		expect(searches.length).toBeGreaterThan(0);
	});

	test("without a pin in the settings there is no search", async () => {
		board.attachThermometer(1);
		board.start();
		expect(await board.sample()).toEqual({});
	});
});
