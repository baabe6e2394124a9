import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { bundleMutated } from "../../simulator/life/worker-bundle";
import { type QueueMutant, queueMutants } from "./queue-mutants";
import { randomFrom } from "./seeded-random";

/** In the long form the lives from the first seed on find each of them. */
const long = process.env.MODE === "long";
const lives = 20_000;

/** The first life from `seed` on that breaks a promise; `undefined`: none. */
async function hunt({ seed, life = "queue-life", ...mutation }: QueueMutant): Promise<number | undefined> {
	const mutated = await bundleMutated(`host-tests/queue/${life}.ts`, mutation);
	try {
		const { live, BrokenPromise }: typeof import("./queue-life") = await import(
			pathToFileURL(mutated.path).href
		);
		for (let each = seed; each < seed + lives; each++) {
			try {
				live(randomFrom(each));
			} catch (error) {
				if (error instanceof BrokenPromise) return each;
			}
		}
		return undefined;
	} finally {
		mutated.remove();
	}
}

test.each(queueMutants)("random lives see a queue that $name", async (mutant) => {
	expect(await hunt({ ...mutant, ...(long && { seed: 1 }) })).toBeDefined();
});
