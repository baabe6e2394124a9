import { expect, test } from "vitest";
import { calm, type Scenario, type Trouble } from "../../simulator/life/scenario";
import { type Failure, shrink } from "../../simulator/life/shrink";

const hour = 3_600_000;
const day = 24 * hour;

function failureAt(scenario: Scenario, at: number, promise: Failure["promise"] = "kept"): Failure {
	return { promise, message: "lost", at: scenario.startedAt + at };
}

/** Fails when the service has answered 503 while the radio was gone, and power is from a battery. */
function play(scenario: Scenario): Promise<Failure | undefined> {
	const { power, troubles, length } = scenario;
	const overlap = troubles.find(
		(one) =>
			one.kind === "service" &&
			troubles.some(({ kind, from, to }) => kind === "radio" && from < one.to && one.from < to),
	);
	const fails = power === "battery" && overlap !== undefined && overlap.from + hour <= length;
	return Promise.resolve(fails ? failureAt(scenario, overlap.from + hour) : undefined);
}

function many(): Trouble[] {
	const troubles: Trouble[] = [];
	for (let i = 0; i < 40; i++) troubles.push({ from: i * day, to: i * day + hour, kind: "outage" });
	troubles.push({ from: 20 * day, to: 23 * day, kind: "radio" });
	troubles.push({
		from: 21 * day,
		to: 24 * day,
		kind: "service",
		fault: { kind: "status", status: 503 },
	});
	return troubles.sort((a, b) => a.from - b.from);
}

const failing = calm({ power: "battery", panel: true, sectors: 256, length: 90 * day, troubles: many() });

test("of forty-two troubles the two are left that a failure needs, in a short and plain life", async () => {
	const { scenario, failure } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play,
		more: () => true,
	});
	expect(scenario.troubles.map(({ kind }) => kind).sort()).toEqual(["radio", "service"]);
	expect(scenario.length).toBeLessThan(4 * day);
	expect(scenario).toMatchObject({ power: "battery", panel: false, sectors: 16 });
	expect(failure.promise).toBe("kept");
});

test("one that breaks another promise is not taken for the same failure", async () => {
	const { scenario } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play: async (smaller) => {
			const failure = await play(smaller);
			return failure === undefined || smaller.troubles.length > 10
				? failure
				: { ...failure, promise: "timed" };
		},
		more: () => true,
	});
	expect(scenario.troubles.length).toBeGreaterThan(10);
});

test("when there is no more time the smallest so far is told", async () => {
	let left = 3;
	const { scenario, tries } = await shrink(failing, failureAt(failing, 21 * day + hour), {
		play,
		more: () => left-- > 0,
	});
	expect(tries).toBeLessThanOrEqual(3);
	expect(await play(scenario)).toBeDefined();
});
