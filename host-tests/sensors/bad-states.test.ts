import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AHT20Chip } from "../../simulator/chips/aht20";
import { BME280Chip } from "../../simulator/chips/bme280";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { type I2CChip, NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import type { Value } from "../../src/reading/reading";
import { allDrivers, type I2CDriver } from "../../src/sensors/drivers/all-drivers";
import { SensorError } from "../../src/sensors/sensor-error";
import { SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";
import { expectedValues } from "./test-surroundings";

// Every driver with its chip in every state that wires, supply and other firmware can bring it into: it reports the
// right values or an error, never a wrong value, and recovers by itself.

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
	/** Called after each read, with what the chip has sent. */
	afterRead: (bytes: Uint8Array, transfer: number) => void = () => {};
	chip: I2CChip;

	constructor(chip: I2CChip) {
		this.chip = chip;
	}

	write(bytes: Uint8Array): void {
		this.beforeTransfer(++this.transfers);
		this.chip.write(bytes);
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
): (readonly Value[] | Error)[] {
	const outcomes: (readonly Value[] | Error)[] = [];
	let sensor: ReturnType<SensorBench["open"]> | undefined;
	for (let attempt = 0; attempt < count; attempt++) {
		try {
			sensor ??= bench.open(driver, address, {}, attempt === 0 ? "boot" : "failure");
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
		if (!(outcome instanceof Error))
			expect(isRight(place, outcome), `${place.name}: ${outcome.join(", ")}`).toBe(true);
}

function expectRecovered(place: Place, outcomes: readonly (readonly Value[] | Error)[]): void {
	expectRightOrError(place, outcomes);
	const last = outcomes.at(-1);
	expect(last, place.name).not.toBeInstanceOf(Error);
	// An index has no value for the first 45 seconds, nor at long intervals.
	const missing = place.driver.fields.filter(
		({ name }, index) =>
			!/^(voc|nox)_index$/.test(name) && !(last instanceof Error) && last?.[index] === undefined,
	);
	expect(missing, place.name).toEqual([]);
}

/** Transfers of two measurements after opening. */
function transfersOf(place: Place): number {
	const { bench, wires } = plugIn(place);
	attempts(place, bench, 2);
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

describe("a missing acknowledge at any transfer", () => {
	test.each(names)("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			wires.beforeTransfer = (transfer) => {
				if (transfer === at) throw new NotAcknowledgedError();
			};
			expectRecovered(place, attempts(place, bench, 4));
		}
	});
});

describe("a loss of supply before any transfer", () => {
	test.each(names)("%s", (_, place) => {
		for (let at = 1; at <= transfersOf(place); at++) {
			const { bench, wires } = plugIn(place);
			wires.beforeTransfer = (transfer) => {
				if (transfer === at) wires.chip = createChip(place, bench);
			};
			expectRecovered(place, attempts(place, bench, 6));
		}
	});

	/** A fresh chip in its power-on state. */
	function createChip({ name }: Place, bench: SensorBench): I2CChip {
		const made = chipCatalogue[name]?.createChip(bench.chipOptions);
		if (made === undefined) throw new Error(name);
		return made;
	}
});

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

	test("an AHT20 is one whatever the bits of its status are that mean nothing", () => {
		for (let reservedBits = 0; reservedBits < 0x80; reservedBits++) {
			const bench = new SensorBench();
			bench.bus.attach(
				0x38,
				new AHT20Chip({
					...bench.chipOptions,
					reservedBits: reservedBits & 0x77,
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
