import { FlashFailedError } from "../../src/queue/errors";
import { BrokenPromise, MemoryHint, mount, read } from "./failing-reads";
import { blockLength, bytesOf, newestBlock, withUnread } from "./hidden-sectors";
import { below } from "./seeded-random";

export { BrokenPromise };

/**
 * One life: a cut leaves a part of a sector's header, whose numbers are skipped; then some block cannot be read. What can be
 * read counts as pending, so that it is sent, and what is gone is counted.
 */
export function live(random: () => number): void {
	const blocks = 3 + below(6, random);
	const { nor, flash, unread } = withUnread(blocks);
	const ring = { isHinted: random() < 0.5 };
	const hints = new MemoryHint();
	let queue = mount(flash, hints, ring);
	let pushed = 0;
	const push = (count: number) => {
		for (let i = 0; i < count; i++) {
			try {
				queue.push(bytesOf(pushed));
				pushed++;
			} catch (error) {
				if (!(error instanceof FlashFailedError)) throw error;
			}
			const there = read(queue).length;
			if (queue.length < there) throw new BrokenPromise(`${queue.length} pending, but ${there} can be read`);
		}
	};
	push(1 + below((blocks - 1) * 20, random));
	const torn = newestBlock(nor) + 1;
	nor.image.fill(0, torn * blockLength, torn * blockLength + 100);
	queue = mount(flash, hints, ring);
	push(below(3, random));
	unread.add(below(blocks, random));
	push(below(blocks * 40, random));
	unread.clear();
	push(1);
	queue = mount(flash, hints, ring);
	const gone = pushed - read(queue).length;
	if (queue.droppedRecords !== gone)
		throw new BrokenPromise(`${gone} records gone, ${queue.droppedRecords} counted as dropped`);
}
