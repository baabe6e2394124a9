import { expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { plot } from "../../simulator/life/plot";
import { calmScenario } from "../../simulator/life/scenario";

const hour = 3_600_000;

/** The elements of an XML text in order; throws if they are not properly nested. */
function elementsOf(xml: string): string[] {
	const open: string[] = [];
	const found: string[] = [];
	for (const [whole, closing, name = "", single] of xml.matchAll(
		/<(\/?)(\w+)(?:\s+[\w:-]+="[^"<]*")*(\/?)>/g,
	)) {
		if (closing === "/") expect(open.pop(), whole).toBe(name);
		else {
			found.push(name);
			if (single !== "/") open.push(name);
		}
	}
	expect(open).toEqual([]);
	expect(xml.replace(/<[^<>]*>/g, "")).not.toMatch(/[<>]/);
	return found;
}

test("the picture of a life is one well-formed SVG that shows its faults and their effects", async () => {
	const scenario = calmScenario({
		length: 3 * 24 * hour,
		interval: 600,
		faults: [
			{ from: 10 * hour, to: 30 * hour, kind: "internet" },
			{ from: 40 * hour, to: 41 * hour, kind: "service", fault: { kind: "status", status: 503 } },
			{ from: 50 * hour, to: 51 * hour, kind: "outage" },
		],
	});
	const life = new Life({ scenario, parts: 300 });
	const report = await life.run();
	const intervals = life.history?.intervals ?? [];
	const svg = plot({ scenario, report, intervals });
	expect(elementsOf(svg).slice(0, 2)).toEqual(["svg", "title"]);
	for (const words of ["kind: internet", "status: 503", "kind: outage", "no internet", "1 power cuts"])
		expect(svg.replace(/kind:/g, "kind: ").replace(/status:/g, "status: ")).toContain(words);
	expect(svg).not.toMatch(/NaN|Infinity|undefined/);
	const waiting = Math.max(...intervals.map((moment) => moment.pending));
	expect(waiting).toBeGreaterThan((20 * 6) / 2);
	// All but the hour without power; the life continues until everything is delivered.
	expect(intervals.reduce((sum, { readings }) => sum + readings, 0)).toBeCloseTo(71 * 6, -1);
	const without = intervals.reduce((sum, { connectivity }) => sum + connectivity["no internet"], 0);
	expect(without / hour).toBeCloseTo(20, 0);
});
