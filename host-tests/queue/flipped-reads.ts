import { NorFlash } from "../../simulator/hardware/nor-flash";
import type { Bytes, Flash } from "../../src/boards/ecma419";
import { MemoryHint, mount, read } from "./failing-reads";
import { BrokenPromise } from "./queue-life";
import { below, pick } from "./seeded-random";

export { BrokenPromise };

/** A driver that reads a bit wrong now and then, though its cell is right: never twice in a row. */
export class FlippingReads implements Flash {
	/** The share of reads with a wrong bit. */
	share = 0;
	flips = 0;
	private isRight = false;
	private readonly flash: NorFlash;
	private readonly random: () => number;

	constructor(flash: NorFlash, random: () => number) {
		this.flash = flash;
		this.random = random;
	}

	read(bytes: Bytes, offset: number): number {
		const { random } = this;
		const length = this.flash.read(bytes, offset);
		this.isRight = this.isRight || random() >= this.share || length === 0;
		if (!this.isRight) {
			const at = below(length, random);
			bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8, random));
			this.flips++;
		}
		this.isRight = !this.isRight;
		return length;
	}

	write(bytes: Bytes, offset: number): void {
		this.flash.write(bytes, offset);
	}

	eraseBlock(from: number, to: number): void {
		this.flash.eraseBlock(from, to);
	}

	status() {
		return this.flash.status();
	}

	close(): void {}
}

/** Pushes, reads, acknowledgements and mounts, while bits are read wrong. */
export function live(random: () => number): void {
	const blocks = pick([3, 5, 8], random);
	const flash = new FlippingReads(
		new NorFlash({ blocks, blockLength: pick([128, 256, 512], random), programsOnce: true }),
		random,
	);
	const hints = new MemoryHint();
	const ring = { isHinted: random() < 0.5 };
	const share = pick([0.02, 0.1, 0.3], random);
	const pushed = new Map<number, string>();
	let acknowledged = 0;
	let queue = mount(flash, hints, ring);
	const check = () => {
		const found = new Map(read(queue).map(([sequence = 0, ...bytes]) => [sequence, String(bytes)]));
		const gone = [...pushed.keys()].filter((sequence) => sequence > acknowledged && !found.has(sequence));
		if (gone.length > queue.droppedRecords)
			throw new BrokenPromise(`${gone.length} records are gone, and ${queue.droppedRecords} dropped`);
		for (const [sequence, bytes] of found)
			if (pushed.get(sequence) !== bytes)
				throw new BrokenPromise(`record ${sequence} is not what was pushed`);
	};
	for (let i = 0; i < 150; i++) {
		flash.share = random() < 0.5 ? share : 0;
		const chance = random();
		if (chance < 0.1) {
			queue = mount(flash, hints, ring);
			flash.share = share;
			check();
		} else if (chance < 0.75) {
			const bytes = Uint8Array.from({ length: 1 + below(30, random) }, () => below(256, random));
			flash.share = 0;
			pushed.set(queue.push(bytes), String(bytes));
		} else {
			let count = below(20, random);
			let last = 0;
			for (const { sequence, bytes } of queue.records()) {
				if (pushed.get(sequence) !== String(bytes))
					throw new BrokenPromise(`record ${sequence} is not what was pushed`);
				last = sequence;
				if (--count <= 0) break;
			}
			flash.share = 0;
			queue.acknowledge(last);
			acknowledged = Math.max(acknowledged, last);
		}
	}
	flash.share = 0;
	queue = mount(flash, hints, ring);
	check();
}
