import { NorFlash } from "../../simulator/hardware/nor-flash";
import { FlashQueue } from "../../src/queue/flash-queue";
import { BrokenPromise } from "./queue-life";
import { below } from "./seeded-random";

export { BrokenPromise };

const blockLength = 256;

/** Sectors closed by torn records, some of them acknowledged; the oldest are erased, none is opened in their place, and the ring is mounted. */
export function live(random: () => number): void {
	const blocks = 3 + below(4, random);
	const flash = new NorFlash({ blocks, blockLength });
	let queue = new FlashQueue({ flash });
	const pushed: number[] = [];
	const writtenEnd = () => flash.image.findLastIndex((byte) => byte !== 0xff) + 1;
	for (let block = 0; block < blocks; block++) {
		// The newest has room for acknowledgements, so that nothing is dropped.
		const end = block * blockLength + 60 + (block < blocks - 1 ? below(150, random) : 0);
		do pushed.push(queue.push(new Uint8Array(10 + below(12, random))));
		while (writtenEnd() < end);
		if (block === blocks - 1 || random() < 0.5) continue;
		// A cut has left some bytes of a record: numbers that they may have had are skipped.
		flash.image.set([12, 1, 2, 3, 4, 5], writtenEnd());
		queue = new FlashQueue({ flash });
	}
	const skipped = queue.lastSequence - pushed.length;
	const acknowledged = pushed[below(pushed.length, random)] ?? 0;
	queue.acknowledge(acknowledged);
	flash.image.fill(0xff, 0, (1 + below(blocks - 1, random)) * blockLength);
	queue = new FlashQueue({ flash });
	const there = new Set(Array.from(queue.records(), ({ sequence }) => sequence));
	const gone = pushed.filter((sequence) => sequence > acknowledged && !there.has(sequence)).length;
	const { droppedRecords } = queue;
	if (droppedRecords < gone || droppedRecords > gone + skipped)
		throw new BrokenPromise(`${gone} records are gone, and ${droppedRecords} dropped`);
}
