import { expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import { calmScenario } from "../../simulator/life/scenario";

/** The log of a board with damaged flash. */

const hour = 3_600_000;

test("readings that cannot be read for a while are sent once they can be", async () => {
	const lines: string[] = [];
	await new Life({
		scenario: calmScenario({
			length: 6 * hour,
			interval: 3600,
			sectors: 4,
			faults: [
				{ kind: "service", fault: { kind: "status", status: 500 }, from: 2 * hour, to: 3 * hour },
				{ kind: "wear", how: "read throws", block: 0, from: 2.1 * hour, to: 2.9 * hour },
			],
		}),
		log: (_, line) => lines.push(line),
	}).run();
	expect(lines).toContain("upload: pending readings cannot be read from flash; that is tried again");
	expect(lines.join("\n")).not.toMatch(/has no time yet/);
	expect(lines.filter((line) => line.startsWith("sent point 3: 201"))).toHaveLength(1);
});
