import { expect } from "vitest";
import { calmScenario, type Scenario } from "../../simulator/life/scenario";
import { WorkerPool } from "../../simulator/life/worker-pool";
import type { Mutation } from "../../simulator/mutation/mutation";

/** A mutant, and a life in which it violates an invariant. */
export interface LifeMutant extends Mutation {
	readonly name: string;
	readonly life: Partial<Scenario>;
}

/** The unchanged firmware (`sound`) passes this life; the mutant violates `invariant` first. */
export async function expectKilled(
	sound: WorkerPool,
	{ life, ...mutation }: LifeMutant,
	invariant: string,
): Promise<void> {
	const scenario = calmScenario(life);
	expect(await sound.play({ scenario, shrinkMs: 0 })).toHaveProperty("report");
	const mutant = await WorkerPool.start({ workers: 1, mutation });
	try {
		expect(await mutant.play({ scenario, shrinkMs: 0 })).toHaveProperty("failure.invariant", invariant);
	} finally {
		mutant.stop();
	}
}
