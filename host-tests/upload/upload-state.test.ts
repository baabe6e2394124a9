import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import {
	initialUploadState,
	loadUploadState,
	restartUploadState,
	saveUploadState,
	type UploadState,
} from "../../src/upload/upload-state";
import { MemoryKeyValue } from "../memory-key-value";

/** How far the uploads have come goes with a board through each start. */

let storage: MemoryKeyValue;
beforeEach(() => {
	storage = new MemoryKeyValue();
});

const ticks = fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 });
const sequence = fc.nat(2 ** 40);
const passedOver = fc
	.array(fc.tuple(sequence, fc.nat(1000), fc.nat(6)), { maxLength: 18 })
	.map((gapsAndRanges) => {
		let end = 0;
		return gapsAndRanges.map(([gap, count, strikes]) => {
			const first = end + 1 + gap;
			end = first + count;
			return { first, last: end, strikes };
		});
	});
const anyState: fc.Arbitrary<UploadState> = fc.record({
	dueAtTicks: ticks,
	consecutiveFailures: fc.nat(0xffff),
	maxPoints: fc.integer({ min: 1, max: 0xffff }),
	refusals: fc.nat(255),
	failures: fc.nat(255),
	reportedDrops: fc.nat(),
	owed: fc.record({ calls: fc.nat(0xffff), ticks }),
	restarts: fc.nat(255),
	retryUtc: fc.nat(Date.UTC(2100, 0, 1)),
	repeats: fc.record({ count: fc.nat(0xffff), upTo: sequence, ticks }),
	frontRefusals: fc.nat(255),
	passedOver,
});

test("what is kept comes back", () => {
	fc.assert(
		fc.property(anyState, (kept) => {
			saveUploadState(storage, kept);
			expect(loadUploadState(storage)).toEqual(kept);
		}),
	);
});

test("a state without anything unusual is short", () => {
	const kept = { ...initialUploadState, dueAtTicks: 5_000, consecutiveFailures: 2, maxPoints: 500 };
	saveUploadState(storage, kept);
	expect(storage.read("attempts")?.byteLength).toBe(12);
	expect(loadUploadState(storage)).toEqual(kept);
});

test("the bytes of a whole record", () => {
	saveUploadState(storage, {
		...{ dueAtTicks: 1, consecutiveFailures: 2, maxPoints: 3, refusals: 4, failures: 5, reportedDrops: 6 },
		owed: { calls: 6.2, ticks: 1 },
		repeats: { count: 8, upTo: 1, ticks: 1 },
		restarts: 10,
		retryUtc: 1,
		frontRefusals: 11,
		passedOver: [{ first: 1, last: 1, strikes: 9 }],
	});
	const one = "3ff0000000000000";
	const head = [one, "0002", "0003", "04", "05", "00000006"];
	const counts = ["0007", one, "0008", one, one, "0a", one, "0b"];
	expect(Buffer.from(storage.read("attempts") ?? new ArrayBuffer(0)).toString("hex")).toBe(
		[...head, ...counts, one, one, "09"].join(""),
	);
});

test("only what has changed is written, to limit flash wear", () => {
	const kept = { ...initialUploadState, dueAtTicks: 5_000, refusals: 1 };
	saveUploadState(storage, kept);
	saveUploadState(storage, { ...kept });
	expect(storage.writes).toBe(1);
	saveUploadState(storage, { ...kept, maxPoints: 500 });
	expect(storage.writes).toBe(2);
});

test.each([
	["nothing", undefined],
	["a record of earlier firmware", new Uint8Array(10)],
	["a record that allows no point", new Uint8Array(12)],
	["a longer record that allows no point", new Uint8Array(56 + 17)],
	["a record that ends within a range", new Uint8Array(56 + 16).fill(1)],
	["a record that ends before its ranges", new Uint8Array(55).fill(1)],
])("%s is no attempts", (_, bytes) => {
	if (bytes !== undefined) storage.write("attempts", bytes);
	expect(loadUploadState(storage)).toBeUndefined();
});

test("with ranges out of order, none of what was learned counts", () => {
	const ranges = [
		{ first: 10, last: 20, strikes: 0 },
		{ first: 15, last: 15, strikes: 1 },
	];
	saveUploadState(storage, { ...initialUploadState, refusals: 2, passedOver: ranges });
	expect(loadUploadState(storage)).toEqual(initialUploadState);
});

test("the last two bits of long counts stay: they decide which point is tried next", () => {
	for (const count of [256, 257, 1000, 1001, 70_003]) {
		saveUploadState(storage, { ...initialUploadState, refusals: count, failures: count });
		const kept = loadUploadState(storage);
		for (const each of [kept?.refusals, kept?.failures]) expect((each ?? -1) % 4).toBe(count % 4);
	}
});

test("at a restart the day and what is owed count from then on, and that is saved", () => {
	const kept = {
		...{ ...initialUploadState, dueAtTicks: 2_600_000_000, consecutiveFailures: 3, failures: 1 },
		owed: { calls: 40, ticks: 9_000_000 },
		repeats: { count: 300, upTo: 50, ticks: 8_000_000 },
	};
	saveUploadState(storage, kept);
	restartUploadState(storage, 51, 0);
	expect(loadUploadState(storage)).toEqual({
		...{ ...kept, dueAtTicks: 0, consecutiveFailures: 0 },
		owed: { calls: 40, ticks: 0 },
		repeats: { count: 300, upTo: 50, ticks: 0 },
		restarts: 1,
	});
});

test("a restart without an outage writes nothing", () => {
	saveUploadState(storage, { ...initialUploadState, owed: { calls: 40, ticks: 0 } });
	const { writes } = storage;
	restartUploadState(storage, 51, 0);
	expect(storage.writes).toBe(writes);
});

test("the wait in an outage goes on over a restart, from the fourth on, until the service takes a point", () => {
	const kept = { ...initialUploadState, retryUtc: 5_000 };
	const afterRestart = (state: Partial<UploadState>) => {
		saveUploadState(storage, { ...kept, ...state });
		restartUploadState(storage, 1, 0);
		return loadUploadState(storage);
	};
	expect(afterRestart({ failures: 1, restarts: 2 })).toMatchObject({ restarts: 3, retryUtc: 0 });
	expect(afterRestart({ failures: 1, restarts: 3 })).toMatchObject({ restarts: 4, retryUtc: 5_000 });
	expect(afterRestart({ refusals: 3, restarts: 255 })).toMatchObject({ restarts: 255, retryUtc: 5_000 });
	expect(afterRestart({ restarts: 9, reportedDrops: 1 })).toMatchObject({ restarts: 0, retryUtc: 0 });
});

test.each([
	["points that may be stored are pending", { repeats: { count: 0, upTo: 50, ticks: 0 } }, 50, 4],
	["the service fails", { failures: 1 }, 51, 4],
	["the service refuses points", { refusals: 1 }, 51, 4],
	["none of it holds any more", { repeats: { count: 9, upTo: 50, ticks: 0 } }, 51, 1000],
	["nothing is pending", { repeats: { count: 9, upTo: 50, ticks: 0 } }, undefined, 1000],
])("at a restart, where %s, a batch has so many points", (_, changes, oldest, maxPoints) => {
	saveUploadState(storage, { ...initialUploadState, maxPoints: 4, ...changes });
	restartUploadState(storage, oldest, 0);
	expect(loadUploadState(storage)?.maxPoints).toBe(maxPoints);
});
