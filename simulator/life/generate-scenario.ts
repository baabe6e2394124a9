import { releasedAt } from "../../src/version";
import type { NtpFault } from "../ntp/ntp-response";
import type {
	OddResponse,
	Scenario,
	ScenarioFault,
	SensorFault,
	ServiceFault,
	SettingsChange,
	WearKind,
} from "./scenario";
import { SeededRandom } from "./seeded-random";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
export const year = 365.25 * day;

/** Calendar moments that have broken devices: ends of months and years, leap days, NTP's and Unix's turnarounds. */
const startTimes = [
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
const maxEndTime = releasedAt + 20 * year;

/** Where the platform's 32 bits stand at a start: at their beginning, and shortly before they turn. */
const tickStarts = [0, 2 ** 31 - 3 * hour, 2 ** 32 - 2 * day, 2 ** 31 - 10 * second] as const;

/** Seconds from one reading to the next, as boards have it in a house, in a garden and in a cellar. */
const mainsIntervalsS = [60, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400] as const;
const batteryIntervalsS = [600, 900, 1800, 3600, 7200, 14_400] as const;
/**
 * How many readings long, when nobody says how long: a board that measures once an hour has a longer life than one that
 * does each minute, so that each kind has as many lives. A wake from sleep costs as much as some readings.
 */
const mainsReadings = [3_000, 6_000, 12_000] as const;
const batteryReadings = [1_500, 3_000, 6_000] as const;
const minLengthMs = 5 * day;
const maxLengthMs = 8 * year;
/** About so many readings has a sector of 4 KiB. */
const readingsPerSector = 550;
/** The most that goes wrong in a life, however long. */
const maxFaults = 60;

/** The life that a seed stands for; of this length (milliseconds), or as long as the seed says. */
export function generateScenario(seed: number, length?: number): Scenario {
	const chance = new SeededRandom(seed).fork("scenario");
	const power = chance.pick<Scenario["power"]>(["mains", "mains", "battery"]);
	const battery = power === "battery";
	const interval = battery ? chance.pick(batteryIntervalsS) : chance.pick(mainsIntervalsS);
	const readings = battery ? chance.pick(batteryReadings) : chance.pick(mainsReadings);
	const usual = Math.min(maxLengthMs, Math.max(minLengthMs, readings * interval * second));
	const base = makeBase({ seed, length: Math.round(length ?? usual), interval, power }, chance);
	const days = chance.pick([3, 5, 10, 20]);
	const count = Math.min(maxFaults, 1 + Math.ceil(base.length / day / days));
	const faults = Array.from({ length: count }, (_, index) =>
		makeFaults(chance.fork(`fault ${index}`), base),
	).flat();
	return { ...base, faults: faults.sort((a, b) => a.from - b.from) };
}

function makeBase(
	given: Pick<Scenario, "seed" | "length" | "interval" | "power">,
	chance: SeededRandom,
): Scenario {
	const { length, power } = given;
	const start = chance.pick(startTimes);
	const battery = power === "battery";
	const wrapped = !battery && chance.nextBoolean(0.4);
	return {
		...given,
		startedAt: Math.min(start, maxEndTime - length - 30 * day),
		uploadInterval: chance.pick<Scenario["uploadInterval"]>(["auto", "auto", "auto", 0, 1800, 3600, 3600]),
		plan: chance.pick([3_000, 10_000, 1_000_000]),
		sectors: chance.pick([4, 4, 16, 64, 256]),
		drift: integerWithin(chance, 60),
		sleepDrift: integerWithin(chance, 10_000),
		...(wrapped ? { ticksFrom: chance.pick(tickStarts) } : {}),
		// A light that flashes each five seconds costs the simulation more than all else.
		panel: battery || (length < 40 * day && chance.nextBoolean(0.3)),
		networks: chance.pick([1, 2]),
		faults: [],
	};
}

/** Of no more than so much, in either direction; never the zero that JSON cannot tell from zero. */
function integerWithin(chance: SeededRandom, max: number): number {
	return Math.round(chance.between(-max, max)) || 0;
}

interface Span {
	readonly from: number;
	readonly to: number;
}

/** One fault, or a few that belong together. */
type FaultMaker = (chance: SeededRandom, span: Span, base: Scenario) => readonly ScenarioFault[];

function makeFaults(chance: SeededRandom, base: Scenario): readonly ScenarioFault[] {
	const from = chance.between(0, base.length * 0.95);
	const lasting = chance.pick<(chance: SeededRandom) => number>([
		(draw) => draw.between(second, 2 * minute),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(hour, 3 * day),
	])(chance);
	const span = { from: Math.round(from), to: Math.round(Math.min(base.length, from + lasting)) };
	return chance.pick(makers)(chance, span, base);
}

const one =
	(
		make: (chance: SeededRandom, base: Scenario) => DistributiveOmit<ScenarioFault, "from" | "to">,
	): FaultMaker =>
	(chance, span, base) => [{ ...make(chance, base), ...span }];

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

const radio = one(() => ({ kind: "radio" }));
const service = one((chance) => ({ kind: "service", fault: makeServiceFault(chance) }));
const powerCut = one((chance) => ({ kind: "power", where: "queue", step: chance.below(400) }));

const makers: readonly [FaultMaker, ...FaultMaker[]] = [
	radio,
	one((chance) => ({
		kind: "fading",
		strength: Math.round(chance.between(-92, -75)),
		loss: Number(chance.between(0.02, 0.5).toFixed(2)),
	})),
	one(() => ({ kind: "password" })),
	one(() => ({ kind: "away" })),
	one(() => ({ kind: "internet" })),
	monthOffline,
	fullFlash,
	one((chance) => ({ kind: "names", how: chance.pick(["refused", "silent", "elsewhere"]) })),
	one((chance) => ({ kind: "time servers", fault: chance.pick(ntpFaults), all: chance.nextBoolean(0.5) })),
	wrongServerClock,
	service,
	service,
	service,
	maintenance,
	one((chance) => ({ kind: "service clock", offset: Math.round(chance.between(-400, 400) * day) })),
	(_, { from }) => [{ from, to: from, kind: "quota" }],
	one((chance) => ({ kind: "sensor", how: chance.pick(sensorFaults) })),
	powerCut,
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
	buttonPress,
	(chance, span, base) => {
		const change = makeChange(chance, base);
		return [{ ...span, to: change.key === undefined ? span.from : span.to, kind: "settings", change }];
	},
];

/** A time server's clock is wrong; or all of them are, while what is measured has to wait. */
function wrongServerClock(chance: SeededRandom, span: Span, { length }: Scenario): ScenarioFault[] {
	const told: ScenarioFault = {
		...{ ...span, kind: "time servers" },
		...{ fault: wrongClock(chance), all: chance.nextBoolean(0.2) },
	};
	if (chance.nextBoolean(0.6)) return [told];
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
function monthOffline(chance: SeededRandom, { from }: Span, { length }: Scenario): ScenarioFault[] {
	const to = Math.round(Math.min(length, from + chance.between(20, 35) * day));
	return [{ from, to, kind: chance.pick(["radio", "internet", "outage"]) }];
}

/** Nothing gets through for so long that the flash is full, once or a few times over; where the life is long enough. */
function fullFlash(chance: SeededRandom, span: Span, base: Scenario): ScenarioFault[] {
	const whole = base.sectors * readingsPerSector * base.interval * second;
	const lasting = whole * chance.between(1.1, 3);
	if (lasting > 0.6 * base.length) return monthOffline(chance, span, base);
	const from = Math.round(chance.between(0, 0.35 * base.length));
	return [{ from, to: Math.round(from + lasting), kind: chance.pick(["radio", "internet"]) }];
}

/** The service is away for an hour or two, on the same day of each week, for some weeks. */
function maintenance(chance: SeededRandom, { from }: Span, { length }: Scenario): ScenarioFault[] {
	const lasting = Math.round(chance.between(10 * minute, 2 * hour));
	const wait = chance.nextBoolean(0.5) ? { wait: Math.round(lasting / 2000) } : {};
	const weeks = Array.from({ length: 6 }, (_, week) => from + week * 7 * day);
	return weeks
		.filter((begin) => begin + lasting < length)
		.map((begin) => ({
			...{ from: begin, to: begin + lasting, kind: "service" },
			fault: { kind: "status", status: 503, ...wait },
		}));
}

/** Some minutes, or fifty starts. */
function brownOut(chance: SeededRandom, { from }: Span): ScenarioFault[] {
	const each = Math.round(chance.between(0.2, 20) * second);
	const lasting = chance.nextBoolean(0.5) ? chance.between(1, 10) * minute : 50 * (each + 600);
	return [{ from, to: Math.round(from + lasting), kind: "brown-out", each }];
}

/** A short press, a long one, or one after which all is forgotten; power may go in the middle of that. */
function buttonPress(chance: SeededRandom, { from }: Span, { panel }: Scenario): ScenarioFault[] {
	if (!panel) return [];
	const length = chance.pick<() => number>([
		() => chance.between(60, 2_000),
		() => chance.between(60, 2_000),
		() => chance.between(5_200, 9_800),
		() => chance.between(10_200, 25_000),
	])();
	const to = Math.round(from + length);
	const setUpAfter = Math.round(chance.between(minute, day));
	const pressed: ScenarioFault = { from, to, kind: "press", setUpAfter };
	if (length < 10_000 || chance.nextBoolean(0.5)) return [pressed];
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
function wrongClock(chance: SeededRandom): NtpFault {
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

function makeChange(chance: SeededRandom, { interval }: Scenario): SettingsChange {
	return chance.pick<() => SettingsChange>([
		() => ({ interval: Math.min(86_400, Math.max(60, interval * chance.pick([0.5, 0.5, 2, 3]))) }),
		() => ({ uploadInterval: chance.pick<number | "auto">(["auto", 0, 600, 7200]) }),
		() => ({ location: chance.pick(["Cellar", "Küche", "Garden – north"]) }),
		() => ({ source: chance.below(2) }),
		() => ({ key: "unknown" }),
		() => ({ key: "read" }),
	])();
}

const oddResponses: readonly [OddResponse, ...OddResponse[]] = [
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
function makeServiceFault(chance: SeededRandom): ServiceFault {
	return chance.pick<() => ServiceFault>([
		() => ({ kind: chance.pick(["answer lost", "answer cut", "drip", "flood"]) }),
		() => ({ kind: "odd", how: chance.pick(oddResponses) }),
		() => ({ kind: "odd", how: chance.pick(oddResponses) }),
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
