import { expect, test } from "vitest";
import { calmScenario, type Scenario, type ScenarioFault } from "../../simulator/life/scenario";
import { type LifeFailure, shrink } from "../../simulator/life/shrink";

const hour = 3_600_000;
const day = 24 * hour;

function failureAt(
	scenario: Scenario,
	at: number,
	invariant: LifeFailure["invariant"] = "kept",
): LifeFailure {
	return { invariant, message: "lost", at: scenario.startedAt + at };
}

/** Fails if the service responds 503 while the radio is off, on battery. */
function play(scenario: Scenario): Promise<LifeFailure | undefined> {
	const { power, faults, length } = scenario;
	const overlap = faults.find(
		(one) =>
			one.kind === "service" &&
			faults.some(({ kind, from, to }) => kind === "radio" && from < one.to && one.from < to),
	);
	const fails = power === "battery" && overlap !== undefined && overlap.from + hour <= length;
	return Promise.resolve(fails ? failureAt(scenario, overlap.from + hour) : undefined);
}

function many(): ScenarioFault[] {
	const faults: ScenarioFault[] = [];
	for (let i = 0; i < 40; i++) faults.push({ from: i * day, to: i * day + hour, kind: "outage" });
	faults.push({ from: 20 * day, to: 23 * day, kind: "radio" });
	faults.push({
		from: 21 * day,
		to: 24 * day,
		kind: "service",
		fault: { kind: "status", status: 503 },
	});
	return faults.sort((a, b) => a.from - b.from);
}

const failing = calmScenario({
	power: "battery",
	panel: true,
	sectors: 256,
	length: 90 * day,
	faults: many(),
});

test("of forty-two faults only the two remain that cause the failure, in a short life with default values", async () => {
	const { scenario, failure } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play,
		hasTime: () => true,
	});
	expect(scenario.faults.map(({ kind }) => kind).sort()).toEqual(["radio", "service"]);
	expect(scenario.length).toBeLessThan(4 * day);
	expect(scenario).toMatchObject({ power: "battery", panel: false, sectors: 16 });
	expect(failure.invariant).toBe("kept");
});

test("a scenario that violates another invariant is a different failure", async () => {
	const { scenario } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play: async (smaller) => {
			const failure = await play(smaller);
			return failure === undefined || smaller.faults.length > 10
				? failure
				: { ...failure, invariant: "timed" };
		},
		hasTime: () => true,
	});
	expect(scenario.faults.length).toBeGreaterThan(10);
});

test("the smallest scenario so far is returned when time is up", async () => {
	let left = 3;
	const { scenario, tries } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play,
		hasTime: () => left-- > 0,
	});
	expect(tries).toBeLessThanOrEqual(3);
	expect(await play(scenario)).toBeDefined();
});
