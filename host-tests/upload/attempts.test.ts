import fc from "fast-check";
import { beforeEach, expect, test } from "vitest";
import { type Attempts, keepAttempts, readAttempts } from "../../src/upload/attempts";
import { MemoryKeyValue } from "../clock/memory";

/** How far the uploads have come goes with a board through its deep sleep. */

let storage: MemoryKeyValue;
beforeEach(() => {
	storage = new MemoryKeyValue();
});

test("what is kept comes back, the size of a batch with it", () => {
	const attempts: fc.Arbitrary<Attempts> = fc.record({
		dueAt: fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
		failures: fc.nat(0xffff),
		points: fc.integer({ min: 1, max: 0xffff }),
	});
	fc.assert(
		fc.property(attempts, (kept) => {
			keepAttempts(storage, kept);
			expect(readAttempts(storage)).toEqual(kept);
		}),
	);
});

test("only what has changed is written, for the storage wears", () => {
	const attempts = { dueAt: 5_000, failures: 2, points: 1000 };
	keepAttempts(storage, attempts);
	keepAttempts(storage, { ...attempts });
	expect(storage.writes).toBe(1);
	keepAttempts(storage, { ...attempts, points: 500 });
	expect(storage.writes).toBe(2);
});

test.each([
	["nothing", undefined],
	["a record of earlier firmware", new Uint8Array(10)],
	["a record that allows no point", new Uint8Array(12)],
])("%s is no attempts", (_, bytes) => {
	if (bytes !== undefined) storage.write("attempts", bytes);
	expect(readAttempts(storage)).toBeUndefined();
});
