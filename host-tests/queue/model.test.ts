import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import { encodeSectorHeader, sectorHeaderBytes } from "../../src/queue/flash-format";
import { FlashQueue } from "../../src/queue/flash-queue";
import { type Operation, QueueModel, type QueueModelOptions } from "./queue-model";

/** An operation on the pending records of that moment: places are fractions from the oldest to the newest. */
type Step =
	| { readonly kind: "push"; readonly bytes: Uint8Array }
	| { readonly kind: "acknowledge"; readonly part: number }
	| { readonly kind: "drain"; readonly count: number }
	| { readonly kind: "read" | "remount" | "reset" };

const sizes: fc.Arbitrary<QueueModelOptions> = fc.record({
	blocks: fc.integer({ min: 2, max: 6 }),
	blockLength: fc.constantFrom(128, 256, 512),
	maxRecordBytes: fc.constant(64),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
	{
		weight: 12,
		arbitrary: fc.record({ kind: fc.constant("push" as const), bytes: fc.uint8Array({ maxLength: 64 }) }),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			kind: fc.constant("acknowledge" as const),
			part: fc.double({ min: 0, max: 1.2, noNaN: true }),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({ kind: fc.constant("drain" as const), count: fc.integer({ min: 1, max: 30 }) }),
	},
	{
		weight: 3,
		arbitrary: fc.record({ kind: fc.constantFrom("read" as const, "remount" as const) }),
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant("reset" as const) }) },
);

function operationOf(step: Step, { pending }: QueueModel): Operation {
	if (step.kind !== "acknowledge") return step;
	const entry = pending[Math.floor(step.part * pending.length)] ?? pending.at(-1);
	return { kind: "acknowledge", upTo: (entry?.sequence ?? 0) + (step.part > 1.1 ? 1000 : 0) };
}

test("with power always on, a queue is an array that loses its oldest when it is full, and outlives every mount", () => {
	fc.assert(
		fc.property(sizes, fc.array(steps, { maxLength: 150, size: "max" }), (size, list) => {
			const life = new QueueModel(size);
			for (const step of list) life.run(operationOf(step, life));
			life.run({ kind: "remount" });
		}),
		{ numRuns: 400 },
	);
});

describe("sequence numbers never repeat", () => {
	const flash = () => new NorFlash({ blocks: 3, blockLength: 256 });
	const bytes = new Uint8Array(20);

	test("not after a reset, nor with the mount after it", () => {
		const chip = flash();
		const queue = new FlashQueue({ flash: chip });
		expect([queue.push(bytes), queue.push(bytes)]).toEqual([1, 2]);
		queue.reset();
		expect(queue.push(bytes)).toBe(3);
		queue.reset();
		expect(new FlashQueue({ flash: chip }).push(bytes)).toBe(4);
	});

	test("not beyond 2^32 either", () => {
		const chip = flash();
		const firstSequence = 2 ** 32 - 5;
		chip.write(sectorBefore(firstSequence), 0);
		let queue = new FlashQueue({ flash: chip });
		for (let i = 0; i < 40; i++) {
			expect(queue.push(bytes)).toBe(firstSequence + i);
			if (i % 7 === 0) queue = new FlashQueue({ flash: chip });
		}
		queue.acknowledge(firstSequence + 38);
		expect([...new FlashQueue({ flash: chip }).records()].map(({ sequence }) => sequence)).toEqual([
			firstSequence + 39,
		]);
	});
});

test("a record larger than a sector is refused with its size and the limit, and nothing is lost by it", () => {
	const queue = new FlashQueue({ flash: new NorFlash({ blocks: 3, blockLength: 256 }) });
	queue.push(new Uint8Array(10));
	expect(() => queue.push(new Uint8Array(300))).toThrow(/300.*21[0-9]/);
	queue.push(new Uint8Array(queue.maxRecordBytes));
	expect(queue.length).toBe(2);
});

test("a full ring drops its oldest sector with the next record, and counts exactly what it dropped", () => {
	const queue = new FlashQueue({ flash: new NorFlash({ blocks: 2, blockLength: 256 }) });
	while (queue.droppedRecords === 0) queue.push(new Uint8Array(20));
	const { length, oldestSequence = 0, newestSequence = 0, droppedRecords } = queue;
	expect(length).toBeGreaterThan(5);
	expect(oldestSequence).toBe(droppedRecords + 1);
	expect(newestSequence).toBe(droppedRecords + length);
	queue.acknowledge(newestSequence);
	queue.push(new Uint8Array(20));
	expect(queue).toMatchObject({ length: 1, droppedRecords });
});

test("the key record of a mount counts until another sector is opened", () => {
	const flash = new NorFlash({ blocks: 4, blockLength: 256 });
	const key = Uint8Array.of(0xc0, 1);
	const first = new FlashQueue({ flash });
	for (const bytes of [key, Uint8Array.of(1), key, Uint8Array.of(2)]) first.push(bytes);
	const queue = new FlashQueue({ flash, keyByte: 0xc0 });
	expect(queue.newestKeyRecord).toEqual(key);
	let isOpened = false;
	while (!isOpened)
		queue.push((isFirst) => {
			isOpened = isFirst;
			return new Uint8Array(20);
		});
	expect(queue.newestKeyRecord).toBeUndefined();
});

/** The header of a ring whose next record has this sequence number. */
function sectorBefore(sequence: number): Uint8Array {
	const header = new Uint8Array(sectorHeaderBytes);
	encodeSectorHeader(
		{
			sectorNumber: 1,
			firstSequence: sequence,
			acknowledgedSequence: sequence - 1,
			skippedPending: 0,
			isNextForeign: false,
			frontOffset: 0,
			droppedRecords: 0,
			skippedSequences: 0,
		},
		header,
	);
	return header;
}
