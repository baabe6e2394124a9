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

/** Chips that behave like no data sheet. `next`: a random byte. */
const nonsense: Readonly<Record<string, (next: () => number) => I2CChip>> = {
	"the same byte to every query": (next) => {
		const byte = next();
		return { write: () => {}, read: (into) => into.fill(byte) };
	},
	"random bytes": (next) => ({
		write: () => {},
		read: (into) => fill(into, next),
	}),
	"the contents of an uninitialised memory": (next) => {
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
	"the bytes that were written": () => {
		let written: readonly number[] = [0];
		return {
			write: (bytes) => {
				written = [...bytes];
			},
			read: (into) => fill(into, (index) => written[index % written.length] ?? 0),
		};
	},
	"only some of the time": (next) => {
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

/** A reproducible generator of random bytes. */
function numbers(seed: number): () => number {
	let state = seed;
	return () => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return state >>> 24;
	};
}

describe("a chip that answers", () => {
	const places = Object.entries(chipCatalogue).flatMap(([name, { addresses }]) =>
		addresses.map((address) => [name, address] as const),
	);

	test.each(Object.entries(nonsense))(
		"%s does not affect another sensor, and the sensor at its address recovers afterwards",
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
					const logged = board.logLines.length;
					for (let i = 0; i < 8; i++) await sample(i === 4 ? 3_600_000 : 60_000);
					// Random answers give another problem each time, and recoveries in between.
					expect(board.logLines.length - logged).toBeLessThan(2 * 8 + 4);

					board.plugIn(name, address);
					for (let i = 0; i < 5; i++) await sample();
					expect((await sample()).sort()).toEqual(usual.sort());
				}),
				{ numRuns: 40 },
			);
		},
	);
});

describe("an INA219, which has no id, is not identified", () => {
	test("where a chip answers the same byte to every query", () => {
		for (let byte = 0; byte < 256; byte++)
			expect(
				identified(() => byte),
				`0x${byte.toString(16)}`,
			).toEqual([]);
	});

	test("where a chip answers random bytes", () => {
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
			.filter((driver) => bench.identify(driver, 0x41) === "this")
			.map(({ name }) => name);
	}
});
