import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
	blockPeer,
	checkPlausibility,
	type Expectation,
	isBlocked,
	pollBackoffMs,
	pollIntervalMs,
} from "../../src/clock/sync-policy";

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
	expect(pollBackoffMs(rounds, 0)).toBe(shortest);
	expect(pollBackoffMs(rounds, 1)).toBe(longest);
});

test("no pause is under 16 s or over 26 minutes", () => {
	fc.assert(
		fc.property(fc.integer({ min: 1, max: 2 ** 31 }), chance, (rounds, random) => {
			expect(pollBackoffMs(rounds, random)).toBeGreaterThanOrEqual(16 * second);
			expect(pollBackoffMs(rounds, random)).toBeLessThanOrEqual(26 * minute);
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
		expect(pollIntervalMs(count, steady, 0)).toBe(most);
		expect(pollIntervalMs(count, steady, 1)).toBeCloseTo(most * 0.95, 3);
	},
);

describe("which measurement is accepted", () => {
	const utc = Date.UTC(2027, 0, 1);
	const ticks = 10 * day;
	const unconfirmed = { peer: "a:123", startUtc: utc - ticks, sinceTicks: ticks - minute };
	const nothing: Expectation = {
		expectedUtc: undefined,
		toleranceMs: 0,
		lastKnownUtc: undefined,
		unconfirmed: undefined,
	};

	test.each<readonly [string, string, Partial<Expectation>, string]>([
		["the very first", "a:123", {}, "accepted"],
		["one that agrees with the clock", "a:123", { expectedUtc: utc + 2_000 }, "accepted"],
		["one five minutes from a good clock", "a:123", { expectedUtc: utc + 5 * minute }, "accepted"],
		[
			"one further off, within what a slow oscillator is",
			"a:123",
			{ expectedUtc: utc - hour, toleranceMs: hour },
			"accepted",
		],
		["one further off than that", "a:123", { expectedUtc: utc - hour - 1, toleranceMs: hour }, "unconfirmed"],
		[
			"one five minutes from a clock that slept shortly",
			"a:123",
			{ expectedUtc: utc + 5 * minute, toleranceMs: 9 },
			"accepted",
		],
		["one further ahead", "a:123", { expectedUtc: utc - 5 * minute - 1 }, "unconfirmed"],
		["one further behind", "a:123", { expectedUtc: utc + 5 * minute + 1 }, "unconfirmed"],
		[
			"a first one that is earlier than what an earlier boot knew",
			"a:123",
			{ lastKnownUtc: utc + hour },
			"unconfirmed",
		],
		["a first one that is later", "a:123", { lastKnownUtc: utc - 1_000 * day }, "accepted"],
		[
			"one that agrees with the clock, whatever earlier boots knew",
			"a:123",
			{ expectedUtc: utc, lastKnownUtc: utc + hour },
			"accepted",
		],
		["what a second server confirms", "b:123", { expectedUtc: utc - hour, unconfirmed }, "confirmed"],
		[
			"a first one that a second server confirms",
			"b:123",
			{ lastKnownUtc: utc + hour, unconfirmed },
			"confirmed",
		],
		["what the same server repeats", "a:123", { expectedUtc: utc - hour, unconfirmed }, "unconfirmed"],
		[
			"what the same server repeats for a day",
			"a:123",
			{ expectedUtc: utc - hour, unconfirmed: { ...unconfirmed, sinceTicks: ticks - day } },
			"confirmed",
		],
		[
			"a second server with a different time",
			"b:123",
			{
				expectedUtc: utc - hour,
				unconfirmed: { ...unconfirmed, startUtc: unconfirmed.startUtc + 2 * minute },
			},
			"unconfirmed",
		],
		[
			"one that agrees with the clock, against an unconfirmed time",
			"b:123",
			{ expectedUtc: utc, unconfirmed },
			"accepted",
		],
	])("%s", (_, peer, expectation, expected) => {
		const verdict = checkPlausibility({ utc, ticks }, peer, { ...nothing, ...expectation });
		expect(verdict.kind === "accepted" && verdict.confirmed ? "confirmed" : verdict.kind).toBe(expected);
	});

	test("an unconfirmed time keeps its first server and its first ticks", () => {
		const first = checkPlausibility({ utc, ticks }, "a:123", { ...nothing, expectedUtc: 0 });
		expect(first).toEqual({
			kind: "unconfirmed",
			unconfirmed: { peer: "a:123", startUtc: utc - ticks, sinceTicks: ticks },
		});
		if (first.kind !== "unconfirmed") return;
		const later = { utc: utc + hour + 500, ticks: ticks + hour };
		expect(
			checkPlausibility(later, "a:123", { ...nothing, expectedUtc: 0, unconfirmed: first.unconfirmed }),
		).toEqual(first);
	});
});

describe("a kiss of death", () => {
	test.each(["DENY", "RSTR"])("%s: this address is polled once a day", (code) => {
		const barred = blockPeer([], "a:123", code, 5);
		expect(isBlocked(barred, "a:123", day)).toBe(true);
		expect(isBlocked(barred, "a:123", day + 5)).toBe(false);
		expect(isBlocked(barred, "a:124", 5)).toBe(false);
	});

	test("RATE: it is blocked longer with each further one, up to a day", () => {
		let barred = blockPeer([], "a:123", "RATE", 0);
		let ticks = 0;
		for (const wait of [0.25, 0.5, 1, 2, 4, 8, 16, 24, 24].map((hours) => hours * hour)) {
			expect(isBlocked(barred, "a:123", ticks + wait - 1)).toBe(true);
			expect(isBlocked(barred, "a:123", ticks + wait)).toBe(false);
			ticks += wait;
			barred = blockPeer(barred, "a:123", "RATE", ticks);
		}
	});

	test.each(["INIT", "STEP", "XYZ"])("%j blocks no server", (code) => {
		expect(blockPeer([], "a:123", code, 0)).toEqual([]);
	});

	test("however many servers refuse, no more than sixteen are remembered", () => {
		let barred = blockPeer([], "0", "DENY", 0);
		for (let peer = 1; peer < 100; peer++) barred = blockPeer(barred, String(peer), "DENY", 0);
		expect(barred.length).toBe(16);
		expect(isBlocked(barred, "99", 0)).toBe(true);
	});
});
