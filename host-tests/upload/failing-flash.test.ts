import { describe, expect, test } from "vitest";
import type { Wear } from "../../simulator/hardware/nor-flash";
import { thisBoot, UploaderFixture } from "./uploader-fixture";

/** A flash that fails, or has too weak a supply for a while, costs no point, and has none stored twice. */

const hour = 3_600_000;
const wears: readonly Wear[] = [
	...(["erase throws", "program throws", "read throws"] as const),
	...(["erase does nothing", "program does nothing"] as const),
];
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

type Read = UploaderFixture["queueFlash"]["read"];

/** `replacement` makes the new one of the one before. */
function replaceRead(flash: UploaderFixture["queueFlash"], replacement: (read: Read) => Read): void {
	flash.read = replacement(flash.read.bind(flash));
}

function wearOut(flash: UploaderFixture["queueFlash"], wear: Wear | undefined): void {
	for (let block = 0; block < flash.status().blocks; block++) flash.wearOut(block, wear);
}

describe.each(wears)("a quarantine in which each %s", (wear) => {
	test.each([400, 404, 422])("keeps a point refused with %i in the ring, until it works", async (status) => {
		const fixture = new UploaderFixture({
			service: ({ sequences }) => ({ status: sequences.includes(5) ? status : 201 }),
		});
		// A blank block needs no erase.
		fixture.quarantineFlash.image.fill(0);
		await fixture.restart();
		wearOut(fixture.quarantineFlash, wear);
		fixture.measure(20);
		await fixture.pass(12, hour);
		expect(fixture.pending).toContain(5);
		await fixture.restart();
		await fixture.pass(12, hour);
		expect(fixture.pending).toContain(5);
		expect([...fixture.copies.values()]).toEqual(Array(fixture.copies.size).fill(1));
		expect(range(1, 43).filter((sequence) => !fixture.copies.has(sequence))).toEqual([5]);
		wearOut(fixture.quarantineFlash, undefined);
		await fixture.pass(10, hour);
		await fixture.pass(2);
		expect(fixture.quarantined).toEqual([5]);
		expect(fixture.pending).toEqual([]);
	});
});

describe.each(wears)("a quarantine in use, in which from now on each %s", (wear) => {
	test.each([0, 1, 2, 3, 4, 5])("loses no point uncounted (%i)", async (kept) => {
		const fixture = new UploaderFixture({
			service: ({ sequences }) => ({ status: sequences.some((each) => each % 3 === 0) ? 400 : 201 }),
			quarantineBlocks: 2 + (kept % 3),
		});
		fixture.measure(6 + 40 * kept);
		fixture.uploader.start();
		await fixture.pass(300 * kept + 2, hour);
		wearOut(fixture.quarantineFlash, wear);
		for (let starts = 0; starts < 4; starts++) {
			fixture.measure(6);
			await fixture.pass(13, hour);
			await fixture.restart();
		}
		wearOut(fixture.quarantineFlash, undefined);
		await fixture.restart();
		const there = new Set([...fixture.copies.keys(), ...fixture.pending, ...fixture.quarantined]);
		const newest = fixture.readings.newestSequence ?? 0;
		const gone = range(1, newest).filter((sequence) => !there.has(sequence));
		expect(gone.length).toBeLessThanOrEqual(fixture.quarantine.droppedPoints);
		expect(fixture.quarantined.length).toBe(fixture.quarantine.length);
	});
});

test("a point that the quarantine does not take is sent once the service takes it", async () => {
	let refuses = true;
	const fixture = new UploaderFixture({
		service: ({ sequences }) => ({ status: refuses && sequences.includes(5) ? 400 : 201 }),
	});
	wearOut(fixture.quarantineFlash, "program throws");
	fixture.measure(20);
	fixture.uploader.start();
	await fixture.pass(3, hour);
	refuses = false;
	await fixture.pass(3, hour);
	await fixture.pass(1);
	expect(fixture.pending).toEqual([]);
	expect([...fixture.copies.values()]).toEqual(Array(26).fill(1));
});

describe.each(["program throws", "program does nothing"] as const)(
	"a ring of readings in which each %s",
	(wear) => {
		test("has no point sent again, also not after a restart", async () => {
			const fixture = new UploaderFixture();
			fixture.measure(20);
			wearOut(fixture.queueFlash, wear);
			fixture.uploader.start();
			await fixture.pass(24);
			await fixture.restart();
			await fixture.pass(24);
			expect(fixture.copies.size).toBe(20);
			expect([...fixture.copies.values()]).toEqual(Array(20).fill(1));
			wearOut(fixture.queueFlash, undefined);
			await fixture.pass(1);
			expect(fixture.pending).toEqual([]);
			fixture.measure(3);
			await fixture.pass(1);
			expect(fixture.pending).toEqual([]);
			expect([...fixture.copies.values()]).toEqual(Array(23).fill(1));
		});
	},
);

test("a ring that takes acknowledgements, and does not move, is asked once for each", async () => {
	const fixture = new UploaderFixture();
	fixture.measure(20);
	const { readings } = fixture;
	const acknowledged: number[] = [];
	readings.acknowledge = (upTo) => {
		acknowledged.push(upTo);
		// A loop without an end would not fail the test, but hang it.
		if (acknowledged.length > 1_000) throw new Error("acknowledged again and again");
	};
	fixture.uploader.start();
	await fixture.pass(6, hour);
	await fixture.pass(1);
	expect(fixture.pending).toEqual(range(1, 26));
	// As often as something is sent, or due.
	expect(acknowledged.length).toBeLessThan(1_000);
	expect([...fixture.copies.values()]).toEqual(Array(26).fill(1));
});

describe.each([1, 3, 12])("a ring whose reads fail for %i h", (hours) => {
	test.each(["while it runs", "while it starts"])(
		"loses no point, and sends none twice (%s)",
		async (when) => {
			const fixture = new UploaderFixture();
			fixture.measure(1_500);
			fixture.service = () => ({ status: 503, isStored: false });
			fixture.uploader.start();
			await fixture.pass(2);
			wearOut(fixture.queueFlash, "read throws");
			if (when === "while it starts") await fixture.restart();
			fixture.service = () => ({ status: 201 });
			await fixture.pass(hours);
			wearOut(fixture.queueFlash, undefined);
			fixture.measure(3);
			await fixture.pass(6);
			expect(range(1, 1_500).filter((sequence) => !fixture.copies.has(sequence))).toEqual([]);
			expect(fixture.copies.size).toBe(1_503);
			expect([...fixture.copies.values()]).toEqual(Array(1_503).fill(1));
			expect(fixture.readings.droppedReadings).toBe(0);
		},
	);
});

test.each([1, 5, 20, 200])("%i failing reads in the middle of an upload cost no point", async (count) => {
	for (let from = 0; from < 300; from += 23) {
		const fixture = new UploaderFixture();
		fixture.measure(1_500);
		let reads = 0;
		replaceRead(fixture.queueFlash, (read) => (bytes, offset) => {
			const at = reads++;
			if (at >= from && at < from + 4 * count) throw new Error("the driver failed to read");
			return read(bytes, offset);
		});
		fixture.uploader.start();
		await fixture.pass(12);
		const stored = [...fixture.copies.keys()];
		const there = new Set([...stored, ...fixture.pending]);
		expect([from, range(1, 1_500).filter((sequence) => !there.has(sequence))]).toEqual([from, []]);
		expect([from, fixture.copies.size]).toEqual([from, 1_500]);
	}
});

describe("while a block cannot be read", () => {
	test.each([0, 64])(
		"points of later boots are sent, also of one that never learned the time (%i did before)",
		async (anchors) => {
			const fixture = new UploaderFixture({ anchors });
			fixture.measure(800);
			fixture.measureWithoutTime(thisBoot - 1, 10);
			fixture.measure(10);
			fixture.queueFlash.wearOut(0, "read throws");
			await fixture.restart();
			await fixture.pass(1);
			expect(range(801, 820).filter((sequence) => fixture.copies.get(sequence) !== 1)).toEqual([]);
			expect(fixture.copies.has(1)).toBe(false);
			fixture.queueFlash.wearOut(0, undefined);
			await fixture.pass(1);
			expect(fixture.pending).toEqual([]);
			expect([...fixture.copies.values()]).toEqual(Array(820).fill(1));
		},
	);

	test("sending goes on at the first point that can be read and is not stored yet", async () => {
		const fixture = new UploaderFixture();
		fixture.measureWithoutTime(1, 800);
		expect(fixture.uploader.sendingPosition).toMatchObject({ oldestBoot: 1, nextBoot: 1 });
		fixture.queueFlash.wearOut(0, "read throws");
		fixture.measure(10);
		fixture.uploader.start();
		await fixture.pass(1);
		expect(fixture.copies.has(1)).toBe(false);
		const nothing = { nextBoot: Number.POSITIVE_INFINITY, nextTime: undefined };
		expect(fixture.uploader.sendingPosition).toMatchObject(nothing);
		fixture.measure(1);
		expect(fixture.uploader.sendingPosition).toMatchObject({ nextBoot: thisBoot });
		fixture.queueFlash.wearOut(0, undefined);
		expect(fixture.uploader.sendingPosition).toMatchObject({ oldestBoot: 1, nextBoot: 1 });
	});
});

describe.each([20, 60, 300])("reads of one block that fail for %i ms in an upload", (failedMs) => {
	test.each([
		[0, 0],
		[1, 25],
		[2, 0],
		[2, 40],
		[3, 60],
	])("lose no point (block %i, %i ms after its begin)", async (block, delayMs) => {
		const fixture = new UploaderFixture();
		fixture.measure(3_000);
		const { queueFlash, time } = fixture;
		const from = 30_000 + delayMs;
		replaceRead(queueFlash, (read) => (bytes, offset) => {
			const isFailing = time.ticks() >= from && time.ticks() < from + failedMs;
			if (isFailing && Math.floor(offset / 4096) === block) throw new Error("the driver failed to read");
			return read(bytes, offset);
		});
		fixture.uploader.start();
		await fixture.pass(3);
		await fixture.restart();
		await fixture.pass(3);
		expect(range(1, 3_000).filter((sequence) => !fixture.copies.has(sequence))).toEqual([]);
		expect(fixture.pending).toEqual([]);
		expect(fixture.readings.droppedReadings).toBe(0);
	});
});

test("a block that cannot be read any more keeps no other point, and is counted when it is overwritten", async () => {
	const fixture = new UploaderFixture({ queueBlocks: 4 });
	fixture.measure(1_500);
	fixture.queueFlash.wearOut(1, "read throws");
	fixture.uploader.start();
	await fixture.pass(1);
	const kept = range(1, 1_500).filter((sequence) => !fixture.copies.has(sequence));
	expect(kept.length).toBeGreaterThan(500);
	expect(fixture.readings.length).toBeGreaterThanOrEqual(kept.length);
	expect(fixture.logLines.join()).toContain(`points ${kept[0]} to ${kept.at(-1)} cannot be read from flash`);
	await fixture.restart();
	for (let hours = 0; hours < 6; hours++) {
		fixture.measure(500);
		await fixture.pass(1);
	}
	expect(range(1, 4_500).filter((sequence) => !fixture.copies.has(sequence))).toEqual(kept);
	expect(fixture.readings.droppedReadings).toBeGreaterThanOrEqual(kept.length);
	expect([...fixture.copies.values()]).toEqual(Array(fixture.copies.size).fill(1));
});

test.each([...Array(24).keys()])(
	"a bit read wrong once, by read %i of an upload, costs no point",
	async (nth) => {
		for (const bit of [0, 7]) {
			const fixture = new UploaderFixture();
			fixture.measure(1_500);
			let reads = 0;
			replaceRead(fixture.queueFlash, (read) => (bytes, offset) => {
				const length = read(bytes, offset);
				const at = Math.floor((length * (1 + 3 * (nth % 2))) / 6);
				if (reads++ === nth) bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
				return length;
			});
			fixture.uploader.start();
			await fixture.pass(1);
			expect([...fixture.copies.values()]).toEqual(Array(1_500).fill(1));
			expect(fixture.requests.length).toBe(2);
			expect(fixture.readings.damagedBytes).toBe(0);
		}
	},
);

describe.each([
	["measured", 0, "longer"],
	["sent", 1, "too early"],
])("a batch with a point that is missing when it is %s", (_, missedPass, words) => {
	test("is not sent as if whole, and sent again", async () => {
		const fixture = new UploaderFixture();
		fixture.measure(100);
		const { readings } = fixture;
		const pending = readings.pending.bind(readings);
		let passes = 0;
		readings.pending = function* (from) {
			const pass = passes++;
			for (const reading of pending(from)) if (pass !== missedPass || reading.sequence !== 50) yield reading;
		};
		fixture.uploader.start();
		await fixture.pass(1);
		expect(fixture.logLines[0]).toContain(words);
		expect([...fixture.copies.keys()]).toEqual(range(1, 100));
		expect([...fixture.copies.values()]).toEqual(Array(100).fill(1));
		expect(fixture.pending).toEqual([]);
	});
});
