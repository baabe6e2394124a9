import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { invariants } from "../../simulator/life/invariants";
import { WorkerPool } from "../../simulator/life/worker-pool";
import { expectKilled } from "./expect-killed";
import { invariantMutants } from "./invariant-mutants";
import { mutants } from "./mutants";

/** Each check by itself: it detects a mutant that has no other fault. */

let sound: WorkerPool;
beforeAll(async () => {
	sound = await WorkerPool.start({ workers: 1 });
});
afterAll(() => sound.stop());

describe.each(Object.entries(invariantMutants))("%s", (invariant, ownMutants) => {
	test.each(ownMutants)("a board that $name", (mutant) => expectKilled(sound, mutant, invariant));
});

test("each invariant has a mutant that violates it and no other", () => {
	const alone = mutants.flatMap(({ violates }) => (violates.length === 1 ? violates : []));
	const seen = new Set<string>([...alone, ...Object.keys(invariantMutants)]);
	expect(Object.keys(invariants).filter((name) => !seen.has(name))).toEqual([]);
});
