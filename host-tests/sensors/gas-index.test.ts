import { describe, expect, test } from "vitest";
import { GasIndex, noxIndexParameters, vocIndexParameters } from "../../src/sensors/drivers/gas-index";

/** A wave with events every 25 minutes. */
function ticksAt(n: number, isNox: boolean): number {
	const event = Math.floor(n / 300) % 5 === 3 ? (isNox ? -6000 : 1500) : 0;
	return (isNox ? 15_500 : 30_000) + ((n * 7919) % 23) - event + Math.floor((n % 1000) / 10);
}

describe("it agrees with Sensirion's own code, version 3.2.0, over 6,000 calls; each 250th index", () => {
	test.each([
		[
			0,
			1,
			[
				99, 99, 99, 130, 36, 89, 94, 96, 104, 141, 18, 84, 113, 108, 97, 474, 140, 100, 96, 92, 105, 443, 133,
				91,
			],
		],
		[
			0,
			10,
			[
				100, 92, 82, 499, 104, 93, 84, 76, 107, 499, 84, 76, 107, 96, 86, 499, 107, 96, 87, 79, 109, 499, 86,
				79,
			],
		],
		[1, 1, [1, 1, 1, 297, 20, 1, 1, 1, 1, 223, 16, 1, 1, 1, 1, 210, 15, 1, 1, 1, 1, 199, 15, 1]],
		[1, 10, [1, 1, 1, 22, 1, 1, 1, 1, 1, 332, 1, 1, 1, 1, 1, 340, 1, 1, 1, 1, 1, 336, 1, 1]],
	] as const)("nitrogen oxides: %i; each %i seconds", (isNox, intervalS, expected) => {
		const index = new GasIndex(isNox === 1 ? noxIndexParameters : vocIndexParameters, intervalS);
		const found: number[] = [];
		for (let n = 0; n < 6000; n++) {
			const value = index.update(ticksAt(n, isNox === 1)) ?? 0;
			if (n % 250 === 249) found.push(value);
		}
		// Theirs calculates in single precision.
		found.forEach((value, at) => {
			expect(Math.abs(value - (expected[at] ?? Number.NaN)), `at ${at}`).toBeLessThanOrEqual(1);
		});
	});
});

test("constant air has the index 100, and 1 for nitrogen oxides, as in Sensirion's tests", () => {
	for (const [parameters, expected] of [
		[vocIndexParameters, 100],
		[noxIndexParameters, 1],
	] as const) {
		const index = new GasIndex(parameters, 1);
		for (let n = 0; n < 200; n++) index.update(1337);
		expect(index.update(1337)).toBe(expected);
	}
});

test("there is none in the first 45 seconds", () => {
	const index = new GasIndex(vocIndexParameters, 10);
	const found = Array.from({ length: 7 }, () => index.update(30_000));
	expect(found.map((index) => index !== undefined)).toEqual([false, false, false, false, false, true, true]);
});
