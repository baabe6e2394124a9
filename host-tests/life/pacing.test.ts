import { describe, expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { calmScenario, type ScenarioFault } from "../../simulator/life/scenario";

/** Months of the whole firmware on the Free plan: 10,000 calls, a point a minute, uploads at the interval `auto`. */

const day = 24 * 3_600_000;
const january = calmScenario({ startedAt: Date.UTC(2027, 0, 1), length: 31 * day });

const outage: ScenarioFault = { kind: "internet", from: 10 * day, to: 13 * day };

describe("one device on the Free plan", () => {
	test("31 days: every point is delivered, none an hour old, with at most 7,000 calls", async () => {
		const report = await new Life({ scenario: january }).run();
		expect(report.readings).toBeGreaterThanOrEqual(31 * 24 * 60);
		// Readings of the last minutes are pending until the next upload.
		expect(report.readings - report.delivered).toBeLessThanOrEqual(60);
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, estimated: 0, rateLimited: 0 });
		expect(report.calls).toBeLessThanOrEqual(7_000);
		// In the last minutes of the month only the reserve is left: one call per hour.
		expect(report.maxDelayMs).toBeLessThanOrEqual(61 * 60_000);
	});

	test("an outage of three days: the backlog is delivered within a day and within the plan", async () => {
		const report = await new Life({ scenario: { ...january, faults: [outage] } }).run();
		expect(report).toMatchObject({ overwritten: 0, rateLimited: 0 });
		// The last time response is up to a day older, and valid for 100,000 s.
		expect(report.estimated).toBeLessThanOrEqual(4 * 24 * 60 - 100_000 / 60);
		expect(report.maxDelayMs).toBeGreaterThan(2.9 * day);
		expect(report.maxDelayMs).toBeLessThan(4 * day);
		expect(report.calls).toBeLessThanOrEqual(10_000);
	});

	test("restarts in the middle of the month do not lose the count of used calls", async () => {
		const faults: ScenarioFault[] = [5, 11, 17, 23].map((at) => ({
			kind: "power",
			where: "queue",
			step: 3,
			from: at * day,
			to: at * day + 60_000,
		}));
		const report = await new Life({ scenario: { ...january, faults } }).run();
		expect(report.boots).toBe(5);
		expect(report.calls).toBeLessThanOrEqual(7_000 + report.boots);
	});

	test("other devices exhaust the plan on day 20: it waits for the reset, loses nothing, and probes hourly at most", async () => {
		const faults: ScenarioFault[] = [{ kind: "quota", from: 19 * day, to: 19 * day }];
		const report = await new Life({ scenario: { ...january, faults } }).run();
		expect(report).toMatchObject({ overwritten: 0, estimated: 0, duplicates: 0 });
		expect(report.rateLimited).toBeGreaterThan(0);
		expect(report.rateLimited).toBeLessThanOrEqual(12 * 24 + 1);
		expect(report.maxDelayMs).toBeLessThan(13 * day);
	});
});

test("two devices share the plan of one key: both deliver everything and stay within it together", async () => {
	const first = new Life({ scenario: january });
	const second = new Life({ scenario: { ...january, seed: 2 }, neighbour: first });
	second.start();
	const reports = [await first.run(), await second.finish()];
	for (const report of reports)
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, estimated: 0, rateLimited: 0 });
	expect(reports.reduce((sum, { calls }) => sum + calls, 0)).toBeLessThanOrEqual(10_000);
});
