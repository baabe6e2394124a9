import { describe, expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { FlashFailedError } from "../../src/queue/errors";
import {
	encodeRecordHeader,
	parseSectorHeader,
	putUint,
	recordChecksum,
	sectorHeaderBytes,
} from "../../src/queue/flash-format";
import { FlashQueue, type RingHint, type RingHintStorage } from "../../src/queue/flash-queue";
import { ReadingLog } from "../../src/store/reading-log";
import { RingHintRecord } from "../../src/store/ring-hint";
import { MemoryKeyValue } from "../memory-key-value";
import { below, randomFrom } from "./seeded-random";

const blockLength = 512;
const bytes = new Uint8Array(20);

function sequences(queue: FlashQueue): number[] {
	return [...queue.records()].map(({ sequence }) => sequence);
}

/** Fills a ring until it has dropped records. */
function fill(queue: FlashQueue, length = 20): void {
	const { droppedRecords } = queue;
	while (queue.droppedRecords === droppedRecords) queue.push(new Uint8Array(length));
}

describe("an acknowledgement never moves back, and no count wraps", () => {
	/** A full ring whose newest sector has a torn record at its end. */
	function torn() {
		const flash = new NorFlash({ blocks: 4, blockLength });
		const queue = new FlashQueue({ flash });
		fill(queue);
		let at = 0;
		const before = flash.image.slice();
		queue.push(bytes);
		for (let i = 0; i < before.length; i++) if (before[i] !== flash.image[i]) at = i;
		flash.flipBit(at, 3);
		return flash;
	}

	test("not where the erase for it fails beside a torn sector", () => {
		for (let failing = 0; failing < 4; failing++) {
			const flash = torn();
			const queue = new FlashQueue({ flash });
			for (let i = 0; i <= failing; i++) flash.wearOut(i, "erase throws");
			const [, , third = 0] = sequences(queue);
			const before = queue.length;
			const there = sequences(queue);
			try {
				queue.acknowledge(third);
			} catch (error) {
				expect(String(error)).toContain("flash");
			}
			expect(queue.length).toBeLessThanOrEqual(before);
			for (let i = 0; i < 4; i++) flash.wearOut(i, undefined);
			const pushed: number[] = [];
			for (let i = 0; i < 8; i++) pushed.push(queue.push(bytes));
			queue.acknowledge(third + 1);
			const again = new FlashQueue({ flash });
			const rest = sequences(again);
			expect(again.length).toBe(rest.length);
			expect(rest.slice(-pushed.length)).toEqual(pushed);
			const missing = there.filter((sequence) => sequence > third + 1 && !rest.includes(sequence));
			expect(missing.length).toBeLessThanOrEqual(again.droppedRecords);
		}
	});

	test("and what was erased in vain is counted as dropped, also after a mount", () => {
		for (let seed = 1; seed <= 300; seed++) {
			const random = randomFrom(seed);
			const flash = new NorFlash({ blocks: 3 + below(4, random), blockLength: 256 });
			let fails = false;
			const failing: Flash = {
				read: (buffer, byteOffset) => flash.read(buffer, byteOffset),
				write(buffer, byteOffset) {
					if (fails) throw new Error("no power for a write");
					flash.write(buffer, byteOffset);
				},
				eraseBlock: (start, end) => flash.eraseBlock(start, end),
				status: () => flash.status(),
				close() {},
			};
			const queue = new FlashQueue({ flash: failing });
			fill(queue, 20 + below(60, random));
			if (random() < 0.5) queue.acknowledge((queue.oldestSequence ?? 0) + below(6, random));
			// A reader's place may be in a block that goes; what it finds missing there is damage.
			const [before, dropped] = [new FlashQueue({ flash }), queue.droppedRecords];
			const there = sequences(before);
			fails = true;
			for (let tries = below(3, random); tries >= 0; tries--)
				expect(() => queue.push(bytes)).toThrow(FlashFailedError);
			const left = sequences(queue);
			fails = false;
			queue.push(bytes);
			const again = new FlashQueue({ flash });
			const missing = there.filter((sequence) => !left.includes(sequence)).length;
			expect(again.droppedRecords + queue.damagedBytes, `seed ${seed}`).toBeGreaterThanOrEqual(
				dropped + missing,
			);
		}
	});

	test("not where reading headers fails now and then", () => {
		for (let seed = 1; seed <= 200; seed++) {
			const random = randomFrom(seed);
			const flash = new NorFlash({ blocks: 16, blockLength: 256 });
			let failingShare = 0;
			const failing: Flash = {
				read(buffer, byteOffset) {
					if (random() < failingShare) throw new Error("unreadable");
					return flash.read(buffer, byteOffset);
				},
				write: (buffer, byteOffset) => flash.write(buffer, byteOffset),
				eraseBlock: (start, end) => flash.eraseBlock(start, end),
				status: () => flash.status(),
				close() {},
			};
			// Each mount after a sector that is known elsewhere, and not on flash, skips numbers: a gap in the ring.
			let lost: RingHint | undefined;
			const hints = { load: () => lost, save: () => {} };
			let queue = new FlashQueue({ flash: failing, hints });
			for (let i = 0; i < 24; i++) {
				const sequence = queue.push(new Uint8Array(40));
				if (random() > 0.3) continue;
				lost = { block: 0, sectorNumber: 1_000, firstSequence: sequence + 1 };
				queue = new FlashQueue({ flash: failing, hints });
			}
			while (queue.length > 0) {
				const { oldestSequence = 0, newestSequence = 0 } = queue;
				const upTo = oldestSequence + below(newestSequence - oldestSequence + 1, random);
				failingShare = 0.5;
				let reached = upTo + 1;
				try {
					queue.acknowledge(upTo);
				} catch (error) {
					// No sector could be opened to record it.
					expect(error).toBeInstanceOf(FlashFailedError);
					reached = oldestSequence;
				}
				failingShare = 0;
				const { oldestSequence: oldest = reached } = queue;
				if (oldest < reached) throw new Error(`seed ${seed}: ${oldest} pending after ${upTo}`);
				if (reached <= upTo) break;
			}
		}
	});

	test("a mark that goes back or beyond what exists, as version 0.2.0 could write it, is ignored", () => {
		for (const beyond of [0xffff, 0xfffe, 4, 1, 0]) {
			const flash = new NorFlash({ blocks: 2, blockLength });
			const queue = new FlashQueue({ flash });
			for (let i = 0; i < 3; i++) queue.push(bytes);
			queue.acknowledge(2);
			const end = flash.image.subarray(0, blockLength).findLastIndex((byte) => byte !== 0xff) + 1;
			const sector = parseSectorHeader(flash.image.subarray(0, sectorHeaderBytes), 0);
			if (sector === undefined) throw new Error("no header");
			const mark = new Uint8Array(8);
			encodeRecordHeader("acknowledged", 4, mark);
			putUint(mark, 1, 2, beyond);
			putUint(mark, 5, 3, recordChecksum(sector, 4, mark, 0, 5));
			flash.write(mark, end);
			const again = new FlashQueue({ flash });
			expect(again.length).toBe(1);
			expect(again.push(bytes)).toBe(4);
			expect(sequences(again)).toEqual([3, 4]);
		}
	});

	test("a number that its bytes cannot hold is not written", () => {
		for (const value of [-1, 0x10000, Number.NaN, Number.POSITIVE_INFINITY])
			expect(() => putUint(new Uint8Array(2), 0, 2, value)).toThrow(RangeError);
	});
});

describe("a record of any size fits a full ring, or is refused before anything is dropped", () => {
	test.each([2, 3, 5, 9])("%i sectors", (blocks) => {
		const { maxRecordBytes } = new FlashQueue({ flash: new NorFlash({ blocks, blockLength }) });
		for (let size = 1; size <= maxRecordBytes + 20; size += size < maxRecordBytes - 40 ? 23 : 1) {
			for (const before of [20, Math.floor(maxRecordBytes / 2), maxRecordBytes]) {
				const flash = new NorFlash({ blocks, blockLength });
				const queue = new FlashQueue({ flash });
				fill(queue, before);
				for (let times = 0; times < 3; times++) {
					const pending = sequences(queue);
					const { droppedRecords } = queue;
					if (size > maxRecordBytes) {
						expect(() => queue.push(new Uint8Array(size))).toThrow(/does not fit/);
						expect(sequences(queue)).toEqual(pending);
						expect(queue.droppedRecords).toBe(droppedRecords);
						continue;
					}
					const { firstSequences } = sectorsOf(flash);
					const sequence = queue.push(new Uint8Array(size));
					const gone = queue.droppedRecords - droppedRecords;
					expect(sequences(queue)).toEqual([...pending.slice(gone), sequence]);
					// At most those of the two oldest sectors with pending records.
					const limit = firstSequences.filter((first) => first > (pending[0] ?? 0))[1] ?? sequence;
					expect(pending[gone] ?? sequence).toBeLessThanOrEqual(limit);
				}
			}
		}
	});

	function sectorsOf(flash: NorFlash) {
		const firstSequences: number[] = [];
		for (let block = 0; block < flash.status().blocks; block++)
			firstSequences.push(Number.parseInt(hex(flash.image, block * blockLength + 10, 6), 16));
		return { firstSequences: firstSequences.sort((a, b) => a - b) };
	}

	function hex(image: Uint8Array, at: number, length: number): string {
		return Buffer.from(image.subarray(at, at + length)).toString("hex");
	}
});

test("dropped counts no numbers that no record ever had", () => {
	for (let tear = 1; tear < 6; tear++) {
		const flash = new NorFlash({ blocks: 3, blockLength });
		let queue = new FlashQueue({ flash });
		for (let i = 0; i < 5; i++) queue.push(bytes);
		// A torn record hides how many numbers were given: they are skipped.
		flash.schedulePowerCut({ step: tear, tear: "prefix", random: randomFrom(tear) });
		expect(() => queue.push(new Uint8Array(30))).toThrow("flash");
		flash.powerUp();
		queue = new FlashQueue({ flash });
		let last = 0;
		while (flash.image[2 * blockLength] === 0xff) last = queue.push(bytes);
		expect(last).toBeGreaterThan(queue.length);
		const pending = sequences(queue);
		// The opening of the next sector erases the first one, and power goes.
		flash.schedulePowerCut({
			step: 0,
			counts: (kind) => kind === "erase",
			tear: "almost",
			random: () => 0.5,
		});
		expect(() => {
			for (;;) queue.push(new Uint8Array(250));
		}).toThrow();
		flash.powerUp();
		queue = new FlashQueue({ flash });
		const rest = sequences(queue);
		const gone = pending.filter((sequence) => !rest.includes(sequence));
		expect(gone.length).toBeGreaterThan(0);
		expect(queue.droppedRecords).toBe(gone.length);
	}
});

describe("where sectors were erased, and none could be opened in their place, until a cut", () => {
	const blockLength = 256;
	const lostSectors = [[1], [1, 2], [1, 2, 3]];
	const shares = [0.1, 0.5, 0.9];
	test.each(
		lostSectors.flatMap((lost) =>
			[1, 2, 3].flatMap((sector) => shares.map((share) => ({ lost, sector, share }))),
		),
	)(
		"no reading is gone uncounted (sectors $lost, acknowledged up to $share of sector $sector)",
		({ lost, sector, share }) => {
			const flash = new NorFlash({ blocks: 4, blockLength });
			let queue = new FlashQueue({ flash });
			const pushed: number[] = [];
			const blockOf = () => flash.image.findLastIndex((byte) => byte !== 0xff) / blockLength;
			for (let i = 0; i < 12; i++) pushed.push(queue.push(bytes));
			// A cut has left 6 bytes of a record: they may have had numbers, so some are skipped.
			const end = flash.image.findLastIndex((byte) => byte !== 0xff) + 1;
			flash.image.set([12, 1, 2, 3, 4, 5], end);
			queue = new FlashQueue({ flash });
			while (blockOf() < 3) pushed.push(queue.push(bytes));
			for (let i = 0; i < 3; i++) pushed.push(queue.push(bytes));
			const skipped = queue.lastSequence - pushed.length;
			expect(skipped).toBeGreaterThan(0);
			const firsts = [0, 1, 2, 3].map(
				(block) => parseSectorHeader(flash.image.subarray(block * blockLength), block)?.firstSequence ?? 0,
			);
			const [from = 0, to = 0] = firsts.slice(sector - 1);
			const acknowledged = from + Math.floor((to - from) * share);
			queue.acknowledge(acknowledged);
			for (const each of lost) flash.image.fill(0xff, (each - 1) * blockLength, each * blockLength);
			const again = new FlashQueue({ flash });
			const there = sequences(again);
			const gone = pushed.filter((each) => each > acknowledged && !there.includes(each)).length;
			expect(again.droppedRecords).toBeGreaterThanOrEqual(gone);
			expect(again.droppedRecords).toBeLessThanOrEqual(gone + (lost.length > 1 ? skipped : 0));
		},
	);
});

describe("a partition that holds something else", () => {
	test.each(["random bytes", "text", "zeros"])(
		"%s: one mount may cost a jump of numbers, no more",
		(content) => {
			const blocks = 64;
			const random = randomFrom(7);
			const image = new Uint8Array(blocks * blockLength);
			for (let i = 0; i < image.length; i++)
				image[i] = content === "zeros" ? 0 : content === "text" ? 32 + (i % 90) : below(256, random);
			const flash = new NorFlash({ blocks, blockLength, image });
			const perSector = blockLength / 4;
			let last = 0;
			for (let wake = 0; wake < 1_000; wake++) {
				const sequence = new FlashQueue({ flash }).push(bytes);
				expect(sequence).toBeGreaterThan(last);
				last = sequence;
			}
			expect(last).toBeLessThanOrEqual(1_000 + blocks * perSector);
			// A record of 24 bytes each: no wake has opened a sector before its time.
			const opened = Math.ceil((1_000 * 24) / (blockLength - 80));
			const headers = Array.from({ length: blocks }, (_, block) =>
				parseSectorHeader(flash.image.subarray(block * blockLength), block),
			);
			expect(Math.max(...headers.map((header) => header?.sectorNumber ?? 0))).toBeLessThanOrEqual(opened);
			// Each block is erased when its sector is opened, and once, with what it held, when the one before is.
			expect(flash.counts.erases).toBeLessThanOrEqual(opened + Math.min(blocks, opened));
		},
	);
});

describe("the highest number survives the only header", () => {
	function hints(): RingHintStorage {
		let kept: RingHint | undefined;
		return {
			load: () => kept,
			save: ({ block, sectorNumber, firstSequence }) => {
				kept = { block, sectorNumber, firstSequence };
			},
		};
	}

	test("any byte of it but the version's may be damaged: nothing is lost", () => {
		for (let at = 0; at < sectorHeaderBytes; at++) {
			if (at === 3) continue;
			for (const change of [0x01, 0x10, 0x80, 0x5a]) {
				const flash = new NorFlash({ blocks: 2, blockLength });
				const queue = new FlashQueue({ flash });
				for (let i = 0; i < 5; i++) queue.push(bytes);
				flash.image[at] = (flash.image[at] ?? 0) ^ change;
				if (at === sectorHeaderBytes - 1 && flash.image[at] === 0xff) continue;
				const again = new FlashQueue({ flash });
				expect(sequences(again)).toEqual([1, 2, 3, 4, 5]);
				expect(again.push(bytes)).toBe(6);
			}
		}
	});

	test.each([
		["the header", 0, sectorHeaderBytes],
		["the sector", 0, blockLength],
		["the partition", 0, 4 * blockLength],
	])("with a second witness, all of %s may be", (_, from, to) => {
		for (const value of [0x00, 0xff, 0x5a]) {
			for (let records = 1; records < 60; records += 7) {
				const flash = new NorFlash({ blocks: 4, blockLength });
				const witness = hints();
				const queue = new FlashQueue({ flash, hints: witness });
				let last = 0;
				for (let i = 0; i < records; i++) last = queue.push(new Uint8Array(8));
				const newest = witness.load()?.block ?? 0;
				const start = to > blockLength ? 0 : newest * blockLength;
				flash.image.fill(value, start + from, start + to);
				for (let mounts = 0; mounts < 3; mounts++) {
					const again = new FlashQueue({ flash, hints: witness });
					expect(again.damagedBytes + again.droppedRecords + again.length).toBeGreaterThan(0);
					const sequence = again.push(bytes);
					expect(sequence).toBeGreaterThan(last);
					expect(sequence).toBeLessThanOrEqual(last + 1 + blockLength / 4);
					last = sequence;
				}
			}
		}
	});

	test("the witness of the readings is in key-value storage, with a write for each sector", () => {
		const keyValue = new MemoryKeyValue();
		const flash = new NorFlash({ blocks: 4, blockLength: 4096 });
		const context = {
			...{ boot: 1, deviceId: "ESP32", location: "", firmwareVersion: "0.1.0" },
			fields: [{ name: "t", unit: "", decimals: 2 }],
		};
		const log = new ReadingLog(flash, new RingHintRecord({ keyValue }));
		let last = 0;
		for (let i = 0; i < 1_000; i++) last = log.append({ time: { utc: 1.79e12 + i }, values: [i] }, context);
		expect(keyValue.writes).toBeLessThanOrEqual(Math.ceil((1_000 * 12) / 4096));
		flash.image.fill(0);
		const again = new ReadingLog(flash, new RingHintRecord({ keyValue }));
		expect(again.append({ time: { utc: 1.8e12 }, values: [1] }, context)).toBeGreaterThan(last);
	});

	test("a witness that cannot be written costs nothing", () => {
		const keyValue = {
			read: () => undefined,
			write: () => {
				throw new Error("worn out");
			},
		};
		const flash = new NorFlash({ blocks: 4, blockLength: 4096 });
		const queue = new FlashQueue({ flash, hints: new RingHintRecord({ keyValue }) });
		expect([queue.push(bytes), queue.push(bytes)]).toEqual([1, 2]);
		expect(sequences(new FlashQueue({ flash, hints: new RingHintRecord({ keyValue }) }))).toEqual([1, 2]);
	});
});
