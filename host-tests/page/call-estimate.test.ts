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
