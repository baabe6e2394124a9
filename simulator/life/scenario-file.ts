import { errorMessage } from "../../src/common/error-message";
import { isJsonObject } from "../../src/common/json";
import { releasedAt } from "../../src/version";
import type { NtpFault } from "../ntp/ntp-response";
import {
	calmScenario,
	type OddResponse,
	oddResponses,
	type PoweredPart,
	releaseServerFaults,
	type Scenario,
	type ScenarioFault,
	type ScenarioFaultKind,
	type ScenarioFaultOf,
	type SensorFault,
	type ServiceFault,
	scenarioFaultKinds,
	updateFileKinds,
	type WearKind,
} from "./scenario";

/** Why a scenario is invalid. */
export interface ScenarioProblem {
	readonly problem: string;
}

/** Returns what a valid value is, or `undefined` if the value is valid. */
type Rule = (value: unknown) => string | undefined;
/** Rules by member name; a name that ends in `?` is optional. */
type Rules = Readonly<Record<string, Rule>>;

const day = 86_400_000;
/** The firmware rejects times this many milliseconds after its release. */
const maxBelievableMs = 20 * 365 * day;

const infinity = Number.POSITIVE_INFINITY;

function number(min = -infinity, max = infinity, isRight = Number.isFinite, name = "a number"): Rule {
	const bounds = max < infinity ? ` from ${min} to ${max}` : min > -infinity ? ` from ${min} on` : "";
	return (value) =>
		typeof value === "number" && isRight(value) && value >= min && value <= max
			? undefined
			: `${name}${bounds}`;
}

const wholeNumber = (min: number, max?: number) => number(min, max, Number.isInteger, "a whole number");

function oneOf<Value extends string | number>(...values: readonly Value[]): Rule {
	return (value) => (values.some((each) => each === value) ? undefined : `one of ${values.join(", ")}`);
}

const either =
	(one: Rule, other: Rule): Rule =>
	(value) => {
		const [first, second] = [one(value), other(value)];
		return first === undefined || second === undefined ? undefined : `${first}, or ${second}`;
	};

const ofType =
	(type: "boolean" | "string"): Rule =>
	(value) =>
		typeof value === type ? undefined : `a ${type}`;
const boolean = ofType("boolean");
const text = ofType("string");

/** An object with only these members. */
function members(rules: Rules): Rule {
	return (value) => {
		if (!isJsonObject(value)) return "an object";
		for (const name of Object.keys(value))
			if (rules[name] === undefined && rules[`${name}?`] === undefined) return `an object without "${name}"`;
		for (const [name, rule] of Object.entries(rules)) {
			const plain = name.replace("?", "");
			if (plain !== name && value[plain] === undefined) continue;
			const problem = rule(value[plain]);
			if (problem !== undefined) return `an object whose "${plain}" is ${problem}`;
		}
		return undefined;
	};
}

/** An object whose `kind` determines its other members. */
function kinds<Kind extends string>(rules: Readonly<Record<Kind, Rules>>, all: Rules = {}): Rule {
	const byKind = new Map<unknown, Rules>(Object.entries<Rules>(rules));
	return (value) => {
		if (!isJsonObject(value)) return "an object";
		const own = byKind.get(value.kind);
		if (own === undefined) return `an object whose "kind" is one of ${[...byKind.keys()].join(", ")}`;
		return members({ kind: text, ...all, ...own })(value);
	};
}

const ntpFault = kinds<NtpFault["kind"]>({
	silent: {},
	"wrong originate": {},
	kiss: { code: text },
	unsynchronized: {},
	short: { length: wholeNumber(0, 48) },
	mode: { mode: wholeNumber(0, 7) },
	version: { version: wholeNumber(0, 7) },
	stratum: { stratum: wholeNumber(0, 255) },
	"no time": {},
	offset: { milliseconds: number() },
});

const oddResponse = oneOf<OddResponse>(...oddResponses);

const status = wholeNumber(200, 599);
const serviceFault = kinds<ServiceFault["kind"]>({
	"answer lost": {},
	"answer cut": {},
	drip: {},
	odd: { how: oddResponse },
	flood: {},
	refused: {},
	unreachable: {},
	"half TLS": {},
	"no TLS": {},
	silent: {},
	"request cut": {},
	nonsense: {},
	status: { status, "wait?": number(0), "stored?": boolean },
	flapping: {
		failures: wholeNumber(1),
		successes: wholeNumber(1),
		...{ "status?": wholeNumber(400, 599), "stored?": boolean },
	},
	early: { status },
	"too large": { bytes: wholeNumber(1) },
	poison: { every: wholeNumber(1), "run?": wholeNumber(1), status },
	certificate: { trust: oneOf("expired", "not yet valid", "wrong name", "untrusted", "forged") },
});

const interval = wholeNumber(5, 86_400);
const uploadInterval = either(oneOf("auto"), wholeNumber(0, 86_400));
const power = oneOf("mains", "battery");

const change = members({
	"interval?": interval,
	"uploadInterval?": uploadInterval,
	"location?": text,
	"source?": oneOf(0, 1),
	"key?": oneOf("unknown", "read"),
	"power?": power,
});

const sensorFault = oneOf<SensorFault>("unplugged", "frozen", "stuck", "garbled", "swapped");
const wear = oneOf<WearKind>(
	...(["erase does nothing", "program does nothing", "erase throws", "program throws"] as const),
	...(["read throws", "bits stay cleared"] as const),
);
const where = oneOf<PoweredPart>("queue", "quarantine", "key-value", "ota_0", "ota_1", "otadata");
const forgotten = oneOf<ScenarioFaultOf<"forgotten">["key"]>("boots", "clock", "budget", "attempts", "ring");

const scenarioFault = kinds<ScenarioFaultKind>(
	{
		radio: {},
		fading: { strength: number(-100, 0), loss: number(0, 0.99) },
		password: {},
		away: {},
		internet: {},
		names: { how: oneOf("refused", "silent", "elsewhere") },
		"time servers": { fault: ntpFault, all: boolean },
		service: { fault: serviceFault },
		"service clock": { offset: number() },
		quota: {},
		sensor: { how: sensorFault },
		power: { where, step: wholeNumber(0) },
		outage: {},
		"brown-out": { each: number(1) },
		wear: { block: wholeNumber(0), how: wear },
		flips: { bits: wholeNumber(1) },
		forgotten: { key: forgotten },
		"refused writes": {},
		"sleep memory": { how: oneOf("lost", "old") },
		outdated: {},
		press: { setUpAfter: number(0) },
		settings: { change },
		update: { by: oneOf("user", "index"), file: oneOf(...updateFileKinds) },
		releases: { how: oneOf(...releaseServerFaults) },
	},
	{ from: number(0), to: number(0) },
);

const base: Readonly<Record<keyof Omit<Scenario, "faults">, Rule>> = {
	seed: wholeNumber(0),
	startedAt: wholeNumber(releasedAt),
	length: number(1),
	interval,
	uploadInterval,
	plan: wholeNumber(1),
	sectors: wholeNumber(3, 4096),
	drift: number(-200, 200),
	power,
	sleepDrift: number(-50_000, 50_000),
	ticksFrom: wholeNumber(0, 2 ** 32 - 1),
	panel: boolean,
	networks: oneOf(1, 2),
	updates: boolean,
};

/** Parses a scenario; omitted members are as in {@link calmScenario}. */
export function scenarioFromJson(json: string): Scenario | ScenarioProblem {
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch (error) {
		return { problem: `invalid JSON: ${errorMessage(error)}` };
	}
	if (!isJsonObject(value)) return { problem: "a scenario is a JSON object" };
	const { faults = [], ...given } = value;
	const rules = new Map(Object.entries(base));
	for (const [name, member] of Object.entries(given)) {
		const rule = rules.get(name);
		if (rule === undefined) return { problem: `a scenario has no "${name}"` };
		const problem = rule(member);
		if (problem !== undefined) return { problem: `"${name}" is ${problem}` };
	}
	const problem = problemOf(faults);
	if (problem !== undefined) return { problem };
	const scenario: Scenario = { ...calmScenario({}), ...given, faults: isFaults(faults) ? faults : [] };
	const end = scenario.startedAt + scenario.length;
	if (end <= releasedAt + maxBelievableMs) return scenario;
	return {
		problem: "it ends more than 20 years after this firmware's release, and the firmware rejects later times",
	};
}

function problemOf(faults: unknown): string | undefined {
	if (!Array.isArray(faults))
		return `"faults" is a list of objects with from, to (milliseconds) and kind: ${scenarioFaultKinds.join(", ")}`;
	for (const [index, each] of faults.entries()) {
		const problem = scenarioFault(each);
		if (problem !== undefined) return `fault ${index + 1} is ${problem}`;
		if (each.to < each.from) return `fault ${index + 1} ends before it begins`;
	}
	return undefined;
}

function isFaults(value: unknown): value is readonly ScenarioFault[] {
	return problemOf(value) === undefined;
}
