import { describe, expect, test } from "vitest";
import { Life } from "../../simulator/life/life";
import {
	calmScenario,
	releaseServerFaults,
	type Scenario,
	type ScenarioFault,
	updateFileKinds,
} from "../../simulator/life/scenario";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** The lines about updates in a life; it throws if an invariant is violated. */
async function linesOf(given: Partial<Scenario>): Promise<readonly string[]> {
	const lines: string[] = [];
	const scenario = calmScenario({ seed: 5, length: 2 * day, interval: 900, updates: true, ...given });
	await new Life({ scenario, log: (_, line) => line.startsWith("update: ") && lines.push(line) }).run();
	return lines;
}

const published = (file: (typeof updateFileKinds)[number]): ScenarioFault => ({
	...{ from: 0, to: 0, kind: "update" },
	...{ by: "index", file },
});

const endings: Readonly<Record<(typeof updateFileKinds)[number], string>> = {
	works: "update: 1.0.1 is kept",
	"crashes at once": "1.0.1 did not prove itself (crash)",
	"crashes after a minute": "1.0.1 did not prove itself (crash)",
	"cannot join": "1.0.1 did not prove itself (network)",
	damaged: "not installed: hash",
	"other chip": "refused: chip",
	"other key": "refused: signature",
	older: "",
};

describe.each(["mains", "battery"] as const)("on %s, from a release index,", (power) => {
	test.each(updateFileKinds)("a firmware that %s", async (file) => {
		const lines = await linesOf({ power, faults: [published(file)] });
		if (file === "older") expect(lines).toEqual([]);
		else expect(lines.join()).toContain(endings[file]);
		if (file !== "works") expect(lines.join()).not.toContain("is kept");
	});
});

test.each(releaseServerFaults)(
	"a server that misbehaves (%s) for a day delays an update, no more",
	async (how) => {
		const lines = await linesOf({
			length: 5 * day,
			faults: [{ from: 0, to: day, kind: "releases", how }, published("works")],
		});
		expect(lines.join()).toContain("update: 1.0.1 is kept");
	},
);

test.each([0, 1, 2, 4_097, 20_000, 34_007, 34_008, 34_009])(
	"power that fails at step %i of an update costs no start and no reading",
	async (step) => {
		for (const where of ["ota_0", "ota_1", "otadata"] as const) {
			const cut = { from: 0, to: 2 * day, kind: "power", where, step } as const;
			await linesOf({ faults: [cut, published("works")], length: 3 * day });
		}
	},
);
