import { afterAll, beforeAll, test } from "vitest";
import { WorkerPool } from "../../simulator/life/worker-pool";
import { expectKilled } from "./expect-killed";
import { regressionMutants } from "./regression-mutants";

/** A bug that lives have found stays fixed, and would be found again. */

let sound: WorkerPool;
beforeAll(async () => {
	sound = await WorkerPool.start({ workers: 1 });
});
afterAll(() => sound.stop());

test.each(regressionMutants)("$name: not any more", ({ breaks, ...mutant }) =>
	expectKilled(sound, mutant, breaks),
);
