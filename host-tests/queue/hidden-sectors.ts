import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Flash } from "../../src/boards/ecma419";
import { FlashFailedError } from "../../src/queue/errors";
import { BrokenPromise, failingFlash, MemoryHint, mount, read } from "./failing-reads";
import { newestSector } from "./queue-life";
import { below, pick } from "./seeded-random";

export { BrokenPromise };

export const blockLength = 256;

export const bytesOf = (value: number) => Uint8Array.of(value, value >> 8, 1, 2, 3, 4);

/** A flash of 256-byte blocks, some of which cannot be read. */
export function withUnread(blocks: number): { nor: NorFlash; flash: Flash; unread: Set<number> } {
	const nor = new NorFlash({ blocks, blockLength, programsOnce: true });
	const unread = new Set<number>();
	const flash = failingFlash(nor, (offset) => unread.has(Math.floor(offset / blockLength)));
	return { nor, flash, unread };
}

/**
 * One life: the blocks after the newest sector are passed over, as they cannot be read for a while; then the sector opened
 * behind them cannot be read in a mount. No number is given twice, and what is gone is counted.
 */
export function live(random: () => number): void {
	const blocks = pick([8, 16], random);
	const isHinted = random() < 0.5;
	const { nor, flash, unread } = withUnread(blocks);
	const hints = new MemoryHint();
	let queue = mount(flash, hints, { isHinted });
	/** By sequence number. */
	const given = new Map<number, number>();
	let pushed = 0;
	let reset = 0;
	const push = (count: number) => {
		for (let i = 0; i < count; i++) {
			pushed++;
			let sequence: number;
			try {
				sequence = queue.push(bytesOf(pushed));
			} catch (error) {
				if (!(error instanceof FlashFailedError)) throw error;
				continue;
			}
			if (given.has(sequence)) throw new BrokenPromise(`number ${sequence} given twice`);
			given.set(sequence, pushed);
		}
	};
	/** Leaves a sector without a record. */
	const empty = () => {
		try {
			queue.reset();
		} catch (error) {
			// Without a sector that can be opened, all is acknowledged in memory only, or by a mark.
			if (!(error instanceof FlashFailedError)) throw error;
		}
		reset = Math.max(reset, queue.lastSequence);
	};
	push(below(blocks * 30, random));
	if (random() < 0.3) {
		empty();
		if (random() < 0.5) empty();
		push(below(blocks * 24, random));
	}
	const before = newestBlock(nor);
	for (let skipped = below(4, random); skipped > 0; skipped--) unread.add((before + skipped) % blocks);
	if (random() < 0.4) queue = mount(flash, hints, { isHinted });
	if (random() < 0.2) empty();
	else push(below(40, random));
	const hidden = newestBlock(nor);
	if (random() < 0.5) unread.clear();
	unread.add(hidden);
	queue = mount(flash, hints, { isHinted });
	push(1 + below(3, random));
	unread.clear();
	queue = mount(flash, hints, { isHinted });
	push(1);
	const found = new Map(
		read(queue).map(([sequence = 0, low = 0, high = 0]) => [sequence, low | (high << 8)]),
	);
	const gone = [...given].filter(
		([sequence, value]) => sequence > reset && found.get(sequence) !== value,
	).length;
	if (gone > queue.droppedRecords)
		throw new BrokenPromise(`${gone} records gone, ${queue.droppedRecords} counted as dropped`);
}

export const newestBlock = (nor: NorFlash) => newestSector(nor)?.block ?? 0;
