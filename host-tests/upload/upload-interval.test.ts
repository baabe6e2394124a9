import { describe, expect, test } from "vitest";
import type { KeyValue } from "../../src/boards/ecma419";
import { parseCallQuota } from "../../src/dakkio/rate-limits";
import { CallBudget } from "../../src/upload/call-budget";
import { defaultQuota, quotaAt, uploadIntervalMs } from "../../src/upload/upload-interval";

const day = 86_400_000;
const start = Date.UTC(2026, 11, 1);
const minute = 60_000;

describe("what the headers allow", () => {
	const headers = (limit: string, remaining: string, reset: string) =>
		new Map([
			["x-ratelimit-limit", limit],
			["x-ratelimit-remaining", remaining],
			["x-ratelimit-reset", reset],
		]);
	const unix = start / 1000;

	test("is read from the headers when it is plausible", () => {
		expect(parseCallQuota(headers("10000", "4200", `${unix + 86_400}`), start)).toEqual({
			limit: 10_000,
			remaining: 4_200,
			resetUtc: start + day,
		});
	});

	test("is read with decimals: calls rounded down, the reset up", () => {
		expect(parseCallQuota(headers("10000.0", " 4200.9", `${unix + 86_399}.5`), start)).toEqual({
			limit: 10_000,
			remaining: 4_200,
			resetUtc: start + day,
		});
	});

	test.each([
		["a list", "10000, 10000", "1", `${unix + 60}`],
		["an exponent", "1e4", "1", `${unix + 60}`],
		["a limit beyond all bounds", "9".repeat(400), "1", `${unix + 60}`],
		["a reset in the past", "10000", "1", `${unix - 1}`],
		["a reset in 100 years", "10000", "1", `${unix + 3_155_760_000}`],
		["a reset that is no number", "10000", "1", "tomorrow"],
		["more left than there is", "10", "11", `${unix + 60}`],
		["a plan of nothing", "0", "0", `${unix + 60}`],
		["a negative number", "-1", "-1", `${unix + 60}`],
		["nothing", "", "", ""],
	])("%s is not believed", (_, limit, remaining, reset) => {
		expect(parseCallQuota(headers(limit, remaining, reset), start)).toBeUndefined();
	});
});

/** Plays a month in which devices upload at their auto interval; returns the calls made until the reset. */
function playMonth(devices: number, usedByOthers: (time: number) => number = () => 0): number {
	const resetUtc = start + 31 * day;
	const next = Array.from({ length: devices }, (_, index) => start + index * 1000);
	let calls = 0;
	for (;;) {
		const time = Math.min(...next);
		if (time >= resetUtc) return calls;
		const remaining = Math.max(0, 10_000 - calls - usedByOthers(time));
		if (remaining > 0) calls++;
		const allowance = { limit: 10_000, remaining: Math.max(0, remaining - 1), resetUtc };
		next[next.indexOf(time)] = time + uploadIntervalMs("auto", minute, allowance, time);
	}
}

describe("the automatic interval", () => {
	test("keeps one device within 70 % of the Free plan, and uses it", () => {
		const calls = playMonth(1);
		expect(calls).toBeLessThanOrEqual(7_000);
		expect(calls).toBeGreaterThan(6_900);
	});

	test.each([2, 5])("keeps %i devices on one plan within it, each sending until the end", (devices) => {
		expect(playMonth(devices)).toBeLessThan(10_000);
	});

	test("waits an hour at a time when other devices have used up the quota, and starts again after the reset", () => {
		const spent = { limit: 10_000, remaining: 0, resetUtc: start + 11 * day };
		expect(uploadIntervalMs("auto", minute, spent, start)).toBe(3_600_000);
		expect(uploadIntervalMs(30, minute, spent, start)).toBe(3_600_000);
		expect(uploadIntervalMs("auto", minute, spent, start + 11 * day - 5 * minute)).toBe(5 * minute);
		expect(quotaAt(spent, start + 11 * day).remaining).toBe(10_000);
	});

	test("never sends more often than it samples, and keeps an interval set by the user", () => {
		expect(uploadIntervalMs("auto", 2 * 3_600_000, defaultQuota(start), start)).toBe(2 * 3_600_000);
		expect(uploadIntervalMs(15, minute, defaultQuota(start), start)).toBe(15_000);
	});
});

describe("the budget", () => {
	function memory(): KeyValue {
		const values = new Map<string, ArrayBuffer>();
		return {
			read: (key) => values.get(key),
			write: (key, value) => values.set(key, Uint8Array.from(value).buffer),
			delete: (key) => values.delete(key),
			close: () => {},
		};
	}

	test("counts calls without headers, and survives a restart", () => {
		const storage = memory();
		const budget = new CallBudget(storage);
		for (let call = 0; call < 3; call++) budget.countCall(new Map(), start + call);
		expect(new CallBudget(storage).quotaAt(start + 3).remaining).toBe(9_997);
	});

	test("starts a new month when the reset has passed, however long ago", () => {
		const storage = memory();
		new CallBudget(storage).countCall(new Map(), start);
		expect(new CallBudget(storage).quotaAt(start + 400 * day)).toMatchObject({ remaining: 10_000 });
		expect(new CallBudget(storage).quotaAt(start + 400 * day).resetUtc).toBeGreaterThan(start + 400 * day);
	});

	test("forgets a reset that a wrong clock has set, and only then", () => {
		const storage = memory();
		const budget = new CallBudget(storage);
		budget.countCall(new Map(), start);
		const usual = budget.uploadIntervalMs("auto", minute, start);
		budget.countCall(new Map(), start + 4_000 * day);
		for (const later of [budget, new CallBudget(storage)])
			for (const days of [0, 30, 365, 3_650])
				expect(later.uploadIntervalMs("auto", minute, start + days * day) / usual).toBeCloseTo(1, 2);
		// From the next call on, it ends like any other.
		budget.countCall(new Map(), start);
		expect(budget.quotaAt(start + day)).toEqual({
			...{ limit: 10_000, remaining: 9_999, resetUtc: start + 31 * day },
		});
	});

	test("keeps its count while the time is unknown, and when the clock is set back by less than a day", () => {
		const budget = new CallBudget(memory());
		budget.countCall(new Map(), start);
		expect(budget.quotaAt(0).remaining).toBe(9_999);
		expect(budget.quotaAt(start - day + 1).remaining).toBe(9_999);
	});

	test("keeps a larger plan whose reset it forgets", () => {
		const spent = { limit: 1_000_000, remaining: 5, resetUtc: start + 90 * day };
		expect(quotaAt(spent, start)).toEqual({
			...{ limit: 1_000_000, remaining: 1_000_000, resetUtc: start + 31 * day },
		});
	});

	test.each([new Uint8Array(0), new Uint8Array(25).fill(255), new Uint8Array(25), new Uint8Array(24)])(
		"garbage in the storage counts as nothing",
		(garbage) => {
			const storage = memory();
			storage.write("budget", garbage);
			expect(new CallBudget(storage).quotaAt(start)).toEqual(defaultQuota(start));
		},
	);
});
