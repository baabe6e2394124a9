import fc from "fast-check";
import { expect, test } from "vitest";
import { retryBackoffMs } from "../../src/upload/retry-backoff";

test.each([
	[1, 5_000],
	[2, 10_000],
	[3, 20_000],
	[7, 320_000],
	[8, 640_000],
	[9, 900_000],
	[1_000_000, 900_000],
])("after %i failures the wait is below %i ms", (failures, ceiling) => {
	expect(retryBackoffMs(failures, 0.999999)).toBeCloseTo(ceiling, -1);
	expect(retryBackoffMs(failures, 0.5)).toBe(ceiling / 2);
});

test("no wait is shorter than a second or longer than a quarter of an hour, whatever the random number", () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 1, max: 2 ** 31 }),
			fc.double({ min: 0, max: 1, noNaN: true }),
			(failures, random) => {
				const wait = retryBackoffMs(failures, random);
				expect(wait).toBeGreaterThanOrEqual(1_000);
				expect(wait).toBeLessThanOrEqual(900_000);
			},
		),
	);
});
