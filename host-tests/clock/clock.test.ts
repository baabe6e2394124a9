import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { Clock } from "../../src/clock/clock";
import { crc32 } from "../../src/common/crc32";
import type { SampleTime } from "../../src/reading/reading";
import { MemoryKeyValue } from "../memory-key-value";
import { mainsBoard } from "./mains-board";
import { pendingTimes } from "./pending-times";

const start = Date.UTC(2027, 2, 1, 12);
const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

let storage: MemoryKeyValue;
let lines: string[];
beforeEach(() => {
	storage = new MemoryKeyValue();
	lines = [];
});

/** A board that has just started; its ticks are `time`'s. */
function boardAt(boot: number) {
	const time = new VirtualTime();
	const clock = new Clock({ ...mainsBoard, time, boot, storage, log: (line) => lines.push(line) });
	const sync = (utc: number, roundTripMs = 20) =>
		clock.applyMeasurement({ utc, ticks: time.ticks(), roundTripMs, server: "test" });
	return { time, clock, sync };
}

const waiting = (...times: SampleTime[]) => pendingTimes(times.map((time) => ({ time })));

describe("before the first measurement", () => {
	test("the clock does not pretend to know the time; samples carry boot and ticks", async () => {
		const { time, clock } = boardAt(7);
		await time.advance(1_234.4);
		expect(clock.now()).toBeUndefined();
		expect(clock.sampleTime()).toEqual({ boot: 7, ticks: 1_234 });
		expect(clock.resolve(clock.sampleTime())).toBeUndefined();
	});
});

describe("the first measurement", () => {
	test("gives this boot's readings their true time, those from before it too", async () => {
		const { time, clock, sync } = boardAt(1);
		const first = clock.sampleTime();
		await time.advance(90 * second);
		sync(start);
		expect(clock.resolve(first)).toEqual({ utc: start - 90 * second, estimated: false });
		await time.advance(10 * second);
		expect(clock.now()).toBe(start + 10 * second);
		expect(clock.sampleTime()).toEqual({ utc: start + 10 * second });
	});

	test("holds after the next reboot, also for readings that were not resolved before", async () => {
		const { time, clock, sync } = boardAt(1);
		await time.advance(hour);
		sync(start);
		const after = boardAt(2).clock;
		expect(after.resolve({ boot: 1, ticks: 59 * minute })).toEqual({ utc: start - minute, estimated: false });
		expect(after.now()).toBeUndefined();
		expect(clock.resolve({ boot: 1, ticks: 59 * minute })).toEqual(
			after.resolve({ boot: 1, ticks: 59 * minute }),
		);
	});

	test("is on flash before it is used: a cut right after it costs nothing", () => {
		const { clock, sync } = boardAt(1);
		const seen: unknown[] = [];
		const write = storage.write.bind(storage);
		storage.write = (key, value) => {
			seen.push(clock.now(), clock.resolve({ boot: 1, ticks: 0 }));
			write(key, value);
		};
		sync(start);
		expect(seen).toEqual([undefined, undefined]);
		expect(boardAt(2).clock.resolve({ boot: 1, ticks: 5 })).toEqual({ utc: start + 5, estimated: false });
	});

	test("that the power cut before it was kept leaves the readings to be placed", () => {
		boardAt(1);
		const { clock, sync } = boardAt(2);
		sync(start);
		clock.estimateUnanchoredBoots(waiting({ boot: 1, ticks: 10 * second }));
		expect(clock.resolve({ boot: 1, ticks: 10 * second })?.estimated).toBe(true);
	});
});

describe("later measurements", () => {
	test("never change a time that was given, in this boot or the next", async () => {
		const { time, clock, sync } = boardAt(1);
		const early: SampleTime = { boot: 1, ticks: 500 };
		await time.advance(second);
		sync(start);
		const given = clock.resolve(early);
		for (const error of [700, -300, 12 * minute, -hour]) {
			await time.advance(day);
			sync(start + day + error);
			expect(clock.resolve(early)).toEqual(given);
		}
		expect(boardAt(2).clock.resolve(early)).toEqual(given);
	});

	test("correct what is sampled from then on", async () => {
		const { time, clock, sync } = boardAt(1);
		sync(start);
		await time.advance(day);
		sync(start + day + 3_000);
		expect(clock.sampleTime()).toEqual({ utc: start + day + 3_000 });
		await time.advance(minute);
		sync(start + day - hour);
		expect(clock.sampleTime()).toEqual({ utc: start + day - hour });
	});

	test("that do not come for hours make samples estimates; for a day and more once the rate was learned", async () => {
		const { time, clock, sync } = boardAt(1);
		sync(start);
		await time.advance(4 * hour);
		expect(clock.sampleTime()).toEqual({ utc: start + 4 * hour });
		await time.advance(hour);
		const late = clock.sampleTime();
		expect(late).toEqual({ utc: start + 5 * hour, estimated: true });
		sync(start + 5 * hour);
		expect(clock.resolve(late)).toEqual({ utc: start + 5 * hour, estimated: true });
		await time.advance(27 * hour);
		expect(clock.sampleTime()).toEqual({ utc: start + 32 * hour });
		await time.advance(hour);
		expect(clock.sampleTime()).toEqual({ utc: start + 33 * hour, estimated: true });
	});

	test("that set the clock back within a second hold the samples until it has come after, a millisecond each", async () => {
		const { time, clock, sync } = boardAt(1);
		sync(start);
		await time.advance(hour);
		expect(clock.sampleTime()).toEqual({ utc: start + hour });
		await time.advance(100);
		sync(start + hour - 500);
		expect(clock.sampleTime()).toEqual({ utc: start + hour + 1 });
		await time.advance(400);
		expect(clock.sampleTime()).toEqual({ utc: start + hour + 2 });
		await time.advance(200);
		expect(clock.sampleTime()).toEqual({ utc: start + hour + 100 });
	});

	test("samples of a boot never go back by less than a second, whatever the corrections", async () => {
		const step = fc.record({
			pause: fc.integer({ min: 0, max: 5_000 }),
			correction: fc.option(fc.integer({ min: -900, max: 900 }), { nil: undefined }),
		});
		await fc.assert(
			fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
				storage = new MemoryKeyValue();
				const { time, clock, sync } = boardAt(1);
				sync(start);
				let last = 0;
				for (const { pause, correction } of steps) {
					await time.advance(pause);
					const now = clock.now() ?? 0;
					if (correction !== undefined) sync(now + correction);
					const sample = clock.sampleTime();
					const utc = "utc" in sample ? sample.utc : 0;
					expect(utc > last || utc < last - second).toBe(true);
					last = utc;
				}
			}),
			{ numRuns: 50 },
		);
	});
});

describe("ticks that run fast or slow", () => {
	/** The true time and the board's ticks, `ppm` too fast. */
	function driftingBoard(boot: number, ppm: number) {
		let elapsed = 0;
		const ticks = () => elapsed * (1 + ppm * 1e-6);
		const clock = new Clock({ ...mainsBoard, time: { ticks }, boot, storage, log: () => {} });
		return {
			clock,
			advance: (milliseconds: number) => {
				elapsed += milliseconds;
			},
			sync: (error = 0, roundTripMs = 30) =>
				clock.applyMeasurement({ utc: start + elapsed + error, ticks: ticks(), roundTripMs, server: "test" }),
			error: () => (clock.now() ?? 0) - (start + elapsed),
			elapsed: () => elapsed,
		};
	}

	test.each([100, -100, 20, 0])("%i ppm: within a second of the truth between daily measurements", (ppm) => {
		const board = driftingBoard(1, ppm);
		board.sync();
		board.advance(hour);
		expect(Math.abs(board.error())).toBeLessThan(400);
		board.sync(8);
		expect(board.clock.driftKnown).toBe(true);
		for (let passed = 0; passed < 10; passed++) {
			for (let part = 0; part < 24; part++) {
				board.advance(hour);
				expect(Math.abs(board.error())).toBeLessThan(second);
			}
			board.sync(passed % 2 === 0 ? 15 : -15);
		}
	});

	test("the rate is remembered: after a reboot the clock runs true from the first measurement on", () => {
		const before = driftingBoard(1, 100);
		before.sync();
		before.advance(day);
		before.sync();
		const board = driftingBoard(2, 100);
		expect(board.clock.driftKnown).toBe(true);
		board.advance(3 * day);
		board.sync();
		expect(board.clock.resolve({ boot: 2, ticks: 0 })?.utc).toBeCloseTo(start, -2);
		board.advance(day);
		expect(Math.abs(board.error())).toBeLessThan(20);
	});

	test("two measurements, imprecise and close together, do not set the drift; the distance does", () => {
		const board = driftingBoard(1, 50);
		board.sync(-900, 1_900);
		board.advance(hour);
		board.sync(900, 1_900);
		expect(board.clock.driftKnown).toBe(false);
		board.advance(3 * day);
		board.sync(0, 1_900);
		expect(board.clock.driftKnown).toBe(true);
		board.advance(day);
		expect(Math.abs(board.error())).toBeLessThan(second);
	});

	test("a vague first measurement does not keep better ones from teaching the rate", () => {
		const board = driftingBoard(1, 50);
		board.sync(-900, 1_900);
		board.advance(hour);
		board.sync();
		board.advance(hour);
		board.sync();
		expect(board.clock.driftKnown).toBe(true);
		board.advance(day);
		expect(Math.abs(board.error())).toBeLessThan(second);
	});

	test("a set clock does not count as drift", () => {
		const board = driftingBoard(1, 50);
		board.sync(-20 * minute);
		board.advance(hour);
		board.sync();
		expect(board.clock.driftKnown).toBe(false);
		board.advance(hour);
		board.sync();
		board.advance(day);
		expect(Math.abs(board.error())).toBeLessThan(second);
	});
});

describe("a storage that fails", () => {
	const failure = new Error("no room");
	const early = { boot: 1, ticks: 0 };

	test("keeps no time from the clock, and no reading gets one that a restart would change", async () => {
		const { time, clock, sync } = boardAt(1);
		await time.advance(minute);
		storage.failure = failure;
		sync(start);
		expect(clock.now()).toBe(start);
		expect(clock.sampleTime()).toEqual({ utc: start });
		expect(clock.resolve(early)).toBeUndefined();
		expect(lines).toContain("time: the clock record cannot be saved: no room");
		storage.failure = undefined;
		clock.estimateUnanchoredBoots(waiting());
		expect(clock.resolve(early)).toEqual({ utc: start - minute, estimated: false });
		expect(boardAt(2).clock.resolve(early)).toEqual(clock.resolve(early));
	});

	test("holds readings back for an hour; then their times are estimates, and stay so", async () => {
		const { time, clock, sync } = boardAt(1);
		storage.failure = failure;
		sync(start);
		await time.advance(hour - 1);
		clock.estimateUnanchoredBoots(waiting());
		expect(clock.resolve(early)).toBeUndefined();
		await time.advance(1);
		clock.estimateUnanchoredBoots(waiting());
		for (let again = 0; again < 3; again++) {
			expect(clock.resolve(early)).toEqual({ utc: start, estimated: true });
			clock.estimateUnanchoredBoots(waiting());
		}
		storage.failure = undefined;
		sync(start + 2 * hour);
		expect(clock.resolve(early)).toEqual({ utc: start, estimated: true });
		expect(boardAt(2).clock.resolve(early)).toEqual({ utc: start, estimated: true });
	});

	test("keeps an anchor for the next save, also of one that comes for another reason", async () => {
		const { time, clock, sync } = boardAt(1);
		storage.failure = failure;
		sync(start);
		storage.failure = undefined;
		await time.advance(hour);
		sync(start + hour + second);
		expect(clock.resolve(early)).toEqual({ utc: start, estimated: false });
		expect(boardAt(2).clock.resolve(early)).toEqual(clock.resolve(early));
	});

	test("keeps the anchor of a board that slept before its battery was changed", async () => {
		const sleeping = { ...mainsBoard, sleeps: true, storage, log: () => {} };
		const first = new VirtualTime();
		new Clock({ ...sleeping, time: first, boot: 1 }).applyMeasurement({
			...{ utc: start, ticks: 0, roundTripMs: 20, server: "test" },
		});
		storage.isProtected = true;
		const second = new VirtualTime();
		const clock = new Clock({ ...sleeping, time: second, boot: 3 });
		expect(clock.resolve({ boot: 2, ticks: hour })).toBeUndefined();
		storage.isProtected = false;
		clock.applyMeasurement({ utc: start + day, ticks: 0, roundTripMs: 20, server: "test" });
		expect(clock.resolve({ boot: 2, ticks: hour })).toEqual({ utc: start + hour, estimated: true });
	});

	test("changes no time that was given before", async () => {
		const { time, clock, sync } = boardAt(1);
		sync(start);
		storage.failure = failure;
		await time.advance(hour);
		sync(start + hour + second);
		await time.advance(2 * hour);
		clock.estimateUnanchoredBoots(waiting());
		expect(clock.resolve(early)).toEqual({ utc: start, estimated: false });
	});
});

describe("the saved record", () => {
	test.each([
		["empty", () => new Uint8Array(0)],
		["torn", (good: Uint8Array) => good.subarray(0, good.length - 5)],
		[
			"of another version",
			(good: Uint8Array) => {
				const other = Uint8Array.of(9, ...good.subarray(1));
				new DataView(other.buffer).setUint32(other.length - 4, crc32(other.subarray(0, -4)));
				return other;
			},
		],
		["one bit off", (good: Uint8Array) => good.map((byte, i) => (i === 12 ? byte ^ 1 : byte))],
	])("that is %s is logged and ignored", (_, damage) => {
		boardAt(1).sync(start);
		storage.values.set("clock", damage(storage.values.get("clock") ?? new Uint8Array(0)));
		const { clock } = boardAt(2);
		expect(clock.resolve({ boot: 1, ticks: 0 })).toBeUndefined();
		expect(lines).toEqual(["time: the saved clock record cannot be read: it is damaged"]);
	});

	test("the checksum is the standard CRC-32", () => {
		expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
	});

	test("never throws, whatever the bytes", () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
				storage.values.set("clock", bytes);
				const { clock, sync } = boardAt(2);
				expect(clock.resolve({ boot: 1, ticks: 0 })).toBeUndefined();
				sync(start);
				expect(clock.now()).toBe(start);
			}),
		);
	});

	test("fits a page of the chip's storage, however many boots there were", () => {
		for (let boot = 1; boot <= 200; boot++) boardAt(boot).sync(start + boot * minute);
		expect(storage.values.get("clock")?.length).toBeLessThanOrEqual(1_850);
		const { clock } = boardAt(201);
		expect(clock.resolve({ boot: 1, ticks: 0 })?.utc).toBe(start + minute);
		expect(clock.resolve({ boot: 200, ticks: 0 })?.utc).toBe(start + 200 * minute);
	});

	test("as the latest known moment is taken back when it proves wrong", () => {
		boardAt(1).sync(start + 1_000 * day);
		const { clock, sync } = boardAt(2);
		expect(clock.lastKnownUtc).toBe(start + 1_000 * day);
		sync(start);
		expect(boardAt(3).clock.lastKnownUtc).toBe(start);
	});
});
