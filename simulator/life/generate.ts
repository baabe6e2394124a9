import { releasedAt } from "../../src/version";
import type { NtpFault } from "../ntp/answer";
import { Chance } from "./chance";
import type {
	OddAnswer,
	Scenario,
	SensorFault,
	ServiceFault,
	SettingsChange,
	Trouble,
	WearKind,
} from "./scenario";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
export const year = 365.25 * day;

/** Calendar moments that have broken devices: ends of months and years, leap days, NTP's and Unix's turnarounds. */
const starts = [
	Date.UTC(2026, 11, 30, 21, 13),
	Date.UTC(2028, 1, 27, 4, 44),
	Date.UTC(2027, 1, 27, 23, 0),
	Date.UTC(2036, 1, 6, 1, 2),
	Date.UTC(2038, 0, 18, 0, 31),
	Date.UTC(2029, 6, 3, 12, 0),
	Date.UTC(2035, 9, 20, 7, 7),
	Date.UTC(2037, 8, 11, 19, 42),
] as const;
/** A time server that says more than 20 years after the release is not believed. */
const latestEnd = releasedAt + 20 * year;

/** Where the platform's 32 bits stand at a start: at their beginning, and shortly before they turn. */
const tickStarts = [0, 2 ** 31 - 3 * hour, 2 ** 32 - 2 * day, 2 ** 31 - 10 * second] as const;

/** Seconds from one reading to the next, as boards have it in a house, in a garden and in a cellar. */
const mainsIntervals = [60, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400] as const;
const batteryIntervals = [600, 900, 1800, 3600, 7200, 14_400] as const;
/**
 * How many readings long, when nobody says how long: a board that measures once an hour has a longer life than one that
 * does each minute, so that each kind has as many lives. A wake from sleep costs as much as some readings.
 */
const mainsReadings = [3_000, 6_000, 12_000] as const;
const batteryReadings = [1_500, 3_000, 6_000] as const;
const shortest = 5 * day;
const longest = 8 * year;
/** About so many readings has a sector of 4 KiB. */
const readingsInSector = 550;
/** The most that goes wrong in a life, however long. */
const mostTroubles = 60;

/** The life that a seed stands for; of this length (milliseconds), or as long as the seed says. */
export function makeScenario(seed: number, length?: number): Scenario {
	const chance = new Chance(seed).fork("scenario");
	const power = chance.pick<Scenario["power"]>(["mains", "mains", "battery"]);
	const battery = power === "battery";
	const interval = battery ? chance.pick(batteryIntervals) : chance.pick(mainsIntervals);
	const readings = battery ? chance.pick(batteryReadings) : chance.pick(mainsReadings);
	const usual = Math.min(longest, Math.max(shortest, readings * interval * second));
	const base = makeBase({ seed, length: Math.round(length ?? usual), interval, power }, chance);
	const days = chance.pick([3, 5, 10, 20]);
	const count = Math.min(mostTroubles, 1 + Math.ceil(base.length / day / days));
	const troubles = Array.from({ length: count }, (_, index) =>
		makeTroubles(chance.fork(`trouble ${index}`), base),
	).flat();
	return { ...base, troubles: troubles.sort((a, b) => a.from - b.from) };
}

function makeBase(given: Pick<Scenario, "seed" | "length" | "interval" | "power">, chance: Chance): Scenario {
	const { length, power } = given;
	const start = chance.pick(starts);
	const battery = power === "battery";
	const wrapped = !battery && chance.happens(0.4);
	return {
		...given,
		startedAt: Math.min(start, latestEnd - length - 30 * day),
		uploadInterval: chance.pick<Scenario["uploadInterval"]>(["auto", "auto", "auto", 0, 1800, 3600, 3600]),
		plan: chance.pick([3_000, 10_000, 1_000_000]),
		sectors: chance.pick([4, 4, 16, 64, 256]),
		drift: whole(chance, 60),
		sleepDrift: whole(chance, 10_000),
		...(wrapped ? { ticksFrom: chance.pick(tickStarts) } : {}),
		// A light that flashes each five seconds costs the simulation more than all else.
		panel: battery || (length < 40 * day && chance.happens(0.3)),
		networks: chance.pick([1, 2]),
		troubles: [],
	};
}

/** Of no more than so much, in either direction; never the zero that JSON cannot tell from zero. */
function whole(chance: Chance, most: number): number {
	return Math.round(chance.between(-most, most)) || 0;
}

interface Span {
	readonly from: number;
	readonly to: number;
}

/** One trouble, or a few that belong together. */
type Maker = (chance: Chance, span: Span, base: Scenario) => readonly Trouble[];

function makeTroubles(chance: Chance, base: Scenario): readonly Trouble[] {
	const from = chance.between(0, base.length * 0.95);
	const lasting = chance.pick<(chance: Chance) => number>([
		(draw) => draw.between(second, 2 * minute),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(hour, 3 * day),
	])(chance);
	const span = { from: Math.round(from), to: Math.round(Math.min(base.length, from + lasting)) };
	return chance.pick(makers)(chance, span, base);
}

const one =
	(make: (chance: Chance, base: Scenario) => DistributiveOmit<Trouble, "from" | "to">): Maker =>
	(chance, span, base) => [{ ...make(chance, base), ...span }];

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

const radio = one(() => ({ kind: "radio" }));
const service = one((chance) => ({ kind: "service", fault: makeServiceFault(chance) }));
const cut = one((chance) => ({ kind: "power", where: "queue", step: chance.below(400) }));

const makers: readonly [Maker, ...Maker[]] = [
	radio,
	one((chance) => ({
		kind: "fading",
		strength: Math.round(chance.between(-92, -75)),
		loss: Number(chance.between(0.02, 0.5).toFixed(2)),
	})),
	one(() => ({ kind: "password" })),
	one(() => ({ kind: "away" })),
	one(() => ({ kind: "internet" })),
	goneForAMonth,
	fullFlash,
	one((chance) => ({ kind: "names", how: chance.pick(["refused", "silent", "elsewhere"]) })),
	one((chance) => ({ kind: "time servers", fault: chance.pick(ntpFaults), all: chance.happens(0.5) })),
	lie,
	service,
	service,
	service,
	maintenance,
	one((chance) => ({ kind: "service clock", offset: Math.round(chance.between(-400, 400) * day) })),
	(_, { from }) => [{ from, to: from, kind: "quota" }],
	one((chance) => ({ kind: "sensor", how: chance.pick(sensorFaults) })),
	cut,
	one((chance) => ({ kind: "power", where: "queue", step: chance.below(12) })),
	one((chance) => ({ kind: "power", where: "quarantine", step: chance.below(50) })),
	one((chance) => ({ kind: "power", where: "key-value", step: chance.below(3) })),
	one(() => ({ kind: "outage" })),
	brownOut,
	one((chance) => ({ kind: "wear", block: chance.below(64), how: chance.pick(wearKinds) })),
	(chance, { from }) => [{ from, to: from, kind: "flips", bits: 1 + chance.below(8) }],
	(chance, { from }) => [
		{ from, to: from, kind: "forgotten", key: chance.pick(["boots", "clock", "budget", "attempts"]) },
	],
	press,
	(chance, span, base) => {
		const change = makeChange(chance, base);
		return [{ ...span, to: change.key === undefined ? span.from : span.to, kind: "settings", change }];
	},
];

/** A time server's clock is wrong; or all of them are, while what is measured has to wait. */
function lie(chance: Chance, span: Span, { length }: Scenario): Trouble[] {
	const told: Trouble = {
		...{ ...span, kind: "time servers" },
		...{ fault: makeLie(chance), all: chance.happens(0.2) },
	};
	if (chance.happens(0.6)) return [told];
	// A clock that is known is set once a day.
	const to = Math.round(span.from + chance.between(1, 2) * day);
	const late = Math.round(to + chance.between(1, 2) * day);
	if (late > length) return [told];
	return [
		{ ...told, to, all: true },
		{ from: span.from, to: late, kind: "service", fault: { kind: "refused" } },
	];
}

/** Nobody is at home, and the router is off; or power is. */
function goneForAMonth(chance: Chance, { from }: Span, { length }: Scenario): Trouble[] {
	const to = Math.round(Math.min(length, from + chance.between(20, 35) * day));
	return [{ from, to, kind: chance.pick(["radio", "internet", "outage"]) }];
}

/** Nothing gets through for so long that the flash is full, once or a few times over; where the life is long enough. */
function fullFlash(chance: Chance, span: Span, base: Scenario): Trouble[] {
	const whole = base.sectors * readingsInSector * base.interval * second;
	const lasting = whole * chance.between(1.1, 3);
	if (lasting > 0.6 * base.length) return goneForAMonth(chance, span, base);
	const from = Math.round(chance.between(0, 0.35 * base.length));
	return [{ from, to: Math.round(from + lasting), kind: chance.pick(["radio", "internet"]) }];
}

/** The service is away for an hour or two, on the same day of each week, for some weeks. */
function maintenance(chance: Chance, { from }: Span, { length }: Scenario): Trouble[] {
	const lasting = Math.round(chance.between(10 * minute, 2 * hour));
	const wait = chance.happens(0.5) ? { wait: Math.round(lasting / 2000) } : {};
	const weeks = Array.from({ length: 6 }, (_, week) => from + week * 7 * day);
	return weeks
		.filter((begin) => begin + lasting < length)
		.map((begin) => ({
			...{ from: begin, to: begin + lasting, kind: "service" },
			fault: { kind: "status", status: 503, ...wait },
		}));
}

/** Some minutes, or fifty starts. */
function brownOut(chance: Chance, { from }: Span): Trouble[] {
	const each = Math.round(chance.between(0.2, 20) * second);
	const lasting = chance.happens(0.5) ? chance.between(1, 10) * minute : 50 * (each + 600);
	return [{ from, to: Math.round(from + lasting), kind: "brown-out", each }];
}

/** A short press, a long one, or one after which all is forgotten; power may go in the middle of that. */
function press(chance: Chance, { from }: Span, { panel }: Scenario): Trouble[] {
	if (!panel) return [];
	const length = chance.pick<() => number>([
		() => chance.between(60, 2_000),
		() => chance.between(60, 2_000),
		() => chance.between(5_200, 9_800),
		() => chance.between(10_200, 25_000),
	])();
	const to = Math.round(from + length);
	const setUpAfter = Math.round(chance.between(minute, day));
	const pressed: Trouble = { from, to, kind: "press", setUpAfter };
	if (length < 10_000 || chance.happens(0.5)) return [pressed];
	const where = chance.pick<"key-value" | "queue" | "quarantine">(["key-value", "queue", "quarantine"]);
	return [pressed, { from: to, to: to + 5 * second, kind: "power", where, step: chance.below(8) }];
}

const ntpFaults: readonly [NtpFault, ...NtpFault[]] = [
	{ kind: "silent" },
	{ kind: "wrong originate" },
	{ kind: "kiss", code: "RATE" },
	{ kind: "kiss", code: "DENY" },
	{ kind: "kiss", code: "INIT" },
	{ kind: "unsynchronized" },
	{ kind: "short", length: 20 },
	{ kind: "mode", mode: 3 },
	{ kind: "version", version: 1 },
	{ kind: "stratum", stratum: 16 },
	{ kind: "no time" },
];

/** A time server's clock is off: by some minutes, hours, or years. */
function makeLie(chance: Chance): NtpFault {
	const most = chance.pick([2 * minute, 5 * hour, 3 * year]);
	return { kind: "offset", milliseconds: Math.round(chance.between(-most, most)) };
}

const sensorFaults: readonly [SensorFault, ...SensorFault[]] = [
	"unplugged",
	"unplugged",
	"frozen",
	"stuck",
	"garbled",
	"swapped",
];

const wearKinds: readonly [WearKind, ...WearKind[]] = [
	"erase does nothing",
	"program does nothing",
	"erase throws",
	"program throws",
	"read throws",
	"bits stay cleared",
];

function makeChange(chance: Chance, { interval }: Scenario): SettingsChange {
	return chance.pick<() => SettingsChange>([
		() => ({ interval: Math.min(86_400, Math.max(60, interval * chance.pick([0.5, 0.5, 2, 3]))) }),
		() => ({ uploadInterval: chance.pick<number | "auto">(["auto", 0, 600, 7200]) }),
		() => ({ location: chance.pick(["Cellar", "Küche", "Garden – north"]) }),
		() => ({ source: chance.below(2) }),
		() => ({ key: "unknown" }),
		() => ({ key: "read" }),
	])();
}

const odd: readonly [OddAnswer, ...OddAnswer[]] = [
	"interim",
	"no content",
	"chunked",
	"until close",
	"too long",
	"too short",
	"huge",
	"no JSON",
	"closed after",
];

/** Everything of docs/faults.md. */
function makeServiceFault(chance: Chance): ServiceFault {
	return chance.pick<() => ServiceFault>([
		() => ({ kind: chance.pick(["answer lost", "answer cut", "drip", "flood"]) }),
		() => ({ kind: "odd", how: chance.pick(odd) }),
		() => ({ kind: "odd", how: chance.pick(odd) }),
		() => ({ kind: chance.pick(["refused", "unreachable", "half TLS", "no TLS"]) }),
		() => ({ kind: chance.pick(["silent", "request cut", "nonsense"]) }),
		() => ({ kind: "status", status: chance.pick([408, 425, 500, 502, 503, 504]) }),
		() => ({
			kind: "status",
			status: chance.pick([429, 503]),
			wait: chance.pick([0, 30, 600, 7200, 86_400, 3_000_000_000]),
		}),
		() => ({ kind: "status", status: 429 }),
		() => ({ kind: "status", status: chance.pick([301, 302, 307, 308, 401, 403, 404, 405, 415]) }),
		() => ({ kind: "early", status: chance.pick([500, 503]) }),
		() => ({ kind: "too large", bytes: chance.pick([4_000, 20_000, 100_000]) }),
		() => ({ kind: "poison", every: chance.pick([2, 7, 60]), status: chance.pick([400, 409, 422]) }),
		() => ({
			kind: "certificate",
			trust: chance.pick(["expired", "not yet valid", "wrong name", "untrusted", "forged"]),
		}),
	])();
}
