import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Value } from "../../src/reading/reading";
import type { Aggregation } from "../../src/sensors/drivers/driver";
import { Aggregate } from "../../src/sensors/pipeline/aggregate";

function of(aggregation: Aggregation, ...values: Value[]): Aggregate {
	const aggregate = new Aggregate(aggregation);
	for (const value of values) aggregate.add(value);
	return aggregate;
}

describe("the aggregate", () => {
	test.each<[Aggregation, Value[], Value]>([
		["mean", [], undefined],
		["mean", [undefined, undefined], undefined],
		["mean", [4], 4],
		["mean", [1, undefined, 3, 8], 4],
		["mean", [1, "lost"], "lost"],
		["sum", [], undefined],
		["sum", [2, undefined, 0, 3], 5],
		["last", [], undefined],
		["last", [false, true, undefined], true],
		["last", [3, 9, 7], 7],
	])("%s of %j is %j", (aggregation, values, expected) => {
		expect(of(aggregation, ...values).value).toBe(expected);
	});
});

test("the mean is between minimum and maximum, which are among the values", () => {
	const numbers = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), {
		minLength: 1,
	});
	fc.assert(
		fc.property(numbers, (values) => {
			const { value, min = Number.NaN, max = Number.NaN } = of("mean", ...values);
			expect(values).toContain(min);
			expect(values).toContain(max);
			expect(Math.min(...values)).toBe(min);
			expect(Math.max(...values)).toBe(max);
			expect(Number(value)).toBeGreaterThanOrEqual(min - 1e-6);
			expect(Number(value)).toBeLessThanOrEqual(max + 1e-6);
		}),
	);
});

test("it starts empty", () => {
	const aggregate = of("mean");
	expect([aggregate.value, aggregate.min, aggregate.max]).toEqual([undefined, undefined, undefined]);
	aggregate.add(7);
	expect([aggregate.value, aggregate.min, aggregate.max]).toEqual([7, 7, 7]);
});
