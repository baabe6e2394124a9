import { expect, test } from "vitest";
import { NorFlash } from "../../simulator/hardware/nor-flash";
import { FlashQueue } from "../../src/queue/flash-queue";
import { earlierBlockLength, earlierImage, earlierPending, earlierRecord } from "./earlier-ring";

const blockLength = earlierBlockLength;
const image = earlierImage();
const blocks = image.length / blockLength;

test("a ring of an earlier firmware is read: records, acknowledged ones, dropped ones", () => {
	const queue = new FlashQueue({ flash: new NorFlash({ blocks, blockLength, image: image.slice() }) });
	const { first, last, dropped } = earlierPending;
	expect([queue.oldestSequence, queue.lastSequence]).toEqual([first, last]);
	expect([queue.droppedRecords, queue.damagedBytes]).toEqual([dropped, 0]);
	const records = Array.from(queue.records(), ({ sequence, bytes }) => [sequence, bytes.slice()]);
	const expected = Array.from({ length: last - first + 1 }, (_, at) => [
		first + at,
		earlierRecord(first + at - 1),
	]);
	expect(records).toEqual(expected);
	expect(queue.push(earlierRecord(last))).toBe(last + 1);
});

test("the same records, acknowledged at the same place, are the same bytes today", () => {
	const flash = new NorFlash({ blocks, blockLength });
	const queue = new FlashQueue({ flash });
	for (let index = 0; index < earlierPending.last; index++) {
		queue.push(earlierRecord(index));
		if (index === 20) queue.acknowledge(earlierPending.first - 1);
	}
	expect(Buffer.from(flash.image).toString("hex")).toBe(Buffer.from(image).toString("hex"));
});
