import { expect, test } from "vitest";
import { makeScenario } from "../../simulator/life/generate";
import { calm, scenarioFromJson, troubleKinds } from "../../simulator/life/scenario";

const day = 86_400_000;

test("a scenario is the same after it was written down and read", () => {
	for (let seed = 1; seed <= 50; seed++) {
		const scenario = makeScenario(seed);
		expect(scenarioFromJson(JSON.stringify(scenario))).toEqual(scenario);
	}
});

test("what a file leaves out is as in a calm life", () => {
	expect(scenarioFromJson('{"seed":7}')).toEqual(calm({ seed: 7 }));
});

test.each([
	["{", "this is no JSON"],
	["[1]", "a scenario has no"],
	["7", "a scenario is a JSON object"],
	['{"sped":3}', 'a scenario has no "sped"'],
	['{"seed":[3]}', '"seed" is a number, like 1'],
	['{"interval":"often"}', '"interval" is a number, like 60'],
	['{"troubles":[{"kind":"rain","from":1,"to":2}]}', "kind: radio, fading"],
	['{"troubles":[{"kind":"radio"}]}', '"troubles" is a list'],
])("%s: %s", (json, problem) => {
	const read = scenarioFromJson(json);
	expect("problem" in read && read.problem).toContain(problem);
});

test("a seed stands for one life, of its own length or of the one that is asked for", () => {
	expect(makeScenario(7)).toEqual(makeScenario(7));
	expect(makeScenario(7)).not.toEqual(makeScenario(8));
	expect(makeScenario(7, 30 * day).length).toBe(30 * day);
});

test("in a hundred lives everything goes wrong that can, on boards of each kind", () => {
	const lives = Array.from({ length: 100 }, (_, index) => makeScenario(index + 1));
	const kinds = new Set(lives.flatMap(({ troubles }) => troubles.map(({ kind }) => kind)));
	expect([...kinds].sort()).toEqual([...troubleKinds].sort());
	const turns = [2 ** 31, 2 ** 32].filter((turn) =>
		lives.some(({ ticksFrom = 0, length }) => ticksFrom < turn && ticksFrom + length > turn),
	);
	expect(turns).toHaveLength(2);
	for (const moment of [Date.UTC(2028, 1, 29), Date.UTC(2036, 1, 7, 6, 28), Date.UTC(2038, 0, 19, 3, 14)])
		expect(lives.some(({ startedAt, length }) => startedAt < moment && moment < startedAt + length)).toBe(
			true,
		);
});
