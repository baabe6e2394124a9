import { describe, expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { FlashFailedError } from "../../src/queue/errors";
import { parseSectorHeader, sectorHeaderBytes } from "../../src/queue/flash-format";
import { FlashQueue } from "../../src/queue/flash-queue";
import { pick, randomFrom } from "./seeded-random";

/** What attempts to open a sector leave on flash when they fail: a blank block, an old header, or the new one. */

const blockLength = 256;

/** A driver whose operations throw as `failure` says: after they took effect, without effect, or not at all. */
function failing(
	flash: NorFlash,
	failure: (kind: "write" | "erase") => "after" | "before" | undefined,
): Flash {
	function run(kind: "write" | "erase", operation: () => void): void {
		const fails = failure(kind);
		if (fails !== "before") operation();
		if (fails !== undefined) throw new Error(`failed to ${kind}`);
	}
	return {
		read: (buffer, byteOffset) => flash.read(buffer, byteOffset),
		write: (buffer, byteOffset) => run("write", () => flash.write(buffer, byteOffset)),
		eraseBlock: (start, end) => run("erase", () => flash.eraseBlock(start, end)),
		status: () => flash.status(),
		close() {},
	};
}

describe("an acknowledgement that needs a sector, whose header fails to be written and is there", () => {
	// The acknowledgement takes 8 bytes, the next record 4 or more.
	test.each([4, 5, 6, 7])("with %i bytes left in the newest", (left) => {
		const flash = new NorFlash({ blocks: 3, blockLength });
		let fails = false;
		const driver = failing(flash, (kind) => (fails && kind === "write" ? "after" : undefined));
		const queue = new FlashQueue({ flash: driver });
		while (flash.image[2 * blockLength] === 0xff) queue.push(new Uint8Array(20));
		// All of the first sector: no space is reserved for acknowledgements of its records any more.
		const second = parseSectorHeader(flash.image.subarray(blockLength), 1)?.firstSequence ?? 0;
		queue.acknowledge(second - 1);
		const spaceLeft = () => blockLength - sectorHeaderBytes - queue.newestSectorUsage.bytes;
		while (spaceLeft() > left + 24 + 4) queue.push(new Uint8Array(20));
		queue.push(new Uint8Array(spaceLeft() - left - 4));
		expect(spaceLeft()).toBe(left);
		fails = true;
		queue.acknowledge(second);
		fails = false;
		const last = queue.push(new Uint8Array(left - 4).fill(7));
		const again = new FlashQueue({ flash });
		const there = [...again.records()].map(({ sequence }) => sequence);
		expect(there.at(-1)).toBe(last);
		expect(there[0]).toBeOneOf([second, second + 1]);
		expect(again.push(new Uint8Array(1))).toBeGreaterThan(last);
	});
});

describe("the newest sector is found after failed attempts to open others", () => {
	/** Random pushes, all acknowledged, with a driver that fails at times; then each sector on flash as a hint. */
	function live(random: () => number): void {
		const blocks = pick([8, 12, 13, 16], random);
		const flash = new NorFlash({ blocks, blockLength });
		let share = 0;
		const driver = failing(flash, () =>
			random() < share ? pick(["before", "after"] as const, random) : undefined,
		);
		let queue = new FlashQueue({ flash: driver });
		for (let i = 0; i < 40; i++) {
			if (random() < 0.1) queue = new FlashQueue({ flash: driver });
			share = pick([0, 0.7, 0.9], random);
			try {
				queue.acknowledge(queue.push(new Uint8Array(60)));
			} catch (error) {
				expect(error).toBeInstanceOf(FlashFailedError);
			}
			if (share > 0) check(flash);
		}
	}

	function headerAt({ image }: NorFlash, block: number) {
		return parseSectorHeader(image.subarray(block * blockLength), block);
	}

	function check(flash: NorFlash): void {
		const { blocks } = flash.status();
		const headers = Array.from({ length: blocks }, (_, block) => headerAt(flash, block));
		const highest = Math.max(...headers.map((header) => header?.sectorNumber ?? 0));
		for (const hint of [undefined, ...headers]) {
			let written = 0;
			const onChange = (byteOffset: number) => {
				written = Math.floor(byteOffset / blockLength);
			};
			const copy = new NorFlash({ blocks, blockLength, image: flash.image.slice(), onChange });
			const queue = new FlashQueue({ flash: copy, hints: { load: () => hint, save: () => {} } });
			queue.push(new Uint8Array(queue.maxRecordBytes));
			const found = headerAt(copy, written)?.sectorNumber ?? 0;
			if (found < highest) throw new Error(`${found} after ${highest}, hint ${JSON.stringify(hint)}`);
		}
	}

	test("with each sector there is as the hint, and without one", () => {
		for (let seed = 1; seed <= 60; seed++) {
			try {
				live(randomFrom(seed));
			} catch (error) {
				throw new Error(`seed ${seed}`, { cause: error });
			}
		}
	});
});
