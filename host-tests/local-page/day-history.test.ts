import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DayHistory, stepMs } from "../../src/local-page/day-history";
import type { Field } from "../../src/reading/reading";

const field = (name: string, decimals = 1): Field => ({ name, unit: "celsius", decimals });
/** As JSON has it. */
function read(history: DayHistory, now: number) {
	return history.fields(now).map(({ name, unit, decimals, values }) => ({
		name,
		unit,
		values: [...values].map((value) => (Number.isNaN(value) ? null : Number(value.toFixed(decimals)))),
	}));
}

const temperature = field("temperature");

test("the last reading of each quarter of an hour of the last day, whatever the order and the gaps", () => {
	const event = fc.record({ wait: fc.nat(30 * 60_000), value: fc.integer({ min: -400, max: 400 }) });
	const gap = fc.record({ wait: fc.nat(40 * 3_600_000), value: fc.constant(undefined) });
	fc.assert(
		fc.property(fc.array(fc.oneof({ weight: 9, arbitrary: event }, gap), { maxLength: 300 }), (events) => {
			const history = new DayHistory();
			const expected = new Map<number, number>();
			let now = 0;
			for (const { wait, value } of events) {
				now += wait;
				if (value === undefined) continue;
				history.add(now, [temperature], [value / 10]);
				expected.set(Math.floor(now / stepMs), value / 10);
			}
			const step = Math.floor(now / stepMs);
			const values = Array.from({ length: 96 }, (_, index) => expected.get(step - 95 + index) ?? null);
			const isEmpty = values.every((value) => value === null);
			expect(read(history, now)).toEqual(isEmpty ? [] : [{ name: "temperature", unit: "celsius", values }]);
		}),
	);
});

describe("fields", () => {
	test("at most six, and one that was not measured for a day makes room", () => {
		const history = new DayHistory();
		const fields = Array.from({ length: 9 }, (_, index) => field(`f${index}`));
		history.add(
			0,
			fields,
			fields.map((_, index) => index),
		);
		expect(history.fields(0).map(({ name }) => name)).toEqual(["f0", "f1", "f2", "f3", "f4", "f5"]);
		history.add(12 * 3_600_000, fields.slice(3), [3, 4, 5, 6, 7, 8]);
		expect(history.fields(25 * 3_600_000).map(({ name }) => name)).toEqual(["f3", "f4", "f5"]);
		history.add(25 * 3_600_000, fields.slice(3), [3, 4, 5, 6, 7, 8]);
		expect(history.fields(25 * 3_600_000).map(({ name }) => name)).toEqual([
			"f3",
			"f4",
			"f5",
			"f6",
			"f7",
			"f8",
		]);
	});

	test("a switch is 1 or 0; text and what was not measured have no course", () => {
		const history = new DayHistory();
		history.add(0, [field("door"), field("text"), field("none")], [true, "open", undefined]);
		expect(read(history, 0).map(({ name, values }) => [name, values.at(-1)])).toEqual([["door", 1]]);
	});

	test("with the precision of the field", () => {
		const history = new DayHistory();
		history.add(0, [field("pressure", 2), field("lux", 0)], [1017.88, 123_456]);
		expect(read(history, 0).map(({ values }) => values.at(-1))).toEqual([1017.88, 123_456]);
	});
});
