import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { estimateCalls } from "../../page/call-estimate";
import { texts } from "../../page/texts";
import { freePlanCallsPerMonth, maxMonthMs } from "../../src/dakkio/rate-limits";

const month = maxMonthMs / 1000;

describe("the calls per month of the intervals", () => {
	test.each([
		["automatic, on mains: seven tenths of the Free plan", 60, "auto", "mains", 7_000],
		["automatic, on battery: one an hour", 60, "auto", "battery", 744],
		["with each reading", 60, 0, "mains", 44_640],
		["more often than there are readings: with each reading", 600, 60, "mains", 4_464],
		["every five minutes", 60, 300, "mains", 8_928],
		["an interval of the owner's, on battery", 60, 300, "battery", 8_928],
		["once a day, with more readings than one call can carry", 5, 86_400, "mains", 31 * 18],
		["readings more seldom than automatic uploads", 3_600, "auto", "mains", 744],
	] as const)("%s", (_, interval, uploadInterval, power, calls) => {
		expect(estimateCalls({ interval, uploadInterval, power }, freePlanCallsPerMonth)?.calls).toBe(calls);
	});

	test("a larger plan uploads each reading", () => {
		expect(estimateCalls({ interval: 60, uploadInterval: "auto", power: "mains" }, 1_000_000)?.calls).toBe(
			44_640,
		);
	});

	test("calls at the estimated interval carry all readings of the month", () => {
		const seconds = fc.integer({ min: 5, max: 86_400 });
		const setting = fc.oneof(fc.constant("auto"), fc.integer({ min: 0, max: 86_400 }));
		const power = fc.constantFrom("mains", "battery");
		fc.assert(
			fc.property(seconds, setting, power, (interval, uploadInterval, power) => {
				const plan = estimateCalls({ interval, uploadInterval, power }, freePlanCallsPerMonth);
				expect(plan).toBeDefined();
				if (plan === undefined) return;
				expect(plan.intervalS).toBeGreaterThanOrEqual(interval);
				expect(plan.calls * 1000).toBeGreaterThanOrEqual(Math.floor(month / interval) * 0.99);
				if (uploadInterval === "auto") expect(plan.calls).toBeLessThanOrEqual(7_000);
			}),
		);
	});

	test.each([
		["once a day, in two calls", 60, 86_400, 62, "About 62 calls per month: 2 every day"],
		["in one call, and two when a reading more has come", 7, 7_001, 437, "1 or 2 every 1 hour 56 minutes"],
		["in one call", 60, 300, 8_928, "one every 5 minutes"],
		["at an odd interval", 60, "auto", 7_000, "one every 6 minutes 23 seconds"],
	] as const)("%s, are in words what they are in numbers", (_, interval, uploadInterval, calls, words) => {
		const estimate = estimateCalls({ interval, uploadInterval, power: "mains" }, freePlanCallsPerMonth);
		expect(estimate?.calls).toBe(calls);
		expect(estimate && texts.plan.needs(estimate)).toContain(words);
	});

	test("the words agree with the number, whatever the intervals", () => {
		const lengths: Readonly<Record<string, number>> = { day: 86_400, hour: 3_600, minute: 60, second: 1 };
		const secondsIn = (words: string) =>
			[...words.matchAll(/(\d+)? ?(day|hour|minute|second)/g)].reduce(
				(sum, [, count = "1", unit = ""]) => sum + Number(count) * (lengths[unit] ?? 0),
				0,
			);
		const seconds = fc.integer({ min: 5, max: 86_400 });
		const setting = fc.oneof(fc.constant("auto"), fc.integer({ min: 0, max: 86_400 }));
		fc.assert(
			fc.property(
				seconds,
				setting,
				fc.constantFrom("mains", "battery"),
				(interval, uploadInterval, power) => {
					const estimate = estimateCalls({ interval, uploadInterval, power }, freePlanCallsPerMonth);
					if (estimate === undefined) throw new Error("no estimate");
					const sentence = texts.plan.needs(estimate);
					const [, calls = "", min = "", max = min, every = ""] =
						/^About ([\d,]+) calls? per month: (one|[\d,]+)(?: or ([\d,]+))? every (.*?), with/.exec(
							sentence,
						) ?? [];
					const read = (text: string) => (text === "one" ? 1 : Number(text.replaceAll(",", "")));
					const uploads = month / secondsIn(every);
					// A duration of two units is exact to a minute in an hour and an hour in a day; the number is rounded.
					expect(read(calls)).toBeGreaterThanOrEqual(uploads * read(min) * 0.98 - 1);
					expect(read(calls)).toBeLessThanOrEqual(uploads * read(max) * 1.02 + 1);
				},
			),
			{ numRuns: 2000 },
		);
	});

	test("the number is that of a month of uploads, counted one by one", () => {
		const seconds = fc.integer({ min: 5, max: 600 });
		fc.assert(
			fc.property(seconds, fc.integer({ min: 3_600, max: 86_400 }), (interval, uploadInterval) => {
				const estimate = estimateCalls({ interval, uploadInterval, power: "mains" }, freePlanCallsPerMonth);
				let calls = 0;
				let sent = 0;
				// Over many months, so that it does not matter where the first upload falls.
				const months = 200;
				for (let at = uploadInterval; at <= months * month; at += uploadInterval) {
					const taken = Math.floor(at / interval);
					calls += Math.ceil((taken - sent) / 1000);
					sent = taken;
				}
				expect(Math.abs((estimate?.calls ?? 0) - calls / months)).toBeLessThanOrEqual(
					1 + 0.005 * (calls / months),
				);
			}),
			{ numRuns: 100 },
		);
	});

	test.each([
		[{ interval: "sixty", uploadInterval: "auto" }],
		[{ interval: 0, uploadInterval: "auto" }],
		[{ interval: 60, uploadInterval: "often" }],
		[{ interval: 60, uploadInterval: -1 }],
		[{}],
	])("%o is no plan", (settings) => {
		expect(estimateCalls(settings, freePlanCallsPerMonth)).toBeUndefined();
	});
});

test.each([
	[1, "second"],
	[60, "minute"],
	[90, "1 minute 30 seconds"],
	[300, "5 minutes"],
	[382.6, "6 minutes"],
	[3_600, "hour"],
	[5_400, "1 hour 30 minutes"],
	[86_400, "day"],
])("every %s s is every %s", (seconds, words) => {
	expect(texts.every(seconds)).toBe(words);
});
