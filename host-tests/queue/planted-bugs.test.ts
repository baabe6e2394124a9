import { expect, test, vi } from "vitest";
import type { RingHint } from "../../src/queue/flash-queue";
import type { SectorFlash } from "../../src/queue/sector-flash";
import { BrokenPromise, QueueLife } from "./queue-life";
import { randomFrom } from "./seeded-random";

/** A queue that takes whatever sector is where the hint says for the newest. */
vi.mock("../../src/queue/sector-search", async (importOriginal) => {
	const original = await importOriginal<typeof import("../../src/queue/sector-search")>();
	return {
		...original,
		findNewestSector(sectors: SectorFlash, hint: RingHint | undefined) {
			const head = hint && hint.block < sectors.blocks ? sectors.readBlockHeader(hint.block) : "blank";
			return typeof head === "object" ? head : original.findNewestSector(sectors, hint);
		},
	};
});

test("random lives see a queue that trusts an old or wrong hint", () => {
	let isSeen = false;
	for (let seed = 1; seed <= 200 && !isSeen; seed++) {
		try {
			new QueueLife(randomFrom(seed)).live(100);
		} catch (error) {
			isSeen = error instanceof BrokenPromise;
		}
	}
	expect(isSeen).toBe(true);
});
