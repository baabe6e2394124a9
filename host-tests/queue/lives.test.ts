import { expect, test } from "vitest";
import { QueueLife } from "./queue-life";
import { randomFrom } from "./seeded-random";

/** Runs one life again: its seed. */
const replay = process.env.REPLAY;
const long = process.env.MODE === "long";
/** Each run lives other lives; the message of a failure has the seed. */
const firstSeed = replay === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replay);

test("random lives: cuts, a throwing driver, damaged bytes, wrong hints, any geometry", () => {
	const lives = replay !== undefined ? 1 : long ? 200_000 : Number(process.env.LIVES ?? 1_500);
	const failed: string[] = [];
	if (lives > 1_500) console.log(`Seeds from ${firstSeed} on.`);
	for (let seed = firstSeed; seed < firstSeed + lives; seed++) {
		const life = new QueueLife(randomFrom(seed));
		try {
			life.live(100);
		} catch (error) {
			failed.push(`REPLAY=${seed} (${life.description}) ${String(error)}`);
			if (failed.length === 5) break;
		}
	}
	expect(failed).toEqual([]);
});
