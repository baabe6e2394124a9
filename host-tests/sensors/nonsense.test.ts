import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import { type I2CChip, NotAcknowledgedError } from "../../simulator/hardware/i2c-bus";
import { allDrivers } from "../../src/sensors/drivers/all-drivers";
import { SensorBench } from "./sensor-bench";
import { SensorBoard } from "./sensor-board";

function fill(into: Uint8Array, byteAt: (index: number) => number): void {
	for (let index = 0; index < into.length; index++) into[index] = byteAt(index);
}

/** Chips that no data sheet describes. `next`: a number under 256, by chance. */
const nonsense: Readonly<Record<string, (next: () => number) => I2CChip>> = {
	"the same byte, whatever it is asked": (next) => {
		const byte = next();
		return { write: () => {}, read: (into) => into.fill(byte) };
	},
	"other bytes each time": (next) => ({
		write: () => {},
		read: (into) => fill(into, next),
	}),
	"what is in a memory that nobody has written": (next) => {
		const memory = Array.from({ length: 256 }, next);
		let pointer = 0;
		return {
			write: ([first = 0, ...bytes]) => {
				pointer = first;
				for (const byte of bytes) memory[pointer++ & 0xff] = byte;
			},
			read: (into) => fill(into, () => memory[pointer++ & 0xff] ?? 0),
		};
	},
	"what it was told": () => {
		let told: readonly number[] = [0];
		return {
			write: (bytes) => {
				told = [...bytes];
			},
			read: (into) => fill(into, (index) => told[index % told.length] ?? 0),
		};
	},
	"now and then nothing at all": (next) => {
		const acknowledge = () => {
			if (next() < 100) throw new NotAcknowledgedError();
		};
		return {
			write: acknowledge,
			read: (into) => {
				acknowledge();
				into.fill(next());
			},
		};
	},
};

/** Numbers under 256 that repeat with their seed. */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state >>> 24;
	};
}

describe("at an address that answers nonsense", () => {
	const places = Object.entries(chipCatalogue).flatMap(([name, { addresses }]) =>
		addresses.map((address) => [name, address] as const),
	);

	test.each(Object.entries(nonsense))(
		"%s: the others are measured, and who was there is back after it",
		async (_, make) => {
			await fc.assert(
				fc.asyncProperty(fc.integer(), fc.constantFrom(...places), async (seed, [name, address]) => {
					const board = new SensorBoard();
					const sample = async (wait?: number) => {
						const { fields, values } = await board.sampleAsIs(wait);
						expect(values).toEqual(expect.arrayContaining([22.48, 45.2, 1013.25]));
						return fields.filter((__, index) => values[index] !== undefined).map((field) => field.name);
					};
					board.plugIn("bme280", address === 0x76 ? 0x77 : 0x76);
					board.plugIn(name, address);
					board.start();
					await sample();
					const usual = await sample();

					board.station.bus.attach(address, make(numbers(seed)));
					const told = board.logLines.length;
					for (let i = 0; i < 8; i++) await sample(i === 4 ? 3_600_000 : 60_000);
					// What answers otherwise each time has another trouble each time, and is back in between.
					expect(board.logLines.length - told).toBeLessThan(2 * 8 + 4);

					board.plugIn(name, address);
					for (let i = 0; i < 5; i++) await sample();
					expect((await sample()).sort()).toEqual(usual.sort());
				}),
				{ numRuns: 40 },
			);
		},
	);
});

describe("an INA219, which has no id, is not found", () => {
	test("where something tells the same byte whatever it is asked", () => {
		for (let byte = 0; byte < 256; byte++)
			expect(
				identified(() => byte),
				`0x${byte.toString(16)}`,
			).toEqual([]);
	});

	test("where something tells other bytes each time", () => {
		for (let seed = 0; seed < 2000; seed++) expect(identified(numbers(seed)), `seed ${seed}`).toEqual([]);
	});

	function identified(next: () => number): string[] {
		const bench = new SensorBench();
		bench.bus.attach(0x41, {
			write: () => {},
			read: (into) => fill(into, next),
		});
		return allDrivers
			.filter(({ addresses }) => addresses.includes(0x41))
			.filter((kind) => kind.identify(bench.i2cBus, 0x41) === "this")
			.map(({ name }) => name);
	}
});
