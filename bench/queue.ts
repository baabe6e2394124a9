import { type FlashCounts, NorFlash } from "../simulator/hardware/nor-flash";
import type { Flash } from "../src/boards/ecma419";
import { FlashQueue } from "../src/queue/flash-queue";
import { JsonRing } from "./json-ring";

/** Counts for a queue of 96-byte records on 1 MiB, acknowledged in batches of 50. */
export interface QueueFigures {
	readonly programmedBytes: number;
	readonly programs: number;
	readonly erases: number;
	readonly readBytes: number;
	readonly mountBytes: number;
	readonly mountReads: number;
}

interface Queue {
	push(record: Uint8Array): void;
	/** Reads the oldest `count` records, then acknowledges them. */
	drain(count: number): void;
}

const size = { blocks: 256, blockLength: 4096 };
const recordBytes = 96;
const batchRecords = 50;
/** Fills the ring once and more as a warm-up, then counts as many records again. */
const warmUpRecords = 20_000;
const pendingRecords = 5_000;

export function measureFlashQueue(): QueueFigures {
	return measure(
		(flash) => {
			const queue = new FlashQueue({ flash });
			return {
				push: (record) => queue.push(record),
				drain: (count) => {
					let left = count;
					for (const { sequence } of queue.records()) {
						if (--left > 0) continue;
						queue.acknowledge(sequence);
						break;
					}
				},
			};
		},
		// Includes reading the oldest record.
		(flash) => new FlashQueue({ flash }).records().next(),
	);
}

export function measureJsonRing(): QueueFigures {
	return measure(
		(flash) => new JsonRing(flash),
		(flash) => new JsonRing(flash),
	);
}

function measure(open: (flash: Flash) => Queue, mount: (flash: Flash) => unknown): QueueFigures {
	const flash = new NorFlash(size);
	const queue = open(flash);
	steady(queue, warmUpRecords);
	flash.resetCounts();
	steady(queue, warmUpRecords);
	const { programmedBytes, programs, erases, readBytes } = flash.counts;
	for (let i = 0; i < pendingRecords; i++) queue.push(record(i));
	flash.resetCounts();
	mount(flash);
	const mounted: FlashCounts = { ...flash.counts };
	return {
		programmedBytes: programmedBytes / warmUpRecords,
		programs: programs / warmUpRecords,
		erases: (1000 * erases) / warmUpRecords,
		readBytes: readBytes / warmUpRecords,
		mountBytes: mounted.readBytes,
		mountReads: mounted.reads,
	};
}

function steady(queue: Queue, count: number): void {
	for (let i = 1; i <= count; i++) {
		queue.push(record(i));
		if (i % batchRecords === 0) queue.drain(batchRecords);
	}
}

function record(i: number): Uint8Array {
	const bytes = new Uint8Array(recordBytes);
	for (let at = 0; at < recordBytes; at++) bytes[at] = (i * 31 + at * 7) & 0xff;
	return bytes;
}
