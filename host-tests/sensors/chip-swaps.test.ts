import { beforeEach, describe, expect, test } from "vitest";
import { chipCatalogue } from "../../simulator/chips/chip-catalogue";
import type { Value } from "../../src/reading/reading";
import { SensorBoard } from "./sensor-board";
import { expectedValues } from "./test-surroundings";

let board: SensorBoard;
beforeEach(() => {
	board = new SensorBoard();
});

const hour = 3_600_000;

/** The board's surroundings by field, and the tolerance of a value. */
const boardValues: typeof expectedValues = {
	...expectedValues,
	temperature: [22.48, 0.05],
	humidity: [45.2, 0.2],
};

/** Fails for a wrong value; returns the names of the fields that have one. */
function expectCorrect(sample: Readonly<Record<string, Value>>): string[] {
	const measured = Object.entries(sample).filter(([, value]) => value !== undefined);
	for (const [name, value] of measured) {
		const [expected, tolerance] = boardValues[name] ??
			boardValues[name.replace(/_\d+$/, "")] ?? [Number.NaN, 0];
		expect(Math.abs(Number(value) - expected), `${name} ${value}`).toBeLessThanOrEqual(tolerance);
	}
	return measured.map(([name]) => name);
}

/** All pairs of chips that can be at the same address, including two of the same type. */
const pairs = Object.entries(chipCatalogue).flatMap(([first, { addresses }]) =>
	Object.entries(chipCatalogue).flatMap(([second, { addresses: others }]) => {
		const address = addresses.find((each) => others.includes(each));
		return address === undefined ? [] : [[first, second, address] as const];
	}),
);

describe("a chip that is swapped for another between two samples, and back, never leads to a wrong value", () => {
	test.each(pairs)("%s, %s (at %i)", async (first, second, address) => {
		const [neighbour, place] = address === 0x76 ? (["sht31", 0x44] as const) : (["bme280", 0x76] as const);
		board.plugIn(neighbour, place);
		board.plugIn(first, address);
		board.start();
		const initial = await names(3);

		board.unplug(address);
		const without = await names(2);
		board.plugIn(first, address);
		const before = await names(3);
		expect(before).toEqual(initial);
		expect(before.length > without.length).toBe(true);

		// The first time it is found within an hour, then at once.
		board.plugIn(second, address);
		await names(3);
		await board.time.advance(hour);
		const after = await names(4);
		expect(after).toEqual(expect.arrayContaining(without));
		expect(after.length > without.length).toBe(true);

		board.plugIn(first, address);
		expect(await names(5)).toEqual(before);
		board.plugIn(second, address);
		expect(await names(5)).toEqual(after);
	});

	/** The fields that have a value after this number of samples. All values are checked. */
	async function names(samples: number): Promise<string[]> {
		let last: string[] = [];
		for (let count = 0; count < samples; count++) last = expectCorrect(await board.sample());
		return last.sort();
	}
});
