import { type FlashCounts, NorFlash } from "../simulator/flash";
import type { Flash } from "../src/boards/ecma419";
import { FlashQueue } from "../src/queue/flash-queue";
import { JsonRing } from "./json-ring";

/** Counts of one queue at the work of anchors' table: 96-byte records on 1 MiB, each batch of 50 acknowledged. */
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
	/** Reads the oldest `count`, then acknowledges them. */
	drain(count: number): void;
}

const size = { blocks: 256, blockLength: 4096 };
const recordLength = 96;
const batch = 50;
/** Once around the ring and more, so that it is worn in, and then as many again that count. */
const records = 20_000;
const waiting = 5_000;

export function measureOurs(): QueueFigures {
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
		// The oldest is not only known but read.
		(flash) => new FlashQueue({ flash }).records().next(),
	);
}

export function measureJson(): QueueFigures {
	return measure(
		(flash) => new JsonRing(flash),
		(flash) => new JsonRing(flash),
	);
}

function measure(open: (flash: Flash) => Queue, mount: (flash: Flash) => unknown): QueueFigures {
	const flash = new NorFlash(size);
	const queue = open(flash);
	steady(queue, records);
	flash.resetCounts();
	steady(queue, records);
	const { programmedBytes, programs, erases, readBytes } = flash.counts;
	for (let i = 0; i < waiting; i++) queue.push(record(i));
	flash.resetCounts();
	mount(flash);
	const mounted: FlashCounts = { ...flash.counts };
	return {
		programmedBytes: programmedBytes / records,
		programs: programs / records,
		erases: (1000 * erases) / records,
		readBytes: readBytes / records,
		mountBytes: mounted.readBytes,
		mountReads: mounted.reads,
	};
}

function steady(queue: Queue, count: number): void {
	for (let i = 1; i <= count; i++) {
		queue.push(record(i));
		if (i % batch === 0) queue.drain(batch);
	}
}

function record(i: number): Uint8Array {
	const bytes = new Uint8Array(recordLength);
	for (let at = 0; at < recordLength; at++) bytes[at] = (i * 31 + at * 7) & 0xff;
	return bytes;
}
