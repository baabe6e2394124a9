import { afterAll, beforeAll, test } from "vitest";
import { WorkerPool } from "../../simulator/life/worker-pool";
import { expectKilled } from "./expect-killed";
import { regressionMutants } from "./regression-mutants";

/** Bugs that lives have found: they are fixed, and would be found again. */

let sound: WorkerPool;
beforeAll(async () => {
	sound = await WorkerPool.start({ workers: 1 });
});
afterAll(() => sound.stop());

test.each(regressionMutants)("a board that $name", ({ violates, ...mutant }) =>
	expectKilled(sound, mutant, violates),
);
