import { describe, expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { FlashQueue } from "../../src/queue/flash-queue";
import { FlakyReads, failingFlash, live, MemoryHint, mount, read } from "./failing-reads";
import { bytesOf, withUnread } from "./hidden-sectors";
import { failedLives } from "./random-lives";

/** Reads that fail for a while cost nothing: a flash that cannot be read is no blank flash. */

interface Ring {
	readonly blocks: number;
	readonly blockLength: number;
	readonly pushes: number;
	readonly acknowledged: number;
	readonly isHinted: boolean;
}

const rings: readonly Ring[] = [false, true].flatMap((isHinted) => [
	{ blocks: 8, blockLength: 256, pushes: 3, acknowledged: 0, isHinted },
	{ blocks: 8, blockLength: 256, pushes: 60, acknowledged: 7, isHinted },
	{ blocks: 8, blockLength: 256, pushes: 163, acknowledged: 120, isHinted },
	{ blocks: 3, blockLength: 512, pushes: 160, acknowledged: 140, isHinted },
]);
const counts = [4, 5, 8, 20, 100, Number.POSITIVE_INFINITY];

describe.each(rings)("a ring of $blocks × $blockLength, $pushes pushed (hinted: $isHinted)", (ring) => {
	const { blocks, blockLength, pushes, acknowledged } = ring;
	const filled = new NorFlash({ blocks, blockLength });
	const filledHint = new MemoryHint();
	const queue = mount(filled, filledHint, ring);
	for (let i = 1; i <= pushes; i++) {
		expect(queue.push(bytesOf(i))).toBe(i);
		if (i === acknowledged) queue.acknowledge(i);
	}
	const dropped = queue.droppedRecords;
	const all = Array.from({ length: pushes - acknowledged }, (_, index) => {
		const sequence = acknowledged + 1 + index;
		return [sequence, ...bytesOf(sequence)];
	});

	/** A mount of a copy during which reads fail, from each one on, for a while. */
	function* troubled(): Generator<{ flash: FlakyReads; hints: MemoryHint; queue: FlashQueue; name: string }> {
		const probe = new FlakyReads(copy());
		mount(probe, copyHint(), ring);
		for (let from = 0; from < probe.reads; from++)
			for (const count of counts) {
				const flash = new FlakyReads(copy());
				const hints = copyHint();
				flash.fail(from, count);
				yield { flash, hints, queue: mount(flash, hints, ring), name: `${count} reads from ${from} on` };
			}
	}

	function copy(): NorFlash {
		return new NorFlash({ blocks, blockLength, programsOnce: true, image: filled.image.slice() });
	}

	function copyHint(): MemoryHint {
		return Object.assign(new MemoryHint(), filledHint);
	}

	test("has every record once reads work again", () => {
		for (const { flash, queue, name } of troubled()) {
			flash.recover();
			expect(read(queue), name).toEqual(all);
			expect(queue.length, name).toBe(all.length);
			expect(queue.droppedRecords, name).toBe(dropped);
		}
	});

	test("takes records then, after those that it has", () => {
		for (const { flash, hints, queue, name } of troubled()) {
			flash.recover();
			const added = queue.push(bytesOf(999));
			expect(added, name).toBe(pushes + 1);
			for (const each of [queue, mount(flash, hints, ring)])
				expect(read(each), name).toEqual([...all, [added, ...bytesOf(999)]]);
		}
	});

	test("loses none by what is pushed and acknowledged meanwhile, and erases none", () => {
		for (const { flash, hints, queue, name } of troubled()) {
			const added: number[] = [];
			for (let i = 0; i < 3; i++) {
				try {
					added.push(queue.push(bytesOf(700)));
				} catch {
					// A push that throws has stored nothing.
				}
			}
			let upTo = 0;
			for (const { sequence } of queue.records()) {
				upTo = sequence;
				break;
			}
			try {
				queue.acknowledge(upTo);
			} catch {
				// It stays pending.
			}
			flash.recover();
			for (const each of [queue, mount(flash, hints, ring)]) {
				const found = new Map(read(each).map(([sequence = 0, ...bytes]) => [sequence, bytes]));
				for (const [sequence = 0, ...bytes] of all)
					if (sequence > upTo) expect(found.get(sequence), `${name}: ${sequence}`).toEqual(bytes);
				for (const sequence of added)
					expect(found.get(sequence), `${name}: ${sequence}`).toEqual([...bytesOf(700)]);
				expect(each.droppedRecords, name).toBe(dropped);
			}
		}
	});
});

test("an oldest sector that a mount could not read is not counted as dropped", () => {
	const nor = new NorFlash({ blocks: 4, blockLength: 256 });
	const hints = new MemoryHint();
	const filling = mount(nor, hints, { isHinted: true });
	while (filling.length < 40) filling.push(bytesOf(filling.length));
	let isFailing = true;
	const flash = failingFlash(nor, (offset) => isFailing && offset < 256);
	const queue = mount(flash, hints, { isHinted: true });
	expect(queue.droppedRecords).toBe(0);
	expect(queue.length).toBe(filling.length);
	isFailing = false;
	expect(read(queue)).toEqual(read(filling));
	expect(queue.push(bytesOf(0))).toBe(filling.lastSequence + 1);
	expect(mount(nor, hints, { isHinted: true }).droppedRecords).toBe(0);
});

test.each([false, true])(
	"the newest sector is kept, whenever its reads work again (hinted: %s)",
	(isHinted) => {
		const filled = new NorFlash({ blocks: 8, blockLength: 256 });
		const filling = mount(filled, new MemoryHint(), { isHinted: false });
		for (let i = 1; i <= 70; i++) filling.push(bytesOf(i));
		const newest = Math.floor(filled.image.findLastIndex((byte) => byte !== 0xff) / 256);
		for (let failures = 0; failures < 120; failures++) {
			const nor = new NorFlash({ blocks: 8, blockLength: 256, image: filled.image.slice() });
			let left = failures;
			const flash = failingFlash(nor, (offset) => Math.floor(offset / 256) === newest && left-- > 0);
			const queue = mount(flash, new MemoryHint(), { isHinted });
			try {
				queue.push(bytesOf(700));
			} catch {
				// A push that throws has stored nothing.
			}
			const found = read(mount(nor, new MemoryHint(), { isHinted }));
			expect([failures, found.slice(0, 70)]).toEqual([failures, read(filling)]);
		}
	},
);

/** Opens sectors without a record behind what is full of marks, or reset. */
const openings: Record<string, (queue: FlashQueue, isOpened: () => boolean) => void> = {
	"a reset": (queue) => queue.reset(),
	"an acknowledgement": (queue, isOpened) => {
		const oldest = queue.oldestSequence ?? 0;
		while (queue.newestSectorUsage.bytes < 207) queue.push(bytesOf(0));
		for (let upTo = oldest; !isOpened() && upTo < queue.lastSequence; upTo++) queue.acknowledge(upTo);
	},
};

test.each(
	Object.keys(openings).flatMap((how) =>
		[false, true].flatMap((isHinted) => [0, 1, 2].map((skipped) => ({ how, isHinted, skipped }))),
	),
)(
	"a sector that $how opened is not hidden (hinted: $isHinted, behind $skipped)",
	({ how, isHinted, skipped }) => {
		const { nor, flash, unread } = withUnread(8);
		const hints = new MemoryHint();
		const filling = mount(flash, hints, { isHinted });
		for (let i = 1; i <= 25; i++) filling.push(bytesOf(i));
		const target = 2 + skipped;
		for (let block = 2; block < target; block++) unread.add(block);
		const isOpened = () => nor.image[target * 256] !== 0xff;
		openings[how]?.(filling, isOpened);
		expect(isOpened()).toBe(true);
		unread.clear();
		unread.add(target);
		const added = mount(flash, hints, { isHinted }).push(bytesOf(700));
		expect(added).toBeGreaterThan(filling.lastSequence);
		unread.clear();
		const queue = mount(flash, hints, { isHinted });
		expect(read(queue).at(-1)).toEqual([added, ...bytesOf(700)]);
		expect(queue.push(bytesOf(701))).toBe(added + 1);
	},
);

test.each([
	[false, 3],
	[false, 5],
	[true, 3],
	[true, 5],
])(
	"the next sector is opened after a newer one that cannot be read, behind blocks that can (hinted: %s, block %i)",
	(isHinted, target) => {
		const { nor, flash, unread } = withUnread(8);
		const hints = new MemoryHint();
		const filling = mount(flash, hints, { isHinted });
		const pushTo = (block: number) => {
			while (nor.image[block * 256] === 0xff) filling.push(bytesOf(filling.lastSequence + 1));
		};
		pushTo(1);
		// These are passed over.
		for (let block = 2; block < target; block++) unread.add(block);
		pushTo(target);
		const all = read(filling);
		unread.clear();
		unread.add(target);
		const pushing = mount(flash, hints, { isHinted });
		const added = pushing.push(bytesOf(700));
		expect(added).toBeGreaterThan(filling.lastSequence);
		unread.clear();
		for (const queue of [pushing, mount(flash, hints, { isHinted })]) {
			expect(read(queue)).toEqual([...all, [added, ...bytesOf(700)]]);
			expect(queue.droppedRecords).toBe(0);
		}
		expect(pushing.push(bytesOf(701))).toBe(added + 1);
	},
);

test.each([
	[8, false],
	[8, true],
	[16, false],
	[16, true],
])(
	"a block that cannot be read any more costs numbers once a round, however often it is mounted (%i blocks, hinted: %s)",
	(blocks, isHinted) => {
		const { flash, unread } = withUnread(blocks);
		const hints = new MemoryHint();
		let queue = mount(flash, hints, { isHinted });
		for (let i = 0; i < 500; i++) queue.push(bytesOf(i));
		unread.add(1);
		for (let i = 0; i < 1_000; i++) {
			queue = mount(flash, hints, { isHinted });
			queue.push(bytesOf(i));
		}
		const perSector = 20;
		const rounds = Math.ceil(1_000 / (blocks - 1) / perSector);
		// Of 64 numbers each; the first time it may have had a newer sector.
		expect(queue.lastSequence - 1_500).toBeLessThanOrEqual(64 * (rounds + 6));
		expect(read(queue).length).toBeGreaterThanOrEqual((blocks - 4) * perSector);
	},
);

test.each([3, 4, 5])("a ring of %i blocks of which one cannot be read any more stores on", (blocks) => {
	const { flash, unread } = withUnread(blocks);
	let queue = mount(flash, new MemoryHint(), { isHinted: false });
	for (let i = 0; i < 200; i++) queue.push(bytesOf(i));
	unread.add(1);
	for (let i = 0; i < 300; i++) {
		if (i % 7 === 0) queue = mount(flash, new MemoryHint(), { isHinted: false });
		const sequence = queue.push(bytesOf(i));
		expect(read(queue).at(-1)).toEqual([sequence, ...bytesOf(i)]);
	}
});

test.each([3, 4, 5, 6, 8])(
	"readings after unused numbers are pending, so that they are sent, or counted, while another block cannot be read (%i blocks)",
	(blocks) => {
		const { nor, flash, unread } = withUnread(blocks);
		const hints = new MemoryHint();
		let queue = mount(flash, hints, { isHinted: false });
		for (let i = 0; i < 3; i++) queue.push(bytesOf(i));
		// A torn sector, whose numbers are skipped.
		nor.image.fill(0, 256, 356);
		queue = mount(flash, hints, { isHinted: false });
		queue.push(bytesOf(3));
		unread.add(2);
		for (let i = 4; i < 100; i++) {
			queue.push(bytesOf(i));
			expect(queue.length).toBeGreaterThanOrEqual(read(queue).length);
		}
		for (let i = 100; i < 400; i++) queue.push(bytesOf(i));
		expect(queue.droppedRecords + read(queue).length).toBe(400);
	},
);

test("random lives: what is pushed is there, or counted as dropped, whenever reads fail", () => {
	expect(failedLives({ short: 300, long: 20_000 }, live)).toEqual([]);
});
