import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Field, Reading, SampleContext, Value } from "../../src/reading/reading";
import { ReadingDecoder } from "../../src/reading/reading-decoder";
import { ReadingEncoder } from "../../src/reading/reading-encoder";
import { useNativeText } from "../text/native-text";

const field = (decimals = 2, name = "temperature"): Field => ({ name, unit: "celsius", decimals });
const context = (fields: readonly Field[]): SampleContext => ({
	boot: 3,
	deviceId: "ESP32-A1B2C3",
	location: "Kitchen",
	firmwareVersion: "0.1.0",
	fields,
});
const at = (utc: number, values: readonly Value[]): Reading => ({ time: { utc }, values });

/** Stores readings one after the other and reads them back, as a sector would. */
function roundTrip(list: readonly { readonly reading: Reading; readonly context: SampleContext }[]) {
	const encoder = new ReadingEncoder();
	const writing = new ReadingDecoder();
	const reading = new ReadingDecoder();
	/** Goes on without decoding. */
	const committing = new ReadingEncoder();
	const committed = new ReadingDecoder();
	return list.map((entry, i) => {
		const bytes = encoder.encode(writing, entry.reading, entry.context, i === 0).slice();
		expect(committing.encode(committed, entry.reading, entry.context, i === 0)).toEqual(bytes);
		committing.commit(committed, i + 1);
		writing.decode(bytes, i + 1, i === 0);
		expect(reading.decode(bytes, i + 1, i === 0)).toBe(true);
		expect(committed.reading()).toEqual(reading.reading());
		expect(committed.sequence).toBe(reading.sequence);
		return { reading: reading.reading(), context: reading.context, length: bytes.length };
	});
}

function one(value: Value, decimals: number): Value {
	const [back] = roundTrip([{ reading: at(1.79e12, [value]), context: context([field(decimals)]) }]);
	return back?.reading.values[0];
}

const values: fc.Arbitrary<Value> = fc.oneof(
	fc.double(),
	fc.integer({ min: -100_000, max: 100_000 }).map((whole) => whole / 100),
	fc.boolean(),
	fc.string({ unit: "binary", maxLength: 20 }),
	fc.constant(undefined),
);
const contexts: fc.Arbitrary<SampleContext> = fc.record({
	boot: fc.integer({ min: 0, max: 2 ** 32 }),
	resetReason: fc.option(fc.string({ minLength: 1, maxLength: 20 }), { nil: undefined }),
	deviceId: fc.string({ maxLength: 20 }),
	location: fc.string({ unit: "binary", maxLength: 30 }),
	firmwareVersion: fc.string({ maxLength: 10 }),
	fields: fc.array(
		fc.record({
			name: fc.string({ maxLength: 12 }),
			unit: fc.string({ unit: "binary", maxLength: 6 }),
			decimals: fc.integer({ min: 0, max: 9 }),
		}),
		{ maxLength: 16 },
	),
});
const times = fc.oneof(
	fc.record({ utc: fc.integer({ min: 0, max: 2 ** 45 }) }),
	fc.record({ utc: fc.integer({ min: 0, max: 2 ** 45 }), estimated: fc.constant(true) }),
	fc.record({ boot: fc.integer({ min: 0, max: 1000 }), ticks: fc.integer({ min: 0, max: 2 ** 40 }) }),
);
const readings = contexts.chain((given) =>
	fc.array(
		fc.record({
			context: fc.constant(given),
			reading: fc.record({
				time: times,
				values: fc.array(values, { minLength: given.fields.length, maxLength: given.fields.length }),
				batteryLevel: fc.option(fc.double(), { nil: undefined }),
				signalStrength: fc.option(fc.integer({ min: -127, max: 0 }), { nil: undefined }),
			}),
		}),
		{ minLength: 1, maxLength: 8 },
	),
);

/** What must come back: numbers to their field's decimals, or as they are where these cannot tell them. */
function expected(value: Value, decimals: number): Value {
	if (typeof value !== "number") return value;
	const integer = Math.round(value * 10 ** decimals);
	return Number.isSafeInteger(integer) ? (integer + 0) / 10 ** decimals : value;
}

describe.each([
	["without native code", false],
	["with XS's native code", true],
])("a reading comes back as it was stored, %s", (_, isNative) => {
	if (isNative) useNativeText();

	test("whatever its fields, values, times and texts are, alone and after others of its sector", () => {
		fc.assert(
			fc.property(fc.array(readings, { minLength: 1, maxLength: 4 }), (groups) => {
				const list = groups.flat();
				const back = roundTrip(list);
				list.forEach(({ reading, context: given }, i) => {
					expect(back[i]?.reading).toEqual({
						...reading,
						values: reading.values.map((value, slot) => expected(value, given.fields[slot]?.decimals ?? 0)),
						batteryLevel: reading.batteryLevel === undefined ? undefined : reading.batteryLevel + 0,
					});
					expect(back[i]?.context).toEqual(given);
				});
			}),
			{ numRuns: 500 },
		);
	});
});

describe("a reading comes back as it was stored", () => {
	test.each<[Value, number, Value]>([
		[22.479999542236328, 2, 22.48],
		[1013.25, 2, 1013.25],
		[-0.004, 2, 0],
		[0.1 + 0.2, 1, 0.3],
		[123456789, 2, 123456789],
		[1e300, 2, 1e300],
		[2 ** 60, 3, 2 ** 60],
		[Number.NaN, 2, Number.NaN],
		[Number.NEGATIVE_INFINITY, 0, Number.NEGATIVE_INFINITY],
		[true, 0, true],
		["", 0, ""],
		["offen 🚪", 0, "offen 🚪"],
		[undefined, 2, undefined],
	])("%s with %i decimals is %s", (value, decimals, back) => {
		expect(one(value, decimals)).toBe(back);
	});
});

test("a series of weather takes a few bytes a reading, its context once", () => {
	const given = context([field(2), field(1, "humidity"), field(2, "pressure")]);
	const list = Array.from({ length: 50 }, (_, i) => ({
		context: given,
		reading: {
			...at(1.79e12 + i * 60_000, [21.5 + (i % 3) / 100, 45.1 + (i % 2) / 10, 1013.25 - i / 100]),
			batteryLevel: 90,
			signalStrength: -60,
		},
	}));
	const [first = 0, second = 0, ...others] = roundTrip(list).map(({ length }) => length);
	expect(first).toBeGreaterThan(60);
	expect(second).toBeLessThan(12);
	expect(Math.max(...others)).toBeLessThanOrEqual(4);
});

describe("what cannot be stored throws, with a reason", () => {
	const encode = (reading: Reading, given: SampleContext) => () =>
		new ReadingEncoder().encode(new ReadingDecoder(), reading, given, true);

	test.each<[string, Reading, SampleContext, RegExp]>([
		["a time that is none", at(Number.NaN, []), context([]), /time in milliseconds/],
		["more than 32 fields", at(0, []), context(Array.from({ length: 33 }, () => field())), /at most 32/],
		["more values than fields", at(0, [1, 2]), context([field()]), /2 values for 1/],
		["decimals out of range", at(0, [1]), context([field(10)]), /0 to 9/],
	])("%s", (_, reading, given, message) => {
		expect(encode(reading, given)).toThrow(message);
	});
});

describe("a record that is missing or damaged is never read as something else", () => {
	test("after a gap nothing is read before the next context", () => {
		const encoder = new ReadingEncoder();
		const writing = new ReadingDecoder();
		const given = context([field()]);
		const bytes = [1, 2, 3].map((i) => {
			const record = encoder.encode(writing, at(1.79e12 + i * 60_000, [i]), given, i === 1).slice();
			writing.decode(record, i, i === 1);
			return record;
		});
		const reading = new ReadingDecoder();
		expect(reading.decode(bytes[0] ?? new Uint8Array(0), 1, true)).toBe(true);
		expect(reading.decode(bytes[2] ?? new Uint8Array(0), 3, false)).toBe(false);
	});

	test("any bytes are read without an exception", () => {
		fc.assert(
			fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 5 }), (records) => {
				const chain = new ReadingDecoder();
				records.forEach((bytes, i) => {
					if (chain.decode(bytes, i + 1, i === 0)) chain.reading();
				});
			}),
			{ numRuns: 2000 },
		);
	});
});
