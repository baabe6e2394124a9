import { expect } from "vitest";
import type { Patch } from "../../simulator/life/bundle";
import { Fleet } from "../../simulator/life/fleet";
import { calm, type Scenario } from "../../simulator/life/scenario";

/** A bug that is planted in the firmware, and a life that gives it an occasion. */
export interface Planted extends Patch {
	readonly bug: string;
	readonly life: Partial<Scenario>;
}

/** The life is good with the firmware as it is (`sound`), and with the bug in it that promise is seen broken first. */
export async function expectSeen(
	sound: Fleet,
	{ bug: _, life, ...patch }: Planted,
	promise: string,
): Promise<void> {
	const scenario = calm(life);
	expect(await sound.play({ scenario, shrinkTime: 0 })).toHaveProperty("report");
	const bad = await Fleet.start({ workers: 1, patches: [patch] });
	try {
		expect(await bad.play({ scenario, shrinkTime: 0 })).toHaveProperty("failure.promise", promise);
	} finally {
		bad.stop();
	}
}
