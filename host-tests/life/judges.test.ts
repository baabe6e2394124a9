import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../../simulator/life/fleet";
import { promises } from "../../simulator/life/promises";
import { expectKilled } from "./expect-killed";
import { mutants } from "./mutants";
import { promiseMutants } from "./promise-mutants";

/** Each check is tested separately: it finds a mutant in which nothing else is wrong. */

let sound: Fleet;
beforeAll(async () => {
	sound = await Fleet.start({ workers: 1 });
});
afterAll(() => sound.stop());

describe.each(Object.entries(promiseMutants))("%s", (promise, ownMutants) => {
	test.each(ownMutants)("a board that $name", (mutant) => expectKilled(sound, mutant, promise));
});

test("each promise has a mutant that breaks it and no other", () => {
	const alone = mutants.flatMap(({ breaks }) => (breaks.length === 1 ? breaks : []));
	const seen = new Set<string>([...alone, ...Object.keys(promiseMutants)]);
	expect(Object.keys(promises).filter((name) => !seen.has(name))).toEqual([]);
});
