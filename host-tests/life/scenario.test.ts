import { expect, test } from "vitest";
import { makeScenario } from "../../simulator/life/generate";
import { calm, troubleKinds } from "../../simulator/life/scenario";
import { scenarioFromJson } from "../../simulator/life/scenario-file";

const day = 86_400_000;

test("a scenario is the same after it was written down and read", () => {
	for (let seed = 1; seed <= 200; seed++) {
		const scenario = makeScenario(seed);
		expect(scenarioFromJson(JSON.stringify(scenario))).toEqual(scenario);
	}
});

test("what a file leaves out is as in a calm life", () => {
	expect(scenarioFromJson('{"seed":7}')).toEqual(calm({ seed: 7 }));
});

const withTrouble = (trouble: object) => JSON.stringify({ troubles: [{ from: 0, to: 1, ...trouble }] });

test.each([
	["{", "this is no JSON"],
	["[1]", "a scenario is a JSON object"],
	["7", "a scenario is a JSON object"],
	['{"sped":3}', 'a scenario has no "sped"'],
	['{"seed":[3]}', '"seed" is a whole number from 0 on'],
	['{"interval":"often"}', '"interval" is a whole number from 5 to 86400'],
	['{"interval":-5}', '"interval" is a whole number from 5 to 86400'],
	['{"uploadInterval":"often"}', '"uploadInterval" is one of auto, or a whole number from 0 to 86400'],
	['{"sectors":0}', '"sectors" is a whole number from'],
	['{"length":0}', '"length" is a number from 1 on'],
	['{"power":"sun"}', '"power" is one of mains, battery'],
	['{"panel":1}', '"panel" is a boolean'],
	['{"startedAt":0}', '"startedAt" is a whole number from'],
	['{"length":1e12}', "no later time is believed"],
	['{"troubles":7}', '"troubles" is a list'],
	['{"troubles":[7]}', "trouble 1 is an object"],
	['{"troubles":[{"kind":"radio"}]}', 'trouble 1 is an object whose "from" is a number from 0 on'],
	[withTrouble({ kind: "rain" }), '"kind" is one of radio, fading'],
	[withTrouble({ kind: "radio", from: 2 }), "trouble 1 ends before it begins"],
	[withTrouble({ kind: "radio", loss: 1 }), 'an object without "loss"'],
	[withTrouble({ kind: "sensor", how: "exploded" }), '"how" is one of unplugged, frozen'],
	[withTrouble({ kind: "service" }), 'whose "fault" is an object'],
	[withTrouble({ kind: "service", fault: { kind: "status" } }), '"status" is a whole number from 200 to 599'],
	[withTrouble({ kind: "settings", change: { interval: 1 } }), '"interval" is a whole number from 5'],
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
