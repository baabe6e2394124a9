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
	});
	fc.assert(
		fc.property(attempts, (kept) => {
			saveUploadState(storage, kept);
			expect(loadUploadState(storage)).toEqual(kept);
		}),
	);
});

test("only what has changed is written, to limit flash wear", () => {
	const attempts = { dueAtTicks: 5_000, consecutiveFailures: 2, maxPoints: 1000 };
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
])("%s is no attempts", (_, bytes) => {
	if (bytes !== undefined) storage.write("attempts", bytes);
	expect(loadUploadState(storage)).toBeUndefined();
});
