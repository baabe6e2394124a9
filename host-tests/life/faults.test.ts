import { describe, expect, test } from "vitest";
import { Life, type LifeReport } from "../../simulator/life/life";
import { calmScenario, type ScenarioFault, type ServiceFault } from "../../simulator/life/scenario";
import { poisonMessage } from "../../simulator/life/simulated-service";

/** Six hours of one fault in the life of a board: its log, its attempts, and the points that arrive. */

const minute = 60_000;
const hour = 60 * minute;
const from = 30 * minute;
const to = from + 6 * hour;
const quiet = calmScenario({
	seed: 7,
	startedAt: Date.UTC(2027, 4, 3),
	length: 8 * hour,
	uploadInterval: 0,
	plan: 100_000,
	sectors: 16,
	drift: -20,
});

async function live(...faults: ScenarioFault[]): Promise<{ report: LifeReport; lines: string[] }> {
	const lines: string[] = [];
	const log = (utc: number, line: string) => {
		const since = utc - quiet.startedAt;
		if (since >= from && since < to) lines.push(line);
	};
	const report = await new Life({ scenario: { ...quiet, faults }, log }).run();
	return { report, lines };
}

const tries = (lines: readonly string[]) => lines.filter((line) => line.startsWith("not sent")).length;

describe("six hours of a temporary fault: every point arrives once, and attempts become rarer", () => {
	test.each<[string, ScenarioFault, RegExp]>([
		["no Wi-Fi", { kind: "radio", from, to }, /Wi-Fi: could not join/],
		["no internet", { kind: "internet", from, to }, /not sent: .*resolve (failed|timed out)/],
		[
			"names are refused",
			{ kind: "names", how: "refused", from, to },
			/not sent: .*resolve (failed|timed out)/,
		],
		[
			"names are not answered",
			{ kind: "names", how: "silent", from, to },
			/not sent: .*resolve (failed|timed out)/,
		],
		...(
			[
				[{ kind: "refused" }, /not sent: .*refused/],
				[{ kind: "silent" }, /not sent: .*30 s/],
				[{ kind: "request cut" }, /not sent: /],
				[{ kind: "status", status: 408 }, /not sent: 408/],
				[{ kind: "status", status: 500 }, /not sent: 500/],
				[{ kind: "status", status: 502 }, /not sent: 502/],
				[{ kind: "status", status: 503 }, /not sent: 503/],
				[{ kind: "status", status: 504 }, /not sent: 504/],
				[{ kind: "status", status: 429 }, /not sent: 429/],
				[{ kind: "nonsense" }, /not sent: /],
			] as [ServiceFault, RegExp][]
		).map(([fault, line]): [string, ScenarioFault, RegExp] => [
			`the service: ${"status" in fault ? fault.status : fault.kind}`,
			{ kind: "service", fault, from, to },
			line,
		]),
	])("%s", async (_, fault, line) => {
		const { report, lines } = await live(fault);
		expect(lines.find((said) => line.test(said))).toBeDefined();
		// With a maximum wait of 15 minutes, half of it on average: about 60 attempts in six hours.
		expect(tries(lines)).toBeLessThan(90);
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, quarantined: 0 });
		// Time servers are unreachable too: times become estimates after 15,000 s on the crystal.
		const counted = fault.kind === "service" ? 0 : to / minute - 250 + 15;
		expect(report.estimated).toBeLessThanOrEqual(counted);
	});

	test("responses are lost: each costs one duplicate of its batch, and batches shrink", async () => {
		const { report, lines } = await live({ kind: "service", fault: { kind: "answer lost" }, from, to });
		expect(tries(lines)).toBeGreaterThan(9);
		expect(report.duplicates).toBeLessThan(2 * tries(lines));
		expect(report).toMatchObject({ overwritten: 0, estimated: 0 });
	});
});

describe("a settings fault: one attempt an hour, and every point arrives once it is fixed", () => {
	test.each<[string, ServiceFault]>([
		...[301, 302, 308, 401, 403, 404, 405, 415].map((status): [string, ServiceFault] => [
			`${status}`,
			{ kind: "status", status },
		]),
		...(["expired", "not yet valid", "wrong name", "untrusted", "forged"] as const).map(
			(trust): [string, ServiceFault] => [`certificate ${trust}`, { kind: "certificate", trust }],
		),
	])("%s", async (_, fault) => {
		const { report, lines } = await live({ kind: "service", fault, from, to });
		expect(tries(lines)).toBeGreaterThan(4);
		expect(tries(lines)).toBeLessThanOrEqual(7);
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, boots: 1 });
	});
});

test("one point is refused: the batch is halved until only that point is quarantined; all others arrive once", async () => {
	const { report, lines } = await live(
		{ kind: "internet", from, to: from + 2 * hour },
		{ kind: "service", fault: { kind: "poison", every: 100, status: 400 }, from, to: from + 2.5 * hour },
	);
	expect(report).toMatchObject({ duplicates: 0, overwritten: 0, quarantined: 1 });
	expect(report.readings - report.delivered).toBeLessThanOrEqual(2);
	const refused = lines.filter((line) => line.startsWith("refused"));
	expect(refused).toEqual([expect.stringContaining(`refused: point 100: 400: ${poisonMessage}`)]);
});

test.each([0, 1, 30, 200, 299, 310, 400])(
	"power fails at step %i of quarantining a refused point: that point, and no other, ends up in quarantine",
	async (step) => {
		const { report } = await live(
			{ kind: "service", fault: { kind: "poison", every: 100, status: 400 }, from, to: from + 2.5 * hour },
			{ kind: "power", where: "quarantine", step, from, to: from + 75 * minute },
		);
		expect(report).toMatchObject({ overwritten: 0, powerCuts: 1, quarantined: 1 });
	},
);

test("the service's clock is off by a year: nothing is lost or delayed", async () => {
	for (const offset of [-365, 365]) {
		const { report } = await live({ kind: "service clock", offset: offset * 24 * hour, from, to });
		expect(report).toMatchObject({ duplicates: 0, overwritten: 0, rateLimited: 0 });
		expect(report.maxDelayMs).toBeLessThan(5 * minute);
	}
});
