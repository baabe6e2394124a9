import { afterAll, beforeAll, test } from "vitest";
import { Fleet } from "../../simulator/life/fleet";
import { expectKilled } from "./expect-killed";
import { regressionMutants } from "./regression-mutants";

/** A bug that lives have found stays fixed, and would be found again. */

let sound: Fleet;
beforeAll(async () => {
	sound = await Fleet.start({ workers: 1 });
});
afterAll(() => sound.stop());

test.each(regressionMutants)("$name: not any more", ({ breaks, ...mutant }) =>
	expectKilled(sound, mutant, breaks),
);
