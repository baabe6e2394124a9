import { randomFrom } from "./seeded-random";

/** Runs one life again: its seed. */
const replay = process.env.REPLAY;
/** Each run lives other lives; the message of a failure has the seed. */
const firstSeed = replay === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(replay);
const long = process.env.MODE === "long";

export interface LifeCounts {
	readonly short: number;
	readonly long: number;
}

/** Lives random lives, `LIVES` of them or as many as the mode of the tests has; returns the failures, five at most. */
export function failedLives(
	counts: LifeCounts,
	live: (random: () => number) => void,
	describe = () => "",
): readonly string[] {
	const lives = replay !== undefined ? 1 : long ? counts.long : Number(process.env.LIVES ?? counts.short);
	if (lives > counts.short) console.log(`Seeds from ${firstSeed} on.`);
	const failed: string[] = [];
	for (let seed = firstSeed; seed < firstSeed + lives && failed.length < 5; seed++) {
		try {
			live(randomFrom(seed));
		} catch (error) {
			failed.push(`REPLAY=${seed} ${describe()}${String(error)}`);
		}
	}
	return failed;
}
