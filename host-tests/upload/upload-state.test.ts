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
		reportedDrops: fc.nat(),
	});
	const ahead = fc.option(fc.tuple(fc.integer({ min: 1, max: 2 ** 40 }), fc.nat()), { nil: undefined });
	fc.assert(
		fc.property(attempts, ahead, (rest, range) => {
			const kept =
				range === undefined ? rest : { ...rest, ahead: { first: range[0], last: range[0] + range[1] } };
			saveUploadState(storage, kept);
			expect({ refusals: 0, reportedDrops: 0, ...loadUploadState(storage) }).toEqual(kept);
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
	["a longer record that allows no point", new Uint8Array(33)],
])("%s is no attempts", (_, bytes) => {
	if (bytes !== undefined) storage.write("attempts", bytes);
	expect(loadUploadState(storage)).toBeUndefined();
});

test("a long count of refusals stays even or odd: it decides which point is tried next", () => {
	for (const refusals of [256, 257, 1000, 1001]) {
		saveUploadState(storage, {
			dueAtTicks: 0,
			consecutiveFailures: 0,
			maxPoints: 1,
			refusals,
			reportedDrops: 0,
		});
		expect((loadUploadState(storage)?.refusals ?? -1) % 2).toBe(refusals % 2);
	}
});
