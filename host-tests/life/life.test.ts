import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { generateScenario, year } from "../../simulator/life/generate-scenario";
import { Life } from "../../simulator/life/life";
import type { Scenario } from "../../simulator/life/scenario";
import { WorkerPool } from "../../simulator/life/worker-pool";

/** A dozen weeks; `npm run test:lives` plays a hundred years, and the long form a thousand. */

const long = process.env.MODE === "long";
const day = 86_400_000;

function scenarios(): Scenario[] {
	if (!long) return Array.from({ length: 12 }, (_, index) => generateScenario(index + 1, 7 * day));
	const all: Scenario[] = [];
	for (let time = 0, seed = 1; time < 1_000 * year; seed++) {
		const scenario = generateScenario(seed);
		all.push(scenario);
		time += scenario.length;
	}
	return all;
}

test(`${long ? "a thousand years of lives" : "a dozen weeks"} with all kinds of faults: all invariants hold`, async () => {
	const pool = await WorkerPool.start({ workers: availableParallelism() });
	try {
		const broken = await Promise.all(
			scenarios().map(async (scenario) => {
				const result = await pool.play({ scenario, shrinkMs: 0 });
				const replay = `npm run simulate -- --seed ${scenario.seed} --days ${scenario.length / day}`;
				return "failure" in result ? [`${result.failure.message} ${replay}`] : [];
			}),
		);
		expect(broken.flat()).toEqual([]);
	} finally {
		pool.stop();
	}
});

test("the same seed gives the same life, line by line", async () => {
	const log = async () => {
		const lines: string[] = [];
		const scenario = generateScenario(17, 2 * day);
		await new Life({ scenario, log: (utc, line) => lines.push(`${utc} ${line}`) }).run();
		return lines;
	};
	const once = await log();
	expect(once.length).toBeGreaterThan(100);
	expect(await log()).toEqual(once);
});
