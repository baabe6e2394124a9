import fc from "fast-check";
import { expect, test } from "vitest";
import { uploadInterval } from "../../src/upload/pace";
import { retryWait } from "../../src/upload/retry";

test.each([
	[1, 5_000],
	[2, 10_000],
	[3, 20_000],
	[7, 320_000],
	[8, 640_000],
	[9, 900_000],
	[1_000_000, 900_000],
])("after %i failures the wait is below %i ms", (failures, ceiling) => {
	expect(retryWait(failures, 0.999999)).toBeCloseTo(ceiling, -1);
	expect(retryWait(failures, 0.5)).toBe(ceiling / 2);
});

test("no wait is shorter than a second or longer than a quarter of an hour, whatever chance says", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 2 ** 31 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			(failures, random) => {
				const wait = retryWait(failures, random);
				expect(wait).toBeGreaterThanOrEqual(1_000);
				expect(wait).toBeLessThanOrEqual(900_000);
			},
		),
	);
});

test("auto keeps a device that samples each minute within 70 % of the Free plan's 10,000 calls in the longest month", () => {
	const calls = (31 * 86_400_000) / uploadInterval("auto", 60_000);
	expect(calls).toBeLessThanOrEqual(7_000);
	expect(calls).toBeGreaterThan(6_900);
});

test("an upload interval of the owner's is kept, and auto never sends more often than it samples", () => {
	expect(uploadInterval(15, 60_000)).toBe(15_000);
	expect(uploadInterval("auto", 3_600_000)).toBe(3_600_000);
});
