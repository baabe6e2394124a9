import { describe, expect, test } from "vitest";
import type { Wear } from "../../simulator/hardware/nor-flash";
import { UploaderFixture } from "./uploader-fixture";

/** A flash that fails, or has too weak a supply for a while, costs no point, and has none stored twice. */

const hour = 3_600_000;
const wears: readonly Wear[] = [
	...(["erase throws", "program throws", "read throws"] as const),
	...(["erase does nothing", "program does nothing"] as const),
];
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

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
