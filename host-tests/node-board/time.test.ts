import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PacedTime } from "../../boards/node/time";

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
	vi.useRealTimers();
});

test("ticks run at the given speed", () => {
	const time = new PacedTime(60);
	vi.advanceTimersByTime(1000);
	expect(time.ticks()).toBeCloseTo(60_000);
});

test("timers fire in order of their time, each once, never early", () => {
	const time = new PacedTime(10);
	const fired: [string, number][] = [];
	time.set(() => fired.push(["second", time.ticks()]), 2000);
	time.set(() => fired.push(["first", time.ticks()]), 1000);
	time.clear(time.set(() => fired.push(["cleared", 0]), 500));
	vi.advanceTimersByTime(99);
	expect(fired).toEqual([]);
	vi.advanceTimersByTime(1000);
	expect(fired.map(([name]) => name)).toEqual(["first", "second"]);
	for (const [index, [, ticks]] of fired.entries()) expect(ticks).toBeGreaterThanOrEqual(1000 * (index + 1));
});

test("while it is held, time runs in real time, and timers are delayed accordingly", () => {
	const time = new PacedTime(1000);
	let fired = false;
	time.set(() => {
		fired = true;
	}, 10_000);
	const first = time.hold();
	const second = time.hold();
	vi.advanceTimersByTime(1000);
	expect(time.ticks()).toBeCloseTo(1000);
	expect(fired).toBe(false);
	first();
	first();
	vi.advanceTimersByTime(1000);
	expect(time.ticks()).toBeCloseTo(2000);
	second();
	vi.advanceTimersByTime(8);
	expect(fired).toBe(true);
});

test("while it is paused, also held, time stands still; only what is due fires", () => {
	const time = new PacedTime(10);
	const fired: string[] = [];
	time.set(() => fired.push("later"), 1000);
	const resume = time.pause();
	const release = time.hold();
	const ticks = time.ticks();
	time.set(() => fired.push("now"), 0);
	vi.advanceTimersByTime(100_000);
	expect(time.ticks()).toBe(ticks);
	expect(fired).toEqual(["now"]);
	release();
	resume();
	resume();
	vi.advanceTimersByTime(100);
	expect(fired).toEqual(["now", "later"]);
});

test("a wait longer than a timer of the computer can be is kept whole", () => {
	const time = new PacedTime(1);
	let fired = false;
	time.set(() => {
		fired = true;
	}, 3_000_000_000);
	vi.advanceTimersByTime(2_999_999_000);
	expect(fired).toBe(false);
	vi.advanceTimersByTime(2_000);
	expect(fired).toBe(true);
});

test("a timer may set and clear others while it fires", () => {
	const time = new PacedTime(1);
	const fired: string[] = [];
	const other = time.set(() => fired.push("other"), 100);
	time.set(() => {
		fired.push("one");
		time.clear(other);
		time.set(() => fired.push("new"), 0);
	}, 100);
	time.clear(undefined);
	vi.advanceTimersByTime(200);
	// Both were due at once, and the first set is the first to fire.
	expect(fired).toEqual(["other", "one", "new"]);
});

test("faster than real time, a computer that is too slow makes the time slower, and no timer late", () => {
	const now = vi.spyOn(performance, "now");
	const start = performance.now();
	const time = new PacedTime(3600);
	const fired: [string, number][] = [];
	time.set(() => {
		// A second of computing, in which an hour would pass.
		now.mockReturnValue(start + 1001);
		fired.push(["first", time.ticks()]);
		time.set(() => fired.push(["set by the first", time.ticks()]), 50);
	}, 100);
	time.set(() => fired.push(["second", time.ticks()]), 180_000);
	now.mockReturnValue(start + 1);
	// 3.6 s at this speed, but a timer is due before.
	expect(time.ticks()).toBe(100);
	vi.advanceTimersByTime(1);
	now.mockReturnValue(start + 1002);
	vi.advanceTimersByTime(1);
	expect(fired).toEqual([
		["first", 100],
		["set by the first", 150],
	]);
	now.mockReturnValue(start + 1500);
	expect(time.ticks()).toBe(180_000);
	const release = time.hold();
	now.mockReturnValue(start + 1510);
	// Held, it runs in real time, and never goes back.
	expect(time.ticks()).toBe(180_010);
	release();
	expect(time.ticks()).toBe(180_010);
	now.mockRestore();
});
