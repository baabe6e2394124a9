import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bar, type Expectation, intervalAfter, isBarred, judge, pauseAfter } from "../../src/clock/schedule";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test.each([
	[1, 16 * second, 24 * second],
	[2, 32 * second, 48 * second],
	[3, 64 * second, 96 * second],
	[7, 1_024 * second, 1_536 * second],
	[8, 1_024 * second, 1_536 * second],
	[1_000_000, 1_024 * second, 1_536 * second],
])("after %i failed rounds the pause is %i to %i ms, as chance has it", (rounds, shortest, longest) => {
	expect(pauseAfter(rounds, 0)).toBe(shortest);
	expect(pauseAfter(rounds, 1)).toBe(longest);
});

test("no pause is under 16 s or over 26 minutes", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 2 ** 31 }), chance, (rounds, random) => {
			expect(pauseAfter(rounds, random)).toBeGreaterThanOrEqual(16 * second);
			expect(pauseAfter(rounds, random)).toBeLessThanOrEqual(26 * minute);
		}),
	);
});

test.each([
	["the boot's first", 1, false, hour],
	["the boot's first, the rate known from before", 1, true, hour],
	["the second, while the rate is not known", 2, false, hour],
	["the second", 2, true, day],
	["the hundredth", 100, true, day],
])(
	"after %s measurement the next comes in time, a little early as chance has it",
	(_, count, steady, most) => {
		expect(intervalAfter(count, steady, 0)).toBe(most);
		expect(intervalAfter(count, steady, 1)).toBeCloseTo(most * 0.95, 3);
	},
);

describe("which measurement is believed", () => {
	const utc = Date.UTC(2027, 0, 1);
	const ticks = 10 * day;
	const doubt = { peer: "a:123", start: utc - ticks, since: ticks - minute };
	const nothing: Expectation = { expected: undefined, slack: 0, knownUntil: undefined, doubt: undefined };

	test.each<readonly [string, string, Partial<Expectation>, string]>([
		["the very first", "a:123", {}, "believed"],
		["one that agrees with the clock", "a:123", { expected: utc + 2_000 }, "believed"],
		["one five minutes from a good clock", "a:123", { expected: utc + 5 * minute }, "believed"],
		[
			"one further off, within what a slow oscillator is",
			"a:123",
			{ expected: utc - hour, slack: hour },
			"believed",
		],
		["one further off than that", "a:123", { expected: utc - hour - 1, slack: hour }, "doubted"],
		[
			"one five minutes from a clock that slept shortly",
			"a:123",
			{ expected: utc + 5 * minute, slack: 9 },
			"believed",
		],
		["one further ahead", "a:123", { expected: utc - 5 * minute - 1 }, "doubted"],
		["one further behind", "a:123", { expected: utc + 5 * minute + 1 }, "doubted"],
		[
			"a first one that is earlier than what an earlier boot knew",
			"a:123",
			{ knownUntil: utc + hour },
			"doubted",
		],
		["a first one that is later", "a:123", { knownUntil: utc - 1_000 * day }, "believed"],
		[
			"one that agrees with the clock, whatever earlier boots knew",
			"a:123",
			{ expected: utc, knownUntil: utc + hour },
			"believed",
		],
		["what a second server confirms", "b:123", { expected: utc - hour, doubt }, "confirmed"],
		["a first one that a second server confirms", "b:123", { knownUntil: utc + hour, doubt }, "confirmed"],
		["what the same server repeats", "a:123", { expected: utc - hour, doubt }, "doubted"],
		[
			"what the same server repeats for a day",
			"a:123",
			{ expected: utc - hour, doubt: { ...doubt, since: ticks - day } },
			"confirmed",
		],
		[
			"what a second server says differently",
			"b:123",
			{ expected: utc - hour, doubt: { ...doubt, start: doubt.start + 2 * minute } },
			"doubted",
		],
		["what agrees with the clock against a doubt", "b:123", { expected: utc, doubt }, "believed"],
	])("%s", (_, peer, expectation, expected) => {
		const verdict = judge({ utc, ticks }, peer, { ...nothing, ...expectation });
		expect(verdict.kind === "believed" && verdict.confirmed ? "confirmed" : verdict.kind).toBe(expected);
	});

	test("a doubt begins with who said it and when, and stays as it began", () => {
		const first = judge({ utc, ticks }, "a:123", { ...nothing, expected: 0 });
		expect(first).toEqual({ kind: "doubted", doubt: { peer: "a:123", start: utc - ticks, since: ticks } });
		if (first.kind !== "doubted") return;
		const later = { utc: utc + hour + 500, ticks: ticks + hour };
		expect(judge(later, "a:123", { ...nothing, expected: 0, doubt: first.doubt })).toEqual(first);
	});
});

describe("a kiss of death", () => {
	test.each(["DENY", "RSTR"])("%s: this address is asked once a day", (code) => {
		const barred = bar([], "a:123", code, 5);
		expect(isBarred(barred, "a:123", day)).toBe(true);
		expect(isBarred(barred, "a:123", day + 5)).toBe(false);
		expect(isBarred(barred, "a:124", 5)).toBe(false);
	});

	test("RATE: it is asked later, and with each one more later still, up to a day", () => {
		let barred = bar([], "a:123", "RATE", 0);
		let ticks = 0;
		for (const wait of [0.25, 0.5, 1, 2, 4, 8, 16, 24, 24].map((hours) => hours * hour)) {
			expect(isBarred(barred, "a:123", ticks + wait - 1)).toBe(true);
			expect(isBarred(barred, "a:123", ticks + wait)).toBe(false);
			ticks += wait;
			barred = bar(barred, "a:123", "RATE", ticks);
		}
	});

	test.each(["INIT", "STEP", "XYZ"])("%j bars nothing", (code) => {
		expect(bar([], "a:123", code, 0)).toEqual([]);
	});

	test("however many servers refuse, no more than sixteen are remembered", () => {
		let barred = bar([], "0", "DENY", 0);
		for (let peer = 1; peer < 100; peer++) barred = bar(barred, String(peer), "DENY", 0);
		expect(barred.length).toBe(16);
		expect(isBarred(barred, "99", 0)).toBe(true);
	});
});
