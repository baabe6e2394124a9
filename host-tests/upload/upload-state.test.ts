import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { loadUploadState, saveUploadState, type UploadState } from "../../src/upload/upload-state";
import { MemoryKeyValue } from "../memory-key-value";

/** How far the uploads have come goes with a board through its deep sleep. */

let storage: MemoryKeyValue;
beforeEach(() => {
	storage = new MemoryKeyValue();
});

test("what is kept comes back, the size of a batch with it", () => {
	const attempts: fc.Arbitrary<UploadState> = fc.record({
		dueAtTicks: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
		consecutiveFailures: fc.nat(0xffff),
		maxPoints: fc.integer({ min: 1, max: 0xffff }),
		refusals: fc.nat(255),
		failures: fc.nat(255),
		reportedDrops: fc.nat(),
	});
	const gapAndRange = fc.tuple(fc.nat(2 ** 40), fc.nat(1000), fc.nat(6));
	fc.assert(
		fc.property(attempts, fc.array(gapAndRange, { maxLength: 18 }), (rest, ranges) => {
			let end = 0;
			const passedOver = ranges.map(([gap, count, strikes]) => {
				const first = end + 1 + gap;
				end = first + count;
				return { first, last: end, strikes };
			});
			const kept = { ...rest, passedOver };
			saveUploadState(storage, kept);
			const none = { refusals: 0, failures: 0, reportedDrops: 0, passedOver: [] };
			expect({ ...none, ...loadUploadState(storage) }).toEqual(kept);
		}),
	);
});

test("only what has changed is written, to limit flash wear", () => {
	const attempts = { dueAtTicks: 5_000, consecutiveFailures: 2, maxPoints: 1000, refusals: 1 };
	saveUploadState(storage, attempts);
	saveUploadState(storage, { ...attempts });
	expect(storage.writes).toBe(1);
	saveUploadState(storage, { ...attempts, maxPoints: 500 });
	expect(storage.writes).toBe(2);
});

test.each([
	["nothing", undefined],
	["a record of earlier firmware", new Uint8Array(10)],
	["a record that allows no point", new Uint8Array(12)],
	["a longer record that allows no point", new Uint8Array(18 + 17)],
	["a record that ends within a range", new Uint8Array(18 + 16).fill(1)],
])("%s is no attempts", (_, bytes) => {
	if (bytes !== undefined) storage.write("attempts", bytes);
	expect(loadUploadState(storage)).toBeUndefined();
});

test("ranges out of order are none", () => {
	const passedOver = [
		{ first: 10, last: 20, strikes: 0 },
		{ first: 15, last: 15, strikes: 1 },
	];
	saveUploadState(storage, { dueAtTicks: 0, consecutiveFailures: 0, maxPoints: 1, passedOver });
	expect(loadUploadState(storage)?.passedOver).toBeUndefined();
});

test("the last two bits of long counts stay: they decide which point is tried next", () => {
	for (const count of [256, 257, 1000, 1001, 70_003]) {
		const counts = { refusals: count, failures: count };
		saveUploadState(storage, { dueAtTicks: 0, consecutiveFailures: 0, maxPoints: 1, ...counts });
		const kept = loadUploadState(storage);
		for (const each of [kept?.refusals, kept?.failures]) expect((each ?? -1) % 4).toBe(count % 4);
	}
});
