import { expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { calmScenario } from "../../simulator/life/scenario";
import { collectedHeapBytes } from "./heap";

/** Leaks in arrays, maps and closures, which no counter sees: the size of the heap after a garbage collection. */

const day = 86_400_000;
/** The first days fill everything that is bounded. */
const warm = 8;
const days = 24;
const readings = (days - warm) * 24 * 60;

/** Growth of the heap per reading, bytes. */
async function growth(log: (utc: number, line: string) => void): Promise<number> {
	let before = 0;
	let after = 0;
	const onDay = (at: number) => {
		if (at !== warm * day && at !== days * day) return;
		before = after;
		after = collectedHeapBytes();
	};
	await new Life({ scenario: calmScenario({ length: days * day }), log, onDay }).run();
	return (after - before) / readings;
}

test("23,000 further readings, measured and sent, leave nothing in memory", async () => {
	// Some bytes of compiled code, depending on when the engine compiles.
	expect(await growth(() => {})).toBeLessThan(32);
	// Negative control: one leaked line of the log per reading is detected.
	const kept: object[] = [];
	const leaking = await growth((utc, line) => {
		if (line.startsWith("reading ")) kept.push({ utc, line });
	});
	expect(leaking).toBeGreaterThan(32);
});
