import { beforeEach, describe, expect, test } from "vitest";
import { maxAnchors } from "../../src/clock/anchor";
import { Clock, type SendingPosition, type UnsavedClock, unknownPosition } from "../../src/clock/clock";
import type { SampleTime } from "../../src/reading/reading";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";
import { pendingTimes } from "./pending-times";

/** A board that sleeps between samples: while it does, its slow oscillator counts. */

const start = Date.UTC(2027, 2, 1, 12);
const second = 1_000;
const hour = 3_600_000;

let storage: MemoryKeyValue;
let position: SendingPosition;
beforeEach(() => {
	storage = new MemoryKeyValue();
	position = unknownPosition;
});

/** A board that wakes, or starts, with so many ticks of its boot behind it. */
function awake(boot: number, ticks: number, resumed = true, keptState?: UnsavedClock) {
	const clock = new Clock({
		...mainsBoard,
		sendingPosition: () => position,
		time: { ticks: () => ticks },
		boot,
		resumed,
		sleeps: true,
		storage,
		keptState,
		log: () => {},
	});
	const sync = (utc: number) => clock.applyMeasurement({ utc, ticks, roundTripMs: 20, server: "test" });
	return { clock, sync };
}

test("it knows the time when it wakes, and its samples carry ticks until the next measurement", () => {
	awake(1, 5 * second, false).sync(start);
	const { clock } = awake(2, 65 * second);
	expect(clock.now()).toBe(start + 60 * second);
	expect([clock.synchronized, clock.measuredSinceWake]).toEqual([false, false]);
	expect(clock.sampleTime()).toEqual({ boot: 2, ticks: 65 * second });
	expect(clock.resolve(clock.sampleTime())).toBeUndefined();
});

describe("a storage that keeps nothing", () => {
	const readings = pendingTimes([{ time: { boot: 2, ticks: 2 * hour } }]);

	test("holds readings back for an hour in all, over sleeps; then they get estimates", () => {
		awake(1, 0, false).sync(start);
		storage.isProtected = true;
		let kept: UnsavedClock | undefined;
		const wake = (ticks: number) => {
			const { clock, sync } = awake(2, ticks, true, kept);
			sync(start + ticks);
			clock.estimateUnanchoredBoots(readings);
			kept = clock.unsavedState;
			return { waitMs: clock.unsavedWaitMs, time: clock.resolve({ boot: 2, ticks: 2 * hour }) };
		};
		expect(wake(3 * hour)).toEqual({ waitMs: hour, time: undefined });
		expect(wake(3.5 * hour)).toEqual({ waitMs: 0.5 * hour, time: undefined });
		expect(wake(4 * hour)).toEqual({ waitMs: 0, time: { utc: start + 2 * hour, estimated: true } });
		expect(wake(5 * hour).time).toEqual({ utc: start + 2 * hour, estimated: true });
		storage.isProtected = false;
		expect(wake(5.5 * hour).time).toEqual({ utc: start + 2 * hour, estimated: false });
		expect(kept).toBeUndefined();
	});

	test("a start that is no wake begins the hour again, and a wake without a measurement does not", () => {
		storage.isProtected = true;
		const kept = { sinceTicks: 1, awakeExcessTicks: 0 };
		expect(awake(2, hour, true, kept).clock.unsavedState).toEqual(kept);
		expect(awake(2, hour, false, kept).clock.unsavedState?.sinceTicks).not.toBe(1);
	});
});

describe("a slow oscillator that is 2 % fast", () => {
	const counted = (true_: number) => Math.round(true_ * 1.02);

	test("samples between two measurements get their true times from the second", () => {
		awake(1, 0, false).sync(start);
		const samples = [10, 20, 30, 40, 50].map((minutes) => ({
			truth: start + minutes * 60_000,
			time: awake(2, counted(minutes * 60_000)).clock.sampleTime(),
		}));
		const { clock, sync } = awake(2, counted(hour));
		sync(start + hour);
		for (const { truth, time } of samples) {
			const { utc, estimated } = clock.resolve(time) ?? {};
			expect(estimated).toBe(false);
			expect(Math.abs((utc ?? 0) - truth)).toBeLessThanOrEqual(2);
		}
	});

	test("the drift is learned by the second: the present time stays true over the next sleep", () => {
		awake(1, 0, false).sync(start);
		awake(2, counted(hour)).sync(start + hour);
		expect(Math.abs((awake(3, counted(2 * hour)).clock.now() ?? 0) - (start + 2 * hour))).toBeLessThan(10);
	});

	test("two measurements within seconds, as before and after an update, do not change what was learned", () => {
		awake(1, 0, false).sync(start);
		awake(2, counted(hour)).sync(start + hour);
		awake(3, counted(hour + 2 * second)).sync(start + hour + 2 * second - 30);
		expect(Math.abs((awake(4, counted(2 * hour)).clock.now() ?? 0) - (start + 2 * hour))).toBeLessThan(100);
	});

	test("is not accurate for half a day: such times are estimates, before a board's first measurement too", () => {
		awake(1, 0, false).sync(start);
		const late = awake(2, counted(12 * hour));
		late.sync(start + 12 * hour);
		expect(late.clock.resolve({ boot: 2, ticks: counted(hour) })?.estimated).toBe(true);
		storage = new MemoryKeyValue();
		const first = awake(1, counted(hour));
		first.sync(start + hour);
		expect(first.clock.resolve({ boot: 1, ticks: 0 })?.estimated).toBe(true);
	});
});

test("the drift tolerance is 5 % of the time asleep until the drift is measured", () => {
	expect(awake(1, 5 * second, false).clock.driftToleranceMs(5 * second)).toBe(0);
	awake(1, 5 * second, false).sync(start);
	const { clock, sync } = awake(2, 20 * hour + 5 * second);
	expect(clock.driftToleranceMs(20 * hour + 5 * second)).toBe(hour);
	sync(start + 20 * hour);
	expect(clock.driftToleranceMs(20 * hour + 10 * second)).toBe(0);
});

test("a set clock does not count as drift: the ticks keep the earlier rate", () => {
	awake(1, 0, false).sync(start);
	const { clock, sync } = awake(2, hour);
	sync(start + 3 * hour);
	expect(clock.now()).toBe(start + 3 * hour);
	expect(awake(3, 2 * hour).clock.now()).toBe(start + 4 * hour);
});

test("at a reading a day, what was sampled shortly before the measurement is no estimate, then and ever after", () => {
	awake(1, 0, false).sync(start);
	const day = 24 * hour;
	const noon = awake(2, day / 2).clock.sampleTime();
	const time = awake(2, day).clock.sampleTime();
	const { clock, sync } = awake(2, day + 5 * second);
	sync(start + day + 5 * second);
	const given = { utc: start + day, estimated: false };
	expect(clock.resolve(time)).toEqual(given);
	clock.applyMeasurement({ utc: start + day + hour, ticks: day + hour, roundTripMs: 20, server: "test" });
	awake(3, 2 * day).sync(start + 2 * day);
	const later = awake(4, 3 * day).clock;
	expect(later.resolve(time)).toEqual(given);
	expect(later.resolve(noon)).toEqual({ utc: start + day / 2, estimated: true });
});

test("of a board that slept for an hour before its first measurement, only the last seconds are no estimate", () => {
	const { clock, sync } = awake(1, hour);
	sync(start + hour);
	const isEstimated = (ticks: number) => clock.resolve({ boot: 1, ticks })?.estimated;
	expect([hour - 101 * second, hour - 100 * second, hour].map(isEstimated)).toEqual([true, false, false]);
});

describe("more time measurements than the table has anchors, while readings wait", () => {
	/** The ticks of each boot, on a board that is online once an hour and whose oscillator is 2 % fast. */
	const counted = (true_: number) => Math.round(true_ * 1.02);
	const ages = Array.from({ length: maxAnchors + 30 }, (_, hours) => hours * hour);
	/** Runs through all hours; a boot ends with the measurement that gives it its anchor, as the firmware has it. */
	function live() {
		let boot = 1;
		const samples = ages.map((age) => {
			const { clock, sync } = awake(boot, counted(age), age > 0);
			const time = clock.sampleTime();
			sync(start + age);
			expect(clock.synchronized).toBe(true);
			expect(clock.now()).toBe(start + age);
			const given = clock.resolve(time);
			if (clock.anchored) boot++;
			return { age, time, given };
		});
		return { samples, boot };
	}

	test("changes no time already returned: the last boot goes on, and its samples have none until there is room", () => {
		const { samples, boot } = live();
		expect(boot).toBe(maxAnchors + 1);
		const { clock, sync } = awake(boot, counted(ages.length * hour));
		sync(start + ages.length * hour);
		clock.estimateUnanchoredBoots(pendingTimes(samples));
		for (const { age, time, given } of samples) {
			expect(clock.resolve(time)).toEqual(given);
			if (given === undefined) expect(age).toBeGreaterThanOrEqual(maxAnchors * hour);
			else expect(Math.abs(given.utc - (start + age))).toBeLessThanOrEqual(2);
		}
	});

	test("give the samples of that boot their true times as soon as the older ones are sent", () => {
		const { samples, boot } = live();
		const waiting = samples.slice(maxAnchors);
		const sent = awake(boot, counted(ages.length * hour));
		sent.sync(start + ages.length * hour);
		sent.clock.estimateUnanchoredBoots(pendingTimes(waiting));
		const { clock, sync } = awake(boot, counted((ages.length + 1) * hour));
		sync(start + (ages.length + 1) * hour);
		for (const { age, time } of waiting)
			expect(Math.abs((clock.resolve(time)?.utc ?? 0) - (start + age))).toBeLessThanOrEqual(2);
	});

	test("keep the times of old readings that cannot be read: boots that were sent after them make room", () => {
		const unread = 5;
		const samples: { readonly boot: number; readonly time: SampleTime }[] = [];
		for (let boot = 1; boot <= 3 * maxAnchors; boot++) {
			const { clock, sync } = awake(boot, boot * hour, boot > 1);
			const time = clock.sampleTime();
			samples.push({ boot, time });
			position = { oldestBoot: unread, nextBoot: boot, nextTime: time };
			sync(start + boot * hour);
			expect(clock.resolve(time)).toEqual({ utc: start + boot * hour, estimated: false });
			clock.estimateUnanchoredBoots(pendingTimes(samples.slice(unread), true));
		}
		const { clock } = awake(3 * maxAnchors + 1, (3 * maxAnchors + 1) * hour);
		for (const { boot, time } of samples.slice(0, unread))
			expect(clock.resolve(time)).toEqual({ utc: start + boot * hour, estimated: false });
	});
});

test("boots that were sent behind unread readings, and have no anchor any more, take no place from those to be sent", () => {
	const samples: { readonly boot: number; readonly time: SampleTime }[] = [];
	const count = 3 * maxAnchors;
	for (let boot = 1; boot <= count; boot++) {
		const { clock, sync } = awake(boot, boot * hour, boot > 1);
		const time = clock.sampleTime();
		samples.push({ boot, time });
		position = { oldestBoot: 2, nextBoot: boot, nextTime: time };
		sync(start + boot * hour);
	}
	const nextTime = { boot: count + 2, ticks: second };
	samples.push({ boot: count + 2, time: nextTime });
	position = { oldestBoot: 2, nextBoot: count + 2, nextTime };
	const { clock, sync } = awake(count + 3, 0, false);
	sync(start + (count + 9) * hour);
	clock.estimateUnanchoredBoots(pendingTimes(samples.slice(2), true));
	expect(clock.resolve(nextTime)?.estimated).toBe(true);
	expect(clock.resolve({ boot: 1, ticks: hour })).toEqual({ utc: start + hour, estimated: false });
});

test("while nothing was sent, a full table keeps the anchors of readings that cannot be read", () => {
	for (let boot = 1; boot <= maxAnchors; boot++) awake(boot, boot * hour, boot > 1).sync(start + boot * hour);
	position = { oldestBoot: 11, nextBoot: 11, nextTime: { boot: 11, ticks: 11 * hour } };
	for (let more = 1; more <= 3; more++) {
		const at = (maxAnchors + more) * hour;
		awake(maxAnchors + 1, at).sync(start + at);
	}
	const { clock } = awake(maxAnchors + 1, (maxAnchors + 4) * hour);
	for (let boot = 1; boot <= maxAnchors; boot++)
		expect(clock.resolve({ boot, ticks: boot * hour })?.utc).toBe(start + boot * hour);
});

test("power that goes while it sleeps leaves what was sampled since the last measurement with an estimate", () => {
	awake(1, 0, false).sync(start);
	const time = awake(2, hour).clock.sampleTime();
	const { clock, sync } = awake(3, 0, false);
	sync(start + 5 * hour);
	expect(clock.resolve(time)).toEqual({ utc: start + hour, estimated: true });
});

describe("a board whose power is changed", () => {
	/** A start of a board on mains. */
	function onMains(boot: number, ticks: number) {
		const clock = new Clock({ ...mainsBoard, time: { ticks: () => ticks }, boot, storage, log: () => {} });
		return {
			clock,
			sync: (utc: number) => clock.applyMeasurement({ utc, ticks, roundTripMs: 20, server: "test" }),
		};
	}

	test("to battery does not take a measurement of long ago for that of the boot before, which had none", () => {
		onMains(1, 10 * second).sync(start);
		// No server responds in this one, for a week.
		const { clock: dark } = onMains(2, 0);
		const time = dark.sampleTime();
		const { clock, sync } = awake(3, 0, false);
		expect(clock.resolve(time)).toBeUndefined();
		sync(start + 7 * 24 * hour);
		clock.estimateUnanchoredBoots(pendingTimes([{ time }]));
		const { utc = 0, estimated } = clock.resolve(time) ?? {};
		expect(estimated).toBe(true);
		expect(utc).toBeGreaterThanOrEqual(start);
		expect(utc).toBeLessThanOrEqual(start + 7 * 24 * hour);
	});

	test("to battery right after a boot that measured keeps that boot's times", () => {
		const mains = onMains(1, 10 * second);
		const before = { boot: 1, ticks: 5 * second };
		mains.sync(start);
		const { clock, sync } = awake(2, 0, false);
		const time = clock.sampleTime();
		sync(start + hour);
		expect(clock.resolve(before)).toEqual({ utc: start - 5 * second, estimated: false });
		expect(clock.resolve(time)).toEqual({ utc: start + hour, estimated: false });
	});

	test("writes no more at starts that measure nothing", () => {
		onMains(1, 10 * second).sync(start);
		onMains(2, 0);
		const { writes } = storage;
		onMains(3, 0);
		onMains(4, 0);
		expect(storage.writes).toBe(writes);
	});
});
