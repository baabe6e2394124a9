import { expect, test } from "vitest";
import { live as liveLog } from "./failing-log";
import { live as liveFlipped } from "./flipped-reads";
import { live as liveLost } from "./lost-sectors";
import { randomFrom } from "./seeded-random";

/** Runs one life again: its seed. */
const replay = process.env.REPLAY;
const lives =
	replay !== undefined ? 1 : process.env.MODE === "long" ? 20_000 : Number(process.env.LIVES ?? 100);
const firstSeed = replay === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replay);

test.each([
	["an acknowledgement takes no reading that could not be read", liveLog],
	["what is lost with erased sectors is counted", liveLost],
	["a bit that is read wrong once costs no record", liveFlipped],
])("random lives: %s", (_, live) => {
	const failed: string[] = [];
	for (let seed = firstSeed; seed < firstSeed + lives && failed.length < 5; seed++) {
		try {
			live(randomFrom(seed));
		} catch (error) {
			failed.push(`REPLAY=${seed} ${String(error)}`);
		}
	}
	expect(failed).toEqual([]);
});
