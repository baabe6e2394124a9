import { describe, expect, test } from "vitest";
import {
	afterTrial,
	decideTrial,
	maxTrialMs,
	minTrialMs,
	Reach,
	readBaseline,
	type TrialBaseline,
	type TrialState,
} from "../../src/update/trial";

const baseline: TrialBaseline = {
	slot: 1,
	version: "0.3.0",
	attempt: 1,
	pending: 12,
	newest: 400,
	boot: 7,
	fields: ["temperature", "humidity"],
	reach: Reach.heard,
	failure: "",
};

const proved: TrialState = {
	pending: 12,
	newest: 400,
	boot: 7,
	fields: ["temperature", "humidity", "pressure"],
	reach: Reach.heard,
	elapsedMs: minTrialMs,
};

describe("a trial", () => {
	test.each<[what: string, state: Partial<TrialState>, decision: string]>([
		["that has proved everything", {}, "keep"],
		["before its three minutes", { elapsedMs: minTrialMs - 1 }, "wait"],
		["with more readings", { pending: 13, newest: 401 }, "keep"],
		["with fewer readings", { pending: 11 }, "readings"],
		["with fewer readings, at once", { pending: 11, elapsedMs: 0 }, "readings"],
		["with older readings", { newest: 399 }, "readings"],
		["that does not know the boot of the newest reading", { boot: 0 }, "readings"],
		["without a sensor", { fields: ["humidity"] }, "wait"],
		["without a sensor to the end", { fields: ["humidity"], elapsedMs: maxTrialMs }, "sensors"],
		["without a network", { reach: Reach.none, elapsedMs: maxTrialMs - 1 }, "wait"],
		["without a network to the end", { reach: Reach.none, elapsedMs: maxTrialMs }, "network"],
		["that hears nobody in its network", { reach: Reach.joined, elapsedMs: maxTrialMs }, "network"],
		["that proves itself at the last moment", { elapsedMs: maxTrialMs }, "keep"],
	])("%s", (_, state, decision) => {
		expect(decideTrial(baseline, { ...proved, ...state })).toBe(decision);
	});

	test("asks no more than the firmware before it had", () => {
		const poor = { ...baseline, fields: [], reach: Reach.none, pending: 0, newest: 0, boot: 0 };
		const nothing = { fields: [], reach: Reach.none, pending: 0, newest: 0, boot: 0, elapsedMs: minTrialMs };
		expect(decideTrial(poor, nothing)).toBe("keep");
		expect(decideTrial({ ...poor, reach: Reach.joined }, { ...nothing, reach: Reach.joined })).toBe("keep");
	});
});

describe("the firmware before, started during the trial", () => {
	test.each<[what: string, trial: Partial<TrialBaseline>, lostPower: boolean, next: string]>([
		["by a crash", {}, false, "crash"],
		["by an update that gave up", { failure: "sensors" }, false, "sensors"],
		["by an update that gave up, and a power cut", { failure: "sensors" }, true, "sensors"],
		["by a power cut", {}, true, "repeat"],
		["by a second power cut", { attempt: 2 }, true, "repeat"],
		["by a third power cut", { attempt: 3 }, true, "power"],
	])("%s", (_, trial, lostPower, next) => {
		expect(afterTrial({ ...baseline, ...trial }, lostPower)).toBe(next);
	});
});

test("a stored baseline is read, also one of another version", () => {
	expect(readBaseline(JSON.parse(JSON.stringify(baseline)))).toEqual(baseline);
	expect(readBaseline({ ...baseline, more: 1 })).toEqual(baseline);
	expect(readBaseline({ version: "0.3.0", fields: [1, "a"], attempt: "1" })).toEqual({
		...{ slot: 0, version: "0.3.0", attempt: 0, pending: 0, newest: 0, boot: 0, reach: 0, failure: "" },
		fields: ["a"],
	});
	for (const value of [undefined, null, 1, [], {}, { version: 3 }])
		expect(readBaseline(value)).toBeUndefined();
});
