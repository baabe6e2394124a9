import { describe, expect, test } from "vitest";
import { NorFlash, type Wear } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { FlashQueue } from "../../src/queue/flash-queue";
import { below, pick, randomFrom } from "./seeded-random";

/** Runs one failed case again: the text in brackets of its message. */
const replay = process.env.REPLAY;
const long = process.env.MODE === "long";
const blocks = 5;
const blockLength = 256;

/** Runs `body` for many seeds; a failure names the case that {@link replay} repeats. */
function seeds(name: string, count: number, body: (random: () => number) => void): void {
	for (let seed = 1; seed <= count * (long ? 50 : 1); seed++) {
		const id = `${name}#${seed}`;
		if (replay !== undefined && replay !== id) continue;
		try {
			body(randomFrom(seed));
		} catch (error) {
			throw new Error(`[${id}] ${String(error)}`, { cause: error });
		}
	}
}

function record(random: () => number): Uint8Array {
	const bytes = new Uint8Array(below(30, random));
	for (let i = 0; i < bytes.length; i++) bytes[i] = below(256, random);
	return bytes;
}

function text(bytes: Uint8Array): string {
	return Buffer.from(bytes).toString("hex");
}

function read(queue: FlashQueue): Map<number, string> {
	const found = new Map<number, string>();
	for (const { sequence, bytes } of queue.records()) found.set(sequence, text(bytes));
	return found;
}

/**
 * Whatever was there: the queue takes records, gives them back after the next mount, and numbers only rise, from
 * `given` on, the highest that was ever given.
 */
function worksOn(flash: Flash, random: () => number, given = 0): void {
	const queue = new FlashQueue({ flash });
	const pushed = new Map<number, string>();
	let before = Math.max(given, ...read(queue).keys());
	for (let i = 0; i < 6; i++) {
		const bytes = record(random);
		const sequence = queue.push(bytes);
		expect(sequence).toBeGreaterThan(before);
		before = sequence;
		pushed.set(sequence, text(bytes));
	}
	const again = read(new FlashQueue({ flash }));
	for (const [sequence, bytes] of pushed) expect(again.get(sequence)).toBe(bytes);
}

describe("whatever stands on the flash, it mounts, and goes on", () => {
	test("random bytes", () => {
		seeds("random", 600, (random) => {
			const image = new Uint8Array(blocks * blockLength);
			const density = random();
			for (let i = 0; i < image.length; i++) image[i] = random() < density ? below(256, random) : 0xff;
			worksOn(new NorFlash({ blocks, blockLength, image }), random);
		});
	});

	test("an image of a later version: nothing is read from it, and nothing of it is erased before there is a record to store", () => {
		const flash = new NorFlash({ blocks, blockLength });
		const queue = new FlashQueue({ flash });
		for (let i = 0; i < 30; i++) queue.push(new Uint8Array(20));
		const image = flash.image.slice();
		for (let block = 0; block < blocks; block++) image[block * blockLength + 3] = 0x20;
		const later = new NorFlash({ blocks, blockLength, image });
		const mounted = new FlashQueue({ flash: later });
		expect(mounted.length).toBe(0);
		expect([later.counts.erases, later.counts.programs]).toEqual([0, 0]);
		worksOn(later, randomFrom(1));
	});
});

describe("bits flip anywhere", () => {
	interface Kept {
		readonly flash: NorFlash;
		readonly records: ReadonlyMap<number, { readonly bytes: string; readonly block: number }>;
		/** Where the acknowledgement stands. */
		readonly marked: number;
	}

	function fill(random: () => number): Kept {
		let block = 0;
		const flash = new NorFlash({
			blocks,
			blockLength,
			onChange: (at) => {
				block = Math.floor(at / blockLength);
			},
		});
		const queue = new FlashQueue({ flash });
		const records = new Map<number, { bytes: string; block: number }>();
		for (let i = 0; i < 70; i++) {
			const bytes = record(random);
			records.set(queue.push(bytes), { bytes: text(bytes), block });
		}
		queue.acknowledge((queue.oldestSequence ?? 0) + below(10, random));
		const marked = block;
		for (const sequence of records.keys())
			if (sequence < (queue.oldestSequence ?? 0)) records.delete(sequence);
		return { flash, records, marked };
	}

	test("nothing is invented, altered or out of order, and only the hit sectors lose", () => {
		seeds("flips", 1_200, (random) => {
			const { flash, records, marked } = fill(random);
			const hit = new Set<number>();
			for (let flips = 1 + below(3, random); flips > 0; flips--) {
				const at = below(flash.image.length, random);
				flash.image[at] = (flash.image[at] ?? 0) ^ (1 << below(8, random));
				hit.add(Math.floor(at / blockLength));
			}
			const image = flash.image.slice();
			const hurt = new NorFlash({ blocks, blockLength, image });
			const queue = new FlashQueue({ flash: hurt });
			const found = read(queue);
			let before = 0;
			let acknowledgedAgain = 0;
			for (const [sequence, bytes] of found) {
				expect(sequence).toBeGreaterThan(before);
				before = sequence;
				const kept = records.get(sequence);
				// The acknowledgement itself may have been hit: then what it covered comes back.
				if (kept === undefined) acknowledgedAgain++;
				else expect(bytes).toBe(kept.bytes);
			}
			if (acknowledgedAgain > 0) expect([...hit]).toContain(marked);
			const lost = [...records].filter(([sequence]) => !found.has(sequence));
			for (const [, { block }] of lost) expect([...hit]).toContain(block);
			if (lost.length > 0) expect(queue.damagedBytes + queue.droppedRecords).toBeGreaterThan(0);
			worksOn(hurt, random, Math.max(...records.keys()));
		});
	});
});

describe("sectors wear out", () => {
	const wears: readonly Wear[] = [
		"erase does nothing",
		"program does nothing",
		"erase throws",
		"program throws",
		"bits stay cleared",
		"read throws",
	];

	test.each(wears)("%s: what is pushed is there, in the sectors that are left", (wear) => {
		seeds(wear, 40, (random) => {
			const flash = new NorFlash({ blocks, blockLength });
			const queue = new FlashQueue({ flash });
			const pushed: { sequence: number; bytes: string }[] = [];
			for (let i = 0; i < 200; i++) {
				if (i === 60 || i === 120) flash.wearOut(below(blocks, random), wear);
				const bytes = record(random);
				pushed.push({ sequence: queue.push(bytes), bytes: text(bytes) });
			}
			const found = [...read(queue)];
			expect(found.length).toBeGreaterThan(10);
			// Of the sectors that still work, the newest records are all there.
			const newest = pushed.slice(-5).map(({ sequence, bytes }) => [sequence, bytes]);
			expect(found.slice(-5)).toEqual(newest);
			const expected = new Map(pushed.map(({ sequence, bytes }) => [sequence, bytes]));
			for (const [sequence, bytes] of found) expect(bytes).toBe(expected.get(sequence));
		});
	});

	test("when no sector can be written, a push throws and the mounted records stay readable", () => {
		const flash = new NorFlash({ blocks, blockLength });
		const queue = new FlashQueue({ flash });
		queue.push(Uint8Array.of(7));
		for (let block = 0; block < blocks; block++) flash.wearOut(block, "program throws");
		expect(() => queue.push(Uint8Array.of(8))).toThrow(/flash/);
		expect(read(queue).size).toBe(1);
		for (let block = 0; block < blocks; block++) flash.wearOut(block, undefined);
		expect(queue.push(Uint8Array.of(9))).toBeGreaterThan(1);
		expect([...read(queue).values()].at(-1)).toBe("09");
	});
});

test("a flash that throws at random never stops the queue for good", () => {
	seeds("throws", 60, (random) => {
		const chip = new NorFlash({ blocks, blockLength });
		let failing = false;
		const maybe = <T>(operation: () => T): T => {
			if (failing && pick([0, 1, 2], random) === 0) throw new Error("the flash driver failed");
			return operation();
		};
		const flash: Flash = {
			read: (buffer, at) => maybe(() => chip.read(buffer, at)),
			write: (buffer, at) => maybe(() => chip.write(buffer, at)),
			eraseBlock: (start, end) => maybe(() => chip.eraseBlock(start, end)),
			status: () => chip.status(),
			close: () => chip.close(),
		};
		const queue = new FlashQueue({ flash });
		for (let round = 0; round < 6; round++) {
			failing = round % 2 === 1;
			for (let i = 0; i < 20; i++) {
				try {
					queue.push(record(random));
					if (i % 5 === 0) queue.acknowledge((queue.oldestSequence ?? 0) + 1);
				} catch (error) {
					expect(failing, String(error)).toBe(true);
				}
			}
		}
		failing = false;
		worksOn(flash, random);
	});
});
