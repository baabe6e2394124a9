import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AHT20Chip } from "../../simulator/chips/aht20";
import { BME280Chip } from "../../simulator/chips/bme280";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import { type I2CChip, NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { Value } from "../../src/reading/reading";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import type { OpenReason } from "../../src/sensors/drivers/driver";
import { SensorError } from "../../src/sensors/sensor-error";
import { SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";
import { expectedValues } from "./test-surroundings";

// Every driver with its chip in every state that wires, supply and other firmware can bring it into: it reports the
// right values or an error, never a wrong value, and recovers by itself.

/** Errors are expected by the ten thousands here; their stacks cost more than all else. */
const { stackTraceLimit } = Error;
beforeAll(() => {
	Error.stackTraceLimit = 0;
});
afterAll(() => {
	Error.stackTraceLimit = stackTraceLimit;
});

const places = Object.entries(chipCatalogue).flatMap(([name, { addresses }]) => {
	const address = addresses[0] ?? 0;
	const driver = driverOf(name, address);
	return driver === undefined ? [] : [{ name, address, driver }];
});

function driverOf(name: string, address: number): I2CDriver | undefined {
	const bench = new SensorBench();
	bench.plugIn(name, address);
	return allDrivers.find(
		(each) => each.addresses.includes(address) && bench.identify(each, address) === "this",
	);
}

/** A chip behind wires that a test disturbs. */
class Wires implements I2CChip {
	/** Number of transfers. */
	transfers = 0;
	/** Called before each. */
	beforeTransfer: (transfer: number) => void = () => {};
	/** What arrives at the chip instead of what is written; `undefined`: nothing, although it is acknowledged. */
	disturbWrite: (bytes: Uint8Array, transfer: number) => Uint8Array | undefined = (bytes) => bytes;
	/** Called after each write. */
	afterWrite: (transfer: number) => void = () => {};
	/** Called after each read, with what the chip has sent. */
	afterRead: (bytes: Uint8Array, transfer: number) => void = () => {};
	chip: I2CChip;

	constructor(chip: I2CChip) {
		this.chip = chip;
	}

	write(bytes: Uint8Array): void {
		this.beforeTransfer(++this.transfers);
		const received = this.disturbWrite(bytes, this.transfers);
		if (received !== undefined) this.chip.write(received);
		this.afterWrite(this.transfers);
	}

	read(into: Uint8Array): void {
		this.beforeTransfer(++this.transfers);
		try {
			this.chip.read(into);
		} finally {
			this.afterRead(into, this.transfers);
		}
	}
}

interface Place {
	readonly name: string;
	readonly address: number;
	readonly driver: I2CDriver;
}

function plugIn({ name, address }: Place) {
	const bench = new SensorBench();
	const wires = new Wires(bench.plugIn(name, address));
	bench.bus.attach(address, wires);
	return { bench, wires };
}

/** Measures until there are values, resets and reopens after errors as a slot does; the outcome of each attempt. */
function attempts(
	{ driver, address }: Place,
	bench: SensorBench,
	count: number,
	firstReason: OpenReason = "boot",
): (readonly Value[] | Error)[] {
	const outcomes: (readonly Value[] | Error)[] = [];
	let sensor: ReturnType<SensorBench["open"]> | undefined;
	for (let attempt = 0; attempt < count; attempt++) {
		try {
			sensor ??= bench.open(driver, address, {}, attempt === 0 ? firstReason : "failure");
			outcomes.push(bench.measure(sensor));
		} catch (error) {
			if (!(error instanceof SensorError)) throw error;
			outcomes.push(error);
			sensor?.close();
			sensor = undefined;
		}
		bench.ticks += 5000;
	}
	sensor?.close();
	return outcomes;
}

function isRight({ driver }: Place, values: readonly Value[]): boolean {
	return driver.fields.every(({ name }, index) => {
		const value = values[index];
		const [expected, usual] = expectedValues[name] ?? [Number.NaN, 0];
		// It compares two measurements, which differ by their noise.
		const tolerance = driver.name === "HDC1080" ? 2.5 * usual : usual;
		return value === undefined || Math.abs(Number(value) - expected) <= tolerance;
	});
}

/** None of the outcomes is a wrong value. */
function expectRightOrError(place: Place, outcomes: readonly (readonly Value[] | Error)[]): void {
	for (const outcome of outcomes)
		if (!(outcome instanceof Error) && !isRight(place, outcome))
			expect.fail(`${place.name}: ${outcome.join(", ")}`);
}

function expectRecovered(place: Place, outcomes: readonly (readonly Value[] | Error)[]): void {
	expectRightOrError(place, outcomes);
	const last = outcomes.at(-1);
	if (last instanceof Error) expect.fail(`${place.name}: ${last.message}`);
	// An index has no value for the first 45 seconds, nor at long intervals.
	const missing = place.driver.fields.filter(
		({ name }, index) => !/^(voc|nox)_index$/.test(name) && last?.[index] === undefined,
	);
	if (missing.length > 0) expect.fail(`${place.name}: without ${missing.map(({ name }) => name).join(", ")}`);
}

const transfers = new Map<string, number>();

/** Transfers of two measurements after opening. */
function transfersOf(place: Place): number {
	const key = `${place.name} ${place.address}`;
	const known = transfers.get(key);
	if (known !== undefined) return known;
	const { bench, wires } = plugIn(place);
	attempts(place, bench, 2);
	transfers.set(key, wires.transfers);
	return wires.transfers;
}

const names = places.map((place) => [place.name, place] as const);

describe("data lines that are stuck from any transfer on, until they are free again", () => {
	test.each(names)("%s", (name, place) => {
		for (const byte of [0xff, 0x00])
			for (let from = 1; from <= transfersOf(place); from++) {
				const { bench, wires } = plugIn(place);
				let stuck = true;
				wires.afterRead = (bytes, transfer) => {
					if (stuck && transfer >= from) bytes.fill(byte);
				};
				const during = attempts(place, bench, 3);
				// Darkness is no light, and the chip has nothing else to read.
				const dark = name === "bh1750" && byte === 0;
				expectRightOrError(
					place,
					during.filter((each) => !(dark && !(each instanceof Error) && each[0] === 0)),
				);
				stuck = false;
				expectRecovered(place, attempts(place, bench, 3));
			}
	});
});

describe("one disturbed answer", () => {
	test.each(names)("%s", (_, place) => {
		const last = transfersOf(place);
		fc.assert(
			fc.property(
				fc.integer({ min: 1, max: last }),
				fc.constantFrom("ones", "zeros", "bit"),
				fc.nat(0xffff),
				(at, how, bit) => {
					const { bench, wires } = plugIn(place);
					wires.afterRead = (bytes, transfer) => {
						if (transfer !== at) return;
						if (how === "bit")
							bytes.set(
								[(bytes[(bit >> 3) % bytes.length] ?? 0) ^ (1 << (bit & 7))],
								(bit >> 3) % bytes.length,
							);
						else bytes.fill(how === "ones" ? 0xff : 0x00);
					};
					expectRecovered(place, attempts(place, bench, 5));
				},
			),
			{ numRuns: 150 },
		);
	});
});

/** A write with one bit that differs, for each of its bits. */
const bitsOfLongestWrite = 8 * 10;

describe("one disturbed write, which the chip acknowledges", () => {
	// It has no register that can be read back: see docs/sensors.md.
	test.each(names.filter(([name]) => name !== "bh1750"))("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++)
			for (let bit = 0; bit < bitsOfLongestWrite; bit++) {
				const { bench, wires } = plugIn(place);
				let length = 0;
				wires.disturbWrite = (bytes, transfer) => {
					if (transfer !== at) return bytes;
					length = bytes.length;
					return bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
				};
				expectRecovered(place, attempts(place, bench, 5));
				if (bit + 1 >= 8 * length) break;
			}
	});
});

describe("one write that is acknowledged, but has no effect", () => {
	test.each(names)("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			wires.disturbWrite = (bytes, transfer) => (transfer === at ? undefined : bytes);
			expectRecovered(place, attempts(place, bench, 5));
		}
	});
});

describe("missing acknowledges from any transfer on", () => {
	test.each(names)("%s", (_, place) => {
		for (const count of [1, 2, 3, 7, 20])
			for (let at = 1; at <= transfersOf(place); at++) {
				const { bench, wires } = plugIn(place);
				wires.beforeTransfer = (transfer) => {
					if (transfer >= at && transfer < at + count) throw new NotAcknowledgedError();
				};
				expectRecovered(place, attempts(place, bench, count + 4));
			}
	});
});

describe("an acknowledge that is missing although the chip has taken the transfer", () => {
	test.each(names)("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			wires.afterWrite = (transfer) => {
				if (transfer === at) throw new NotAcknowledgedError();
			};
			wires.afterRead = (_, transfer) => wires.afterWrite(transfer);
			expectRecovered(place, attempts(place, bench, 6));
		}
	});
});

describe("a loss of supply before any transfer", () => {
	test.each(names)("%s, just now or some time ago", (_, place) => {
		for (const agoMs of [0, 1, 5, 30, 300, 3000])
			for (let at = 1; at <= transfersOf(place); at++) {
				const { bench, wires } = plugIn(place);
				wires.beforeTransfer = (transfer) => {
					if (transfer === at) wires.chip = createChip(place, bench, agoMs);
				};
				expectRecovered(place, attempts(place, bench, 6));
			}
	});

	test.each(names)("%s, after the board has slept", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			attempts(place, bench, 3);
			const before = wires.transfers;
			wires.beforeTransfer = (transfer) => {
				if (transfer === before + at) wires.chip = createChip(place, bench);
			};
			expectRecovered(place, attempts(place, bench, 8, "wake"));
		}
	});
});

describe("pulled out at any transfer, in the middle of a read, too, and plugged in again later", () => {
	test.each(names)("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			let isOut = false;
			wires.beforeTransfer = (transfer) => {
				if (isOut && transfer > at) throw new NotAcknowledgedError();
				isOut = transfer >= at;
			};
			// The rest of what is read is the idle level of the lines.
			wires.afterRead = (bytes, transfer) => {
				if (transfer === at) bytes.fill(0xff, bytes.length >> 1);
			};
			expectRightOrError(place, attempts(place, bench, 3));
			isOut = false;
			wires.beforeTransfer = () => {};
			wires.afterRead = () => {};
			wires.chip = createChip(place, bench);
			expectRecovered(place, attempts(place, bench, 4, "failure"));
		}
	});
});

describe("another kind, or another one of its kind, in its place from any transfer on, and back again", () => {
	test.each(names)("%s", (name, { driver }) => {
		for (const address of chipCatalogue[name]?.addresses ?? []) {
			const place = { name, address, driver };
			const others = Object.entries(chipCatalogue).filter(([, { addresses }]) => addresses.includes(address));
			for (const [other] of others)
				for (let at = 1; at <= transfersOf(place); at++) {
					const { bench, wires } = plugIn(place);
					wires.beforeTransfer = (transfer) => {
						if (transfer === at) wires.chip = createChip({ name: other }, bench);
					};
					expectRightOrError(place, attempts(place, bench, 3));
					wires.beforeTransfer = () => {};
					wires.chip = createChip(place, bench);
					expectRecovered(place, attempts(place, bench, 4, "failure"));
				}
		}
	});
});

describe("bits that the data sheet reserves, or that mean nothing for a measurement, read as 1", () => {
	// By the register, or by the command of the chips that have checksums: the bits of the word or byte.
	const bits: Readonly<Record<string, Readonly<Record<string, number>>>> = {
		bme280: { f2: 0xf8, f3: 0xf6, f5: 0x02 },
		bmp280: { f3: 0xf6, f5: 0x02 },
		bme680: { "1d": 0x10, "71": 0xe0, "72": 0xf8, "75": 0xe2 },
		bme688: { "1d": 0x10, "71": 0xd0, "72": 0xf8, "75": 0xe2 },
		lps22hb: { "10": 0x80, "27": 0xcc },
		tmp117: { "01": 0xc001, "0f": 0xf000 },
		mcp9808: { "01": 0xf83f, "05": 0xe000, "07": 0x00ff, "08": 0xfc },
		hdc1080: { "02": 0x48ff },
		veml7700: { "00": 0x0ce4, "07": 0x00ff },
		ltr390: { "00": 0x05, "04": 0x88, "05": 0xf8, "06": 0x0f, "07": 0xf7 },
		ina219: { "00": 0x4000, "02": 0x0005 },
		ina226: { "00": 0x7000, "06": 0xfc17, ff: 0x000f },
		ina228: { "00": 0x400f, "04": 0x00000f, "05": 0x00000f, "0b": 0xfffd, "3f": 0x000f },
		max17048: { "08": 0x000f, "1a": 0xfeff },
		sht31: { f32d: 0xdfff },
		shtc3: { efc8: 0xf7c0 },
		scd40: { e4b8: 0xf800 },
		scd41: { e4b8: 0xf800 },
		sgp40: { "202f": 0xfe00 },
		sgp41: { "202f": 0xfe00 },
		sps30: { "0202": 0xfffe },
	};
	/** An AHT20 has a test of its own; the others have no such bits, or no answer but a measurement. */
	const others = ["aht20", "ads1115", "bh1750", "hdc3022", "sht41"];

	test("there is a row for every chip", () => {
		expect([...Object.keys(bits), ...others].sort()).toEqual(Object.keys(chipCatalogue).sort());
	});

	test.each(names.filter(([name]) => name in bits))("%s", (name, place) => {
		const masks = bits[name] ?? {};
		for (let subset = 0; subset < 32; subset++) {
			const { bench, wires } = plugIn(place);
			let written = "";
			wires.disturbWrite = (bytes) => {
				written = Buffer.from(bytes.subarray(0, masks[toHex(bytes, 2)] === undefined ? 1 : 2)).toString(
					"hex",
				);
				return bytes;
			};
			// All of them, then some.
			const some = subset === 0 ? -1 : (subset * 0x9e3779b1) | 0;
			wires.afterRead = (bytes) => {
				setBits(bytes, written, masks, some);
			};
			expect(bench.identify(place.driver, place.address), name).toBe("this");
			expectRecovered(place, attempts(place, bench, 4));
		}
	});

	/** Of the registers from the written one on, if they have eight bits; otherwise of the word. */
	function setBits(
		bytes: Uint8Array,
		first: string,
		masks: Readonly<Record<string, number>>,
		some: number,
	): void {
		const hasBytes = Object.values(masks).every((mask) => mask < 0x100);
		for (let at = 0; at < (hasBytes ? bytes.length : 1); at++) {
			const register = hasBytes ? (Number.parseInt(first, 16) + at).toString(16).padStart(2, "0") : first;
			const mask = (masks[register] ?? 0) & some;
			const length = hasBytes ? 1 : first.length > 2 ? 2 : bytes.length;
			for (let index = 0; index < length; index++)
				bytes[at + index] = (bytes[at + index] ?? 0) | ((mask >> (8 * (length - 1 - index))) & 0xff);
			// A command of sixteen bits: the answer has a checksum.
			if (first.length > 2) bytes[2] = crc8ByDivision([...bytes.subarray(0, 2)]);
		}
	}

	function toHex(bytes: Uint8Array, length: number): string {
		return Buffer.from(bytes.subarray(0, length)).toString("hex");
	}
});

/** A chip in its power-on state, `agoMs` after it was switched on. */
function createChip({ name }: Pick<Place, "name">, bench: SensorBench, agoMs = 0): I2CChip {
	let shiftMs = -agoMs;
	const { environment } = bench.chipOptions;
	const made = chipCatalogue[name]?.createChip({ ticks: () => bench.ticks + shiftMs, environment });
	if (made === undefined) throw new Error(name);
	shiftMs = 0;
	return made;
}

describe("whatever another firmware has written to it, it is identified and measures", () => {
	test.each(names)("%s", (_, place) => {
		const byte = fc.nat(0xff);
		fc.assert(
			fc.property(
				fc.array(
					fc.oneof(
						fc.tuple(byte, byte, byte),
						fc.tuple(byte, byte),
						fc.constantFrom(...otherFirmware),
						// The registers of most chips are low.
						fc.tuple(fc.nat(15), byte, byte),
					),
					{ maxLength: 12 },
				),
				fc.nat(3000),
				(writes, waitMs) => {
					const { bench, wires } = plugIn(place);
					for (const bytes of writes) {
						try {
							wires.write(Uint8Array.from(bytes));
						} catch {
							// Not a command of this chip.
						}
						bench.ticks += 7;
					}
					bench.ticks += waitMs;
					// A chip that measures may be busy, and one that is powered down is woken by the first attempt.
					let identity = bench.identify(place.driver, place.address);
					for (let attempt = 0; attempt < 4 && identity !== "this"; attempt++) {
						bench.ticks += 5000;
						identity = bench.identify(place.driver, place.address);
					}
					expect(identity).toBe("this");
					expectRecovered(place, attempts(place, bench, 5));
				},
			),
			{ numRuns: 300 },
		);
	});
});

/** Commands that put chips into other modes: periodic, heater on, asleep, powered down, and settings of theirs. */
const otherFirmware: readonly (readonly number[])[] = [
	...[
		[0x21, 0xb1],
		[0x21, 0xac],
		[0x21, 0x9d],
		[0x36, 0xe0],
		[0x3f, 0x86],
	],
	...[[0x30, 0x6d], [0x27, 0x37], [0x20, 0x32], [0x24, 0x00], [0x39], [0x2f], [0xfd]],
	...[[0xac, 0x33, 0x00], [0xbe, 0x08, 0x00], [0x10], [0x13], [0x40], [0x7f], [0x00]],
];

describe("instances that were seen on other firmware", () => {
	test("an AHT20 whose status stays 9C until command BA measures within the first sample", async () => {
		const board = new SensorBoard();
		const options = { ticks: () => board.time.ticks(), environment: () => board.surroundings };
		const chip = new AHT20Chip(options);
		chip.stuckStatus = 0x9c;
		board.station.bus.attach(0x38, chip);
		board.start();
		expect(await board.sample()).toEqual({ temperature: 22.48, humidity: 45.2 });
		// Later, the measurement that fails is repeated after a reset.
		chip.stuckStatus = 0x9c;
		expect(await board.sample()).toEqual({ temperature: 22.48, humidity: 45.2 });
		chip.stuckData = 0x9c;
		chip.stuckStatus = 0x9c;
		expect(await board.sample()).toEqual({ temperature: 22.48, humidity: 45.2 });
		expect(board.logLines).toEqual(["sensor: AHT20 at 0x38 (temperature, humidity)"]);
	});

	test("an AHT20 is one whatever the bits of its status are that mean nothing, and if they change", () => {
		for (let reservedBits = 0; reservedBits < 0x80; reservedBits++) {
			const bench = new SensorBench();
			bench.bus.attach(
				0x38,
				new AHT20Chip({
					...bench.chipOptions,
					reservedBits: reservedBits & 0x77,
					hasFirstChecksum: reservedBits % 2 === 0,
					changingBits: (reservedBits * 5) & 0x77,
					calibrated: reservedBits % 3 > 0,
				}),
			);
			const place = places.find(({ name }) => name === "aht20");
			if (place === undefined) throw new Error("no aht20");
			expect(bench.identify(place.driver, 0x38)).toBe("this");
			expectRecovered(place, attempts(place, bench, 1));
		}
	});

	test.each([
		["bme280", 0x60],
		["bmp280", 0x58],
	])("a %s with damaged trimming words after a brown-out is reset before it is read", async (_, id) => {
		const board = new SensorBoard();
		const options = { ticks: () => board.time.ticks(), environment: () => board.surroundings };
		const chip = new BME280Chip({ ...options, id });
		chip.brownOut();
		board.station.bus.attach(0x76, chip);
		for (const resumed of [false, true]) {
			chip.brownOut();
			board.start({}, undefined, resumed);
			expect(await board.sample()).toMatchObject({ temperature: 22.48, pressure: 1013.25 });
		}
	});
});
