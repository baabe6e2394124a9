import { isObject } from "../../src/text/json";
import { releasedAt } from "../../src/version";
import type { NtpFault } from "../ntp/answer";
import {
	calm,
	type OddAnswer,
	type Scenario,
	type SensorFault,
	type ServiceFault,
	type Trouble,
	type TroubleKind,
	type TroubleOf,
	troubleKinds,
	type WearKind,
} from "./scenario";

/** What is wrong with something that was read. */
export interface Problem {
	readonly problem: string;
}

/** What a member has to be: nothing is wrong with it, or it is not this. */
type Rule = (value: unknown) => string | undefined;
/** The members of an object by their names; those that end in `?` may be left out. */
type Rules = Readonly<Record<string, Rule>>;

const day = 86_400_000;
/** A board believes no time server that says a later time than this many milliseconds after its release. */
const believed = 20 * 365 * day;

const infinity = Number.POSITIVE_INFINITY;

function number(least = -infinity, most = infinity, isRight = Number.isFinite, name = "a number"): Rule {
	const bounds = most < infinity ? ` from ${least} to ${most}` : least > -infinity ? ` from ${least} on` : "";
	return (value) =>
		typeof value === "number" && isRight(value) && value >= least && value <= most
			? undefined
			: `${name}${bounds}`;
}

const whole = (least: number, most?: number) => number(least, most, Number.isInteger, "a whole number");

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

/** An object with these members and no others. */
function members(rules: Rules): Rule {
	return (value) => {
		if (!isObject(value)) return "an object";
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

/** An object whose `kind` says what other members it has. */
function kinds<Kind extends string>(rules: Readonly<Record<Kind, Rules>>, all: Rules = {}): Rule {
	const byKind = new Map<unknown, Rules>(Object.entries<Rules>(rules));
	return (value) => {
		if (!isObject(value)) return "an object";
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
	short: { length: whole(0, 48) },
	mode: { mode: whole(0, 7) },
	version: { version: whole(0, 7) },
	stratum: { stratum: whole(0, 255) },
	"no time": {},
	offset: { milliseconds: number() },
});

const odd = oneOf<OddAnswer>(
	...(["interim", "no content", "chunked", "until close", "too long", "too short"] as const),
	...(["huge", "no JSON", "closed after"] as const),
);

const status = whole(200, 599);
const serviceFault = kinds<ServiceFault["kind"]>({
	"answer lost": {},
	"answer cut": {},
	drip: {},
	odd: { how: odd },
	flood: {},
	refused: {},
	unreachable: {},
	"half TLS": {},
	"no TLS": {},
	silent: {},
	"request cut": {},
	nonsense: {},
	status: { status, "wait?": number(0) },
	early: { status },
	"too large": { bytes: whole(1) },
	poison: { every: whole(1), status: oneOf(400, 409, 422) },
	certificate: { trust: oneOf("expired", "not yet valid", "wrong name", "untrusted", "forged") },
});

const interval = whole(5, 86_400);
const uploadInterval = either(oneOf("auto"), whole(0, 86_400));
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
const where = oneOf<TroubleOf<"power">["where"]>("queue", "quarantine", "key-value");
const forgotten = oneOf<TroubleOf<"forgotten">["key"]>("boots", "clock", "budget", "attempts");

const trouble = kinds<TroubleKind>(
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
		power: { where, step: whole(0) },
		outage: {},
		"brown-out": { each: number(1) },
		wear: { block: whole(0), how: wear },
		flips: { bits: whole(1) },
		forgotten: { key: forgotten },
		press: { setUpAfter: number(0) },
		settings: { change },
	},
	{ from: number(0), to: number(0) },
);

const base: Readonly<Record<keyof Omit<Scenario, "troubles">, Rule>> = {
	seed: whole(0),
	startedAt: whole(releasedAt),
	length: number(1),
	interval,
	uploadInterval,
	plan: whole(1),
	sectors: whole(3, 4096),
	drift: number(-200, 200),
	power,
	sleepDrift: number(-50_000, 50_000),
	ticksFrom: whole(0, 2 ** 32 - 1),
	panel: boolean,
	networks: oneOf(1, 2),
};

/** A scenario of a JSON text, or what is wrong with it; what it leaves out is as in a calm life. */
export function scenarioFromJson(json: string): Scenario | Problem {
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch (error) {
		return { problem: `this is no JSON: ${error instanceof Error ? error.message : String(error)}` };
	}
	if (!isObject(value)) return { problem: "a scenario is a JSON object" };
	const { troubles = [], ...given } = value;
	const rules = new Map(Object.entries(base));
	for (const [name, member] of Object.entries(given)) {
		const rule = rules.get(name);
		if (rule === undefined) return { problem: `a scenario has no "${name}"` };
		const problem = rule(member);
		if (problem !== undefined) return { problem: `"${name}" is ${problem}` };
	}
	const problem = problemOf(troubles);
	if (problem !== undefined) return { problem };
	const scenario: Scenario = { ...calm({}), ...given, troubles: isTroubles(troubles) ? troubles : [] };
	const end = scenario.startedAt + scenario.length;
	if (end <= releasedAt + believed) return scenario;
	return {
		problem: "it ends more than 20 years after this firmware's release, and no later time is believed",
	};
}

function problemOf(troubles: unknown): string | undefined {
	if (!Array.isArray(troubles))
		return `"troubles" is a list of objects with from, to (milliseconds) and kind: ${troubleKinds.join(", ")}`;
	for (const [index, each] of troubles.entries()) {
		const problem = trouble(each);
		if (problem !== undefined) return `trouble ${index + 1} is ${problem}`;
		if (each.to < each.from) return `trouble ${index + 1} ends before it begins`;
	}
	return undefined;
}

function isTroubles(value: unknown): value is readonly Trouble[] {
	return problemOf(value) === undefined;
}
