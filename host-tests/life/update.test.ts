import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeUpdateFile, rawPublicKey } from "../../scripts/update-file";
import { type ImageBehaviour, makeFirmwareImage } from "../../simulator/hardware/firmware-image";
import { Life } from "../../simulator/life/life";
import { calmScenario, type Scenario, type ScenarioFault } from "../../simulator/life/scenario";
import { firmwareVersion } from "../../src/version";

const hour = 3_600_000;
const minute = 60_000;
const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });

function updateFile(behaviour: ImageBehaviour = "works"): Uint8Array {
	const image = makeFirmwareImage({ version: "0.9.0", behaviour }, 9_000);
	return makeUpdateFile(image, { chip: "simulated", version: [0, 9, 0] }, privateKey);
}

/** Six hours of a board to which the user gives an update after one; the lines about it, with the minute. */
async function updatedLife(behaviour: ImageBehaviour, scenario: Partial<Scenario> = {}) {
	const lines: string[] = [];
	const base = calmScenario({ seed: 7, length: 6 * hour, interval: 60, ...scenario });
	const life = new Life({
		scenario: base,
		releaseKey: rawPublicKey(publicKey),
		log: (utc, line) => {
			const minutes = Math.floor((utc - base.startedAt) / minute);
			if (/^(update|safe mode)/.test(line)) lines.push(`${minutes}: ${line}`);
		},
	});
	let problem: unknown = "not installed";
	life.after(hour, () => {
		void life.installUpdate(updateFile(behaviour)).then((result) => {
			problem = result;
		});
	});
	// Throws if a reading is lost.
	await life.run();
	return { lines, problem };
}

const written = [
	"60: update: 0.9.0 begins, 9000 bytes",
	"60: update: 0.9.0 written; starts on the next boot",
] as const;

describe.each(["mains", "battery"] as const)("on %s, no reading is lost, and an update", (power) => {
	test.each<[ImageBehaviour, string[]]>([
		["works", ["60: update: 0.9.0 on trial, attempt 1", "63: update: 0.9.0 is kept"]],
		["crashes at once", [`60: update: 0.9.0 did not prove itself (crash); ${firmwareVersion} runs again`]],
		[
			"crashes after a minute",
			[
				"60: update: 0.9.0 on trial, attempt 1",
				`61: update: 0.9.0 did not prove itself (crash); ${firmwareVersion} runs again`,
			],
		],
		[
			"cannot join",
			[
				"60: update: 0.9.0 on trial, attempt 1",
				"75: update: 0.9.0 gives up (network)",
				`75: update: 0.9.0 did not prove itself (network); ${firmwareVersion} runs again`,
			],
		],
	])("that %s", async (behaviour, lines) => {
		const life = await updatedLife(behaviour, { power });
		expect(life.lines).toEqual([...written, ...lines]);
		expect(life.problem).toBeUndefined();
	});

	test.each([1, 2, 3])("of which power cuts %i starts short", async (cuts) => {
		// Soon after each start of the board.
		const faults = Array.from({ length: cuts }, (_, index): ScenarioFault => {
			const from = hour + 30_000 + index * 20_000;
			return { from, to: from + 1, kind: "outage" };
		});
		const { lines } = await updatedLife("works", { power, faults });
		const last = cuts < 3 ? "0.9.0 is kept" : `did not prove itself (power); ${firmwareVersion} runs again`;
		expect(lines.at(-1)).toContain(last);
		expect(lines.filter((line) => line.includes("on trial, attempt"))).toHaveLength(Math.min(3, cuts + 1));
	});
});

describe("safe mode", () => {
	test("after five starts that power cut short, and ten minutes later the board measures again", async () => {
		const lines: string[] = [];
		const faults = Array.from({ length: 6 }, (_, index): ScenarioFault => {
			const from = hour + index * 20_000;
			return { from, to: from + 1, kind: "outage" };
		});
		const scenario = calmScenario({ seed: 7, length: 6 * hour, interval: 60, faults });
		const life = new Life({
			scenario,
			log: (utc, line) => {
				const minutes = Math.floor((utc - scenario.startedAt) / minute);
				if (/^(safe mode|reading)/.test(line)) lines.push(`${minutes}: ${line.slice(0, 7)}`);
			},
		});
		await life.run();
		const at = lines.findIndex((line) => line.includes("safe mo"));
		expect(lines[at]).toBe("61: safe mo");
		expect(lines[at + 1]).toBe("71: reading");
		expect(lines.filter((line) => line.includes("safe mo"))).toHaveLength(1);
	});
});
