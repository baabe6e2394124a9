import { expect, test } from "vitest";
import { QueueLife } from "./queue-life";
import { failedLives } from "./random-lives";

test("random lives: cuts, a throwing driver, damaged bytes, wrong hints, any geometry", () => {
	let life: QueueLife | undefined;
	const live = (random: () => number) => {
		life = new QueueLife(random);
		life.live(100);
	};
	const failed = failedLives({ short: 1_500, long: 200_000 }, live, () => `(${life?.description}) `);
	expect(failed).toEqual([]);
});
