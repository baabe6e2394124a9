import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Clock, type PendingTimes, unknownPosition } from "../../src/clock/clock";
import type { SampleTime } from "../../src/reading/reading";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";
import { pendingTimes } from "./pending-times";

const start = Date.UTC(2027, 2, 1, 12);
const minute = 60_000;
const hour = 60 * minute;

let storage: MemoryKeyValue;
let lines: string[];
/** The time of the first reading that can be sent. */
let nextTime: SampleTime | undefined;
beforeEach(() => {
	nextTime = undefined;
	storage = new MemoryKeyValue();
	lines = [];
});

/** A boot whose ticks the test sets. */
function boardAt(boot: number, ticks = 0) {
	const now = { ticks };
	const clock = new Clock({
		...mainsBoard,
		sendingPosition: () => ({ ...unknownPosition, nextTime }),
		time: { ticks: () => now.ticks },
		boot,
		storage,
		log: (line) => lines.push(line),
	});
	const sync = (utc: number) =>
		clock.applyMeasurement({ utc, ticks: now.ticks, roundTripMs: 20, server: "test" });
	return { now, clock, sync };
}

const readings = (times: readonly SampleTime[]) => pendingTimes(times.map((time) => ({ time })));
const at = (boot: number, ticks: number): SampleTime => ({ boot, ticks });
const resolved = (clock: Clock, times: readonly SampleTime[]) => times.map((time) => clock.resolve(time));

describe("a boot that was never synchronized", () => {
	test("is placed half way between its neighbours, its readings as far apart as they were, and marked", () => {
		const one = boardAt(1);
		one.sync(start);
		const three = boardAt(3, 10_000);
		three.sync(start + hour + 10_000);
		const times = [{ utc: start + 20 * minute }, at(2, 0), at(2, 10 * minute), at(3, 5_000)];
		three.clock.estimateUnanchoredBoots(readings(times));
		// An hour less 20 minutes from neighbour to neighbour, 10 of them in the boot: 15 before, 15 after.
		expect(resolved(three.clock, times)).toEqual([
			{ utc: start + 20 * minute, estimated: false },
			{ utc: start + 35 * minute, estimated: true },
			{ utc: start + 45 * minute, estimated: true },
			{ utc: start + hour + 5_000, estimated: false },
		]);
		expect(lines.at(-1)).toMatch(/estimated for 1 boot/);
	});

	test("comes after the known duration of the boot before, even if that has no pending readings", () => {
		const one = boardAt(1);
		one.sync(start);
		one.now.ticks = hour;
		one.sync(start + hour);
		const three = boardAt(3);
		three.sync(start + 3 * hour);
		three.clock.estimateUnanchoredBoots(readings([at(2, 0)]));
		expect(three.clock.resolve(at(2, 0))).toEqual({ utc: start + 2 * hour, estimated: true });
	});

	test("ends where the next one began when nothing is known before it", () => {
		const two = boardAt(2, minute);
		two.sync(start);
		two.clock.estimateUnanchoredBoots(readings([at(1, 2_000), at(1, 62_000), at(2, 30_000)]));
		expect(two.clock.resolve(at(1, 62_000))).toEqual({ utc: start - minute, estimated: true });
		expect(two.clock.resolve(at(1, 2_000))).toEqual({ utc: start - 2 * minute, estimated: true });
	});

	test("comes before the reading after it, also when the anchor of that one's boot was lost", () => {
		const three = boardAt(3);
		three.sync(start + 10 * hour);
		three.clock.estimateUnanchoredBoots(readings([{ utc: start }, at(1, 0), { utc: start + hour }]));
		expect(three.clock.resolve(at(1, 0))).toEqual({ utc: start + hour / 2, estimated: true });
	});

	test("keeps its place: on a resend, after later measurements, after reboots", () => {
		const two = boardAt(2);
		two.sync(start);
		const times = [at(1, 0), at(1, minute)];
		two.clock.estimateUnanchoredBoots(readings(times));
		const given = resolved(two.clock, times);
		two.now.ticks = hour;
		two.sync(start + hour + 30_000);
		two.clock.estimateUnanchoredBoots(readings(times.slice(1)));
		const three = boardAt(3, 5_000);
		expect(resolved(three.clock, times)).toEqual(given);
		three.sync(start + 5 * hour);
		three.clock.estimateUnanchoredBoots(readings(times));
		expect(resolved(three.clock, times)).toEqual(given);
	});

	test("is on flash before it is returned", () => {
		const two = boardAt(2);
		two.sync(start);
		let given: unknown = "never written";
		const write = storage.write.bind(storage);
		storage.write = (key, value) => {
			given = two.clock.resolve(at(1, 0));
			write(key, value);
		};
		two.clock.estimateUnanchoredBoots(readings([at(1, 0)]));
		expect(given).toBeUndefined();
		expect(boardAt(3).clock.resolve(at(1, 0))).toEqual(two.clock.resolve(at(1, 0)));
	});

	test("is placed before what comes after it, also when a clock before it was wrong", () => {
		const one = boardAt(1);
		one.sync(start + 100 * hour);
		const three = boardAt(3);
		three.sync(start);
		const times = [{ utc: start + 100 * hour }, at(2, 0), at(2, minute), at(3, 0)];
		three.clock.estimateUnanchoredBoots(readings(times));
		expect(three.clock.resolve(at(2, minute))).toEqual({ utc: start, estimated: true });
		expect(three.clock.resolve(at(2, 0))).toEqual({ utc: start - minute, estimated: true });
	});
});

describe("the pass over the waiting readings", () => {
	const unreadable: PendingTimes = {
		readable: () => {
			throw new Error("read");
		},
		failedReads: 0,
	};

	test("waits for the time", () => {
		boardAt(2).clock.estimateUnanchoredBoots(unreadable);
	});

	test("is made once a boot, and again when a boot without an anchor appears", () => {
		const { clock, sync } = boardAt(5);
		sync(start);
		clock.estimateUnanchoredBoots(readings([]));
		clock.estimateUnanchoredBoots(unreadable);
		expect(clock.resolve(at(4, 0))).toBeUndefined();
		clock.estimateUnanchoredBoots(readings([at(4, 0)]));
		expect(clock.resolve(at(4, 0))?.estimated).toBe(true);
		clock.estimateUnanchoredBoots(unreadable);
	});

	test("writes nothing when it changes nothing", () => {
		const { clock, sync } = boardAt(2);
		sync(start);
		const { writes } = storage;
		clock.estimateUnanchoredBoots(readings([{ utc: start - hour }, at(2, 0)]));
		expect(storage.writes).toBe(writes);
	});

	test("discards boots without pending readings", () => {
		for (let boot = 1; boot <= 6; boot++) boardAt(boot).sync(start + boot * hour);
		const { clock, sync } = boardAt(7);
		sync(start + 7 * hour);
		clock.estimateUnanchoredBoots(readings([at(4, 0), at(7, 0)]));
		expect([1, 2, 3, 4, 5, 6, 7].filter((boot) => clock.resolve(at(boot, 0)) !== undefined)).toEqual([
			3, 4, 5, 6, 7,
		]);
	});

	test("discards none while readings cannot be read, which may need them, and is made again", () => {
		for (let boot = 1; boot <= 6; boot++) boardAt(boot).sync(start + boot * hour);
		const { clock, sync } = boardAt(7);
		sync(start + 7 * hour);
		const unread = [1, 2, 3, 4, 5, 6].map((boot) => at(boot, 0));
		const before = resolved(clock, unread);
		clock.estimateUnanchoredBoots(pendingTimes([], true));
		clock.estimateUnanchoredBoots(pendingTimes([{ time: at(7, 0) }], true));
		expect(resolved(clock, unread)).toEqual(before);
		clock.estimateUnanchoredBoots(readings([at(4, 0), at(7, 0)]));
		expect(clock.resolve(at(2, 0))).toBeUndefined();
		expect(clock.resolve(at(4, 0))).toEqual(before[3]);
	});

	test("places what comes after readings that cannot be read", () => {
		boardAt(1).sync(start);
		const { clock, sync } = boardAt(3);
		sync(start + 4 * hour);
		clock.estimateUnanchoredBoots(pendingTimes([{ time: at(2, 0) }], true));
		expect(clock.resolve(at(2, 0))).toEqual({ utc: start + 2 * hour, estimated: true });
	});

	test("whose readings cannot be read fails, and the clock keeps running", () => {
		const { clock, sync } = boardAt(2);
		sync(start);
		expect(() => clock.estimateUnanchoredBoots(unreadable)).toThrow();
		clock.estimateUnanchoredBoots(readings([at(1, 0)]));
		expect(clock.resolve(at(1, 0))?.estimated).toBe(true);
	});
});

describe("a brown-out loop", () => {
	/** What a board measured in `boots` short lives, and the times that it got. */
	function survive(boots: number) {
		boardAt(1).sync(start);
		const times: SampleTime[] = [{ utc: start + minute }];
		for (let boot = 2; boot < boots + 2; boot++) {
			boardAt(boot);
			times.push(at(boot, 40), at(boot, 1_540));
		}
		const { clock, sync } = boardAt(boots + 2);
		sync(start + 4 * hour);
		times.push(at(boots + 2, 0));
		return { clock, times };
	}

	/** Delivers what has a time, oldest first, and looks for a place for the rest, as the uploader does. */
	function deliver(clock: Clock, times: readonly SampleTime[]) {
		const given: number[] = [];
		for (let passes = 0; given.length < times.length && passes < times.length; passes++) {
			nextTime = times[given.length];
			clock.estimateUnanchoredBoots(readings(times.slice(given.length)));
			for (const time of times.slice(given.length)) {
				const answer = clock.resolve(time);
				if (answer === undefined) break;
				given.push(answer.utc);
			}
		}
		return given;
	}

	test("of fifty boots: all have their time at once or soon, in their order", () => {
		const { clock, times } = survive(50);
		const given = deliver(clock, times);
		expect(given.length).toBe(times.length);
		expect(given).toEqual(given.toSorted((a, b) => a - b));
	});

	test("of a thousand: never stuck, in order, between their neighbours, and the record stays small", () => {
		const { clock, times } = survive(1_000);
		const given = deliver(clock, times);
		expect(given.length).toBe(times.length);
		expect(lines[0]).toMatch(/32 boot/);
		expect(given).toEqual(given.toSorted((a, b) => a - b));
		// Evenly: 239 minutes less what the boots lasted, in 1001 pauses.
		const pause = (239 * minute - 1_000 * 1_540) / 1_001;
		for (let boot = 0; boot < 1_000; boot += 111)
			expect((given[1 + 2 * boot] ?? 0) - start).toBeCloseTo(
				minute + (boot + 1) * pause + boot * 1_540 + 40,
				-1,
			);
		expect(storage.values.get("clock")?.length).toBeLessThanOrEqual(1_600);
	});

	test("behind more boots with a time than can be kept: never stuck either", () => {
		const times: SampleTime[] = [];
		for (let boot = 1; boot <= 300; boot++) {
			const { sync } = boardAt(boot, 100);
			times.push(at(boot, 0));
			if (boot % 3 !== 0) sync(start + boot * minute);
		}
		const { clock, sync } = boardAt(301);
		sync(start + 301 * minute);
		const given = deliver(clock, times);
		expect(given.length).toBe(times.length);
		expect(given).toEqual(given.toSorted((a, b) => a - b));
	});
});

describe("whatever a life is like", () => {
	interface Boot {
		readonly off: number;
		readonly pauses: readonly number[];
		/** After how many of its readings it learns the time; `undefined`: never. */
		readonly learnsAfter: number | undefined;
	}
	const boot: fc.Arbitrary<Boot> = fc.record({
		off: fc.integer({ min: 0, max: 5 * hour }),
		pauses: fc.array(fc.integer({ min: 0, max: hour }), { maxLength: 5 }),
		learnsAfter: fc.option(fc.nat(5), { nil: undefined }),
	});

	/** Lives it, and returns every sample's time as stored and as it truly was. */
	function live(boots: readonly Boot[]) {
		storage = new MemoryKeyValue();
		let truth = start;
		const samples: { readonly time: SampleTime; readonly truth: number }[] = [];
		boots.forEach(({ off, pauses, learnsAfter }, index) => {
			truth += off;
			const { now, clock, sync } = boardAt(index + 1);
			pauses.forEach((pause, count) => {
				if (count === learnsAfter) sync(truth);
				truth += pause;
				now.ticks += pause;
				samples.push({ time: clock.sampleTime(), truth });
			});
		});
		const last = boardAt(boots.length + 1);
		last.sync(truth);
		last.clock.estimateUnanchoredBoots(pendingTimes(samples));
		return { samples, clock: last.clock };
	}

	test("every reading has a time, in order; the true one where its boot learned it", () => {
		fc.assert(
			fc.property(fc.array(boot, { minLength: 1, maxLength: 12 }), (boots) => {
				const { samples, clock } = live(boots);
				let before = Number.NEGATIVE_INFINITY;
				for (const { time, truth } of samples) {
					const given = clock.resolve(time);
					if (given === undefined) throw new Error("no time");
					if (!given.estimated) expect(Math.abs(given.utc - truth)).toBeLessThanOrEqual(samples.length);
					expect(given.utc).toBeGreaterThanOrEqual(before);
					before = given.utc;
				}
			}),
		);
	});

	test("the same readings get the same times with every call", () => {
		fc.assert(
			fc.property(fc.array(boot, { minLength: 1, maxLength: 12 }), fc.nat(60), (boots, sent) => {
				const { samples, clock } = live(boots);
				const given = samples.map(({ time }) => clock.resolve(time));
				const next = boardAt(boots.length + 2);
				const waiting = samples.slice(sent);
				expect(waiting.map(({ time }) => next.clock.resolve(time))).toEqual(given.slice(sent));
				next.sync(start + 10_000 * hour);
				next.clock.estimateUnanchoredBoots(pendingTimes(waiting));
				expect(waiting.map(({ time }) => next.clock.resolve(time))).toEqual(given.slice(sent));
			}),
		);
	});
});
