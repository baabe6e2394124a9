import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Bytes, Flash } from "../../src/boards/ecma419";
import { FlashFailedError } from "../../src/queue/errors";
import { FlashQueue, type RingHint, type RingHintStorage } from "../../src/queue/flash-queue";
import { BrokenPromise } from "./queue-life";
import { below, pick } from "./seeded-random";

export { BrokenPromise };

/** A flash of which reads throw where they fail. */
export function failingFlash(nor: NorFlash, fails: (offset: number) => boolean): Flash {
	return {
		read(bytes, offset) {
			if (fails(offset)) throw new Error("the driver failed to read");
			return nor.read(bytes, offset);
		},
		write: (bytes, offset) => nor.write(bytes, offset),
		eraseBlock: (from, to) => nor.eraseBlock(from, to),
		status: () => nor.status(),
		close() {},
	};
}

/** A driver whose reads throw, from one on, and whose writes and erases are refused at times. */
export class FlakyReads implements Flash {
	reads = 0;
	/** A block was erased twice. */
	isReused = false;
	private readonly erased = new Set<number>();
	/** Programs and erases do nothing, and report nothing. */
	isProtected = false;
	/** It was, when something was written: an acknowledgement may have got lost, and its records be dropped. */
	wasProtected = false;
	/** Writes throw after this share of their bytes; erases throw where that is 0: they need less. */
	refusesAfter: number | undefined;
	failsFrom = Number.POSITIVE_INFINITY;
	failsBefore = Number.POSITIVE_INFINITY;
	private readonly flash: NorFlash;

	constructor(flash: NorFlash) {
		this.flash = flash;
	}

	read(bytes: Bytes, offset: number): number {
		const read = this.reads++;
		if (read >= this.failsFrom && read < this.failsBefore) throw new Error("the driver failed to read");
		return this.flash.read(bytes, offset);
	}

	write(bytes: Bytes, offset: number): void {
		if (this.isProtected) {
			this.wasProtected = true;
			return;
		}
		const written = Math.floor(bytes.length * (this.refusesAfter ?? 1));
		if (written > 0) this.flash.write(bytes.subarray(0, written), offset);
		if (this.refusesAfter !== undefined) throw new Error("the driver refused to write");
	}

	eraseBlock(from: number, to: number): void {
		this.isReused ||= this.erased.has(from);
		this.erased.add(from);
		if (this.isProtected) return;
		if (this.refusesAfter === 0) throw new Error("the driver refused to erase");
		this.flash.eraseBlock(from, to);
	}

	status() {
		return this.flash.status();
	}

	close(): void {}

	/** From now on, or no longer. */
	refuse(random: () => number): void {
		this.refusesAfter = random() < 0.4 ? undefined : pick([0, random(), 1], random);
	}

	fail(from: number, count: number): void {
		this.reads = 0;
		this.failsFrom = from;
		this.failsBefore = from + count;
	}

	recover(): void {
		this.isProtected = false;
		this.refusesAfter = undefined;
		this.failsFrom = Number.POSITIVE_INFINITY;
	}
}

export class MemoryHint implements RingHintStorage {
	hint: RingHint | undefined;

	load(): RingHint | undefined {
		return this.hint;
	}

	save({ block, sectorNumber, firstSequence }: RingHint): void {
		this.hint = { block, sectorNumber, firstSequence };
	}
}

export function mount(
	flash: Flash,
	hints: MemoryHint,
	{ isHinted }: { readonly isHinted: boolean },
): FlashQueue {
	return new FlashQueue({ flash, ...(isHinted && { hints }) });
}

export function read(queue: FlashQueue): number[][] {
	const found: number[][] = [];
	for (const { sequence, bytes } of queue.records()) found.push([sequence, ...bytes]);
	return found;
}

/** Pushes, reads, acknowledgements and mounts, while reads fail, or writes do nothing or throw, for shorter and longer. */
export function live(random: () => number): void {
	const flash = new FlakyReads(
		new NorFlash({
			...{ blocks: pick([2, 3, 5, 8, 16], random), blockLength: pick([128, 256, 512], random) },
			programsOnce: true,
		}),
	);
	const hints = new MemoryHint();
	const ring = { isHinted: random() < 0.5 };
	const pushed = new Map<number, string>();
	let acknowledged = 0;
	let queue = mount(flash, hints, ring);
	const attempt = (work: () => void) => {
		try {
			work();
		} catch (error) {
			if (!(error instanceof FlashFailedError)) throw error;
		}
	};
	for (let i = 0; i < 120; i++) {
		const chance = random();
		if (chance < 0.05) flash.fail(below(60, random), pick([1, 4, 8, 30, 200, 1_000], random));
		else if (chance < 0.07) flash.isProtected = !flash.isProtected;
		else if (chance < 0.1) flash.refuse(random);
		else if (chance < 0.17) queue = mount(flash, hints, ring);
		else if (chance < 0.7)
			attempt(() => {
				const bytes = Uint8Array.from({ length: 1 + below(30, random) }, () => below(256, random));
				pushed.set(queue.push(bytes), String(bytes));
			});
		else
			attempt(() => {
				let last = acknowledged;
				let count = below(20, random);
				const { failedReads } = queue;
				for (const { sequence } of queue.records()) {
					if (queue.failedReads !== failedReads) break;
					last = sequence;
					if (--count <= 0) break;
				}
				// Also if it throws: it may be written.
				acknowledged = Math.max(acknowledged, last);
				queue.acknowledge(last);
			});
	}
	flash.recover();
	queue = mount(flash, hints, ring);
	const found = new Map(read(queue).map(([sequence = 0, ...bytes]) => [sequence, String(bytes)]));
	const gone = [...pushed.keys()].filter((sequence) => sequence > acknowledged && !found.has(sequence));
	// Where no block was erased twice, there was nothing to drop.
	const { droppedRecords } = queue;
	if (gone.length > (flash.isReused ? droppedRecords : 0))
		throw new BrokenPromise(`${gone.length} records are gone, and ${droppedRecords} dropped`);
	if (!flash.isReused && !flash.wasProtected && droppedRecords > 0)
		throw new BrokenPromise(`${droppedRecords} dropped, though no block was used again`);
	for (const [sequence, bytes] of found)
		if ((pushed.get(sequence) ?? bytes) !== bytes)
			throw new BrokenPromise(`record ${sequence} is not what was pushed`);
}
