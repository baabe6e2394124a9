import { availableParallelism } from "node:os";
import { afterAll, expect, test } from "vitest";
import { generateScenario } from "../../simulator/life/generate-scenario";
import type { InvariantName } from "../../simulator/life/invariants";
import { WorkerPool } from "../../simulator/life/worker-pool";
import { type Mutant, mutants } from "./mutants";

/** Tests the lives of `npm run test:lives`: they find each mutant. */

const long = process.env.MODE === "long";
/** Number of fixed seeds, at most as many as in `npm run test:lives`. */
const lives = 60;
/** Mutants hunted in parallel. */
const atOnce = availableParallelism();

interface Found {
	readonly seed: number;
	readonly invariant: InvariantName | "other";
	readonly message: string;
}

/** Plays lives of the mutant until one violates an invariant; in the long form from the first seed on. */
async function hunt({ seed, ...mutation }: Mutant): Promise<Found | undefined> {
	const pool = await WorkerPool.start({ workers: 1, mutation });
	try {
		const all = Array.from({ length: lives }, (_, index) => index + 1);
		for (const each of long ? all : [seed, ...all.filter((other) => other !== seed)]) {
			const result = await pool.play({ scenario: generateScenario(each), shrinkMs: 0 });
			if (!("failure" in result)) continue;
			const { invariant, message } = result.failure;
			return { seed: each, invariant, message };
		}
		return undefined;
	} finally {
		pool.stop();
	}
}

const found = new Map<string, Promise<Found | undefined>>();
let next = 0;

/** Starts the hunts for this mutant and for the next ones, up to `atOnce`. */
function huntAhead(index: number): Promise<Found | undefined> {
	for (; next < Math.min(mutants.length, index + atOnce); next++) {
		const mutant = mutants[next];
		if (mutant === undefined) continue;
		const hunting = hunt(mutant);
		hunting.catch(() => undefined);
		found.set(mutant.name, hunting);
	}
	return found.get(mutants[index]?.name ?? "") ?? Promise.resolve(undefined);
}

afterAll(async () => {
	await Promise.allSettled(found.values());
});

test.each(mutants.map((mutant, index) => ({ ...mutant, index })))(
	"a firmware that $name is found",
	async ({ index, violates }) => {
		const caught = await huntAhead(index);
		const message = caught?.message ?? `not in ${lives} lives`;
		// In another life than its own it may break another one first.
		if (long) expect(caught, message).toBeDefined();
		else expect(caught?.invariant, message).toBeOneOf([...violates]);
	},
);
