import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { calmScenario } from "../../simulator/life/scenario";

/** What nobody counts one by one, in arrays, maps and closures: the heap as a whole, after a collection. */

const day = 86_400_000;
/** The first days fill what has a bound. */
const warm = 8;
const days = 24;
const readings = (days - warm) * 24 * 60;

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Bytes by which the heap has grown for each reading. */
async function growth(log: (utc: number, line: string) => void): Promise<number> {
	let before = 0;
	let after = 0;
	const onDay = (at: number) => {
		if (at !== warm * day && at !== days * day) return;
		collect();
		before = after;
		after = process.memoryUsage().heapUsed;
	};
	await new Life({ scenario: calmScenario({ length: days * day }), log, onDay }).run();
	return (after - before) / readings;
}

test("after 23,000 readings more, measured and sent, no more is kept in memory than before them", async () => {
	// What the engine compiles, and when, is some bytes of these.
	expect(await growth(() => {})).toBeLessThan(32);
	// A small object that stayed behind with each of them would be seen.
	const kept: object[] = [];
	const leaking = await growth((utc, line) => {
		if (line.startsWith("reading ")) kept.push({ utc });
	});
	expect(leaking).toBeGreaterThan(32);
});
