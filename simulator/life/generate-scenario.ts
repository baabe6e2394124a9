import { releasedAt } from "../../src/version";
import type { NtpFault } from "../ntp/ntp-response";
import {
	oddResponses,
	type PoweredPart,
	refusalStatuses,
	releaseServerFaults,
	type Scenario,
	type ScenarioFault,
	type SensorFault,
	type ServiceFault,
	type SettingsChange,
	updateFileKinds,
	type WearKind,
} from "./scenario";
import { SeededRandom } from "./seeded-random";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
export const year = 365.25 * day;

/** Calendar moments that have broken devices: ends of months and years, leap days, NTP's and Unix's rollovers. */
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
/** The firmware rejects time servers more than 20 years after its release. */
const maxEndTime = releasedAt + 20 * year;

/** The platform's 32-bit counter at a start: zero, and shortly before it wraps. */
const tickStarts = [0, 2 ** 31 - 3 * hour, 2 ** 32 - 2 * day, 2 ** 31 - 10 * second] as const;

/** Sampling intervals, seconds, as users choose them. */
const mainsIntervalsS = [60, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400] as const;
const batteryIntervalsS = [600, 900, 1800, 3600, 7200, 14_400] as const;
/**
 * Readings per life if no length is given. A board that samples hourly lives longer than one that samples each minute,
 * so that there are equally many of each kind. A wake from sleep costs as much CPU time as several readings.
 */
const mainsReadings = [3_000, 6_000, 12_000] as const;
const batteryReadings = [1_500, 3_000, 6_000] as const;
const minLengthMs = 5 * day;
const maxLengthMs = 8 * year;
/** Readings per sector of 4 KiB, approximately. */
const readingsPerSector = 550;
/** Faults per life, whatever its length. */
const maxFaults = 60;

/** The scenario of a seed. `length`: milliseconds; omitted: chosen by the seed. */
export function generateScenario(seed: number, length?: number): Scenario {
	const random = new SeededRandom(seed).fork("scenario");
	const power = random.pick<Scenario["power"]>(["mains", "mains", "battery"]);
	const battery = power === "battery";
	const interval = battery ? random.pick(batteryIntervalsS) : random.pick(mainsIntervalsS);
	const readings = battery ? random.pick(batteryReadings) : random.pick(mainsReadings);
	const usual = Math.min(maxLengthMs, Math.max(minLengthMs, readings * interval * second));
	const base = makeBase({ seed, length: Math.round(length ?? usual), interval, power }, random);
	const days = random.pick([3, 5, 10, 20]);
	const count = Math.min(maxFaults, 1 + Math.ceil(base.length / day / days));
	const faults = Array.from({ length: count }, (_, index) =>
		makeFaults(random.fork(`fault ${index}`), base),
	).flat();
	const updates = makeUpdates(random.fork("updates"), base);
	const forgetful = makeSleepMemoryFaults(random.fork("sleep memory"), base);
	const flapping = makeFlapping(random.fork("flapping"), base);
	return {
		...base,
		updates: updates.length > 0,
		faults: [...faults, ...updates, ...forgetful, ...flapping].sort((a, b) => a.from - b.from),
	};
}

function makeBase(
	given: Pick<Scenario, "seed" | "length" | "interval" | "power">,
	random: SeededRandom,
): Scenario {
	const { length, power } = given;
	const start = random.pick(startTimes);
	const battery = power === "battery";
	const wrapped = !battery && random.nextBoolean(0.4);
	return {
		...given,
		startedAt: Math.min(start, maxEndTime - length - 30 * day),
		uploadInterval: random.pick<Scenario["uploadInterval"]>(["auto", "auto", "auto", 0, 1800, 3600, 3600]),
		plan: random.pick([3_000, 10_000, 1_000_000]),
		sectors: random.pick([4, 4, 16, 64, 256]),
		drift: integerWithin(random, 60),
		sleepDrift: integerWithin(random, 10_000),
		...(wrapped ? { ticksFrom: random.pick(tickStarts) } : {}),
		// A light that flashes every five seconds costs more CPU time than all the rest.
		panel: battery || (length < 40 * day && random.nextBoolean(0.3)),
		networks: random.pick([1, 2]),
		updates: false,
		faults: [],
	};
}

/** Between -max and max; never -0, which JSON does not distinguish from 0. */
function integerWithin(random: SeededRandom, max: number): number {
	return Math.round(random.between(-max, max)) || 0;
}

interface Span {
	readonly from: number;
	readonly to: number;
}

/** One fault, or several that belong together. */
type FaultMaker = (random: SeededRandom, span: Span, base: Scenario) => readonly ScenarioFault[];

function makeFaults(random: SeededRandom, base: Scenario): readonly ScenarioFault[] {
	const from = random.between(0, base.length * 0.95);
	const lasting = random.pick<(random: SeededRandom) => number>([
		(draw) => draw.between(second, 2 * minute),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(minute, 2 * hour),
		(draw) => draw.between(hour, 3 * day),
	])(random);
	const span = { from: Math.round(from), to: Math.round(Math.min(base.length, from + lasting)) };
	return random.pick(makers)(random, span, base);
}

const one =
	(
		make: (random: SeededRandom, base: Scenario) => DistributiveOmit<ScenarioFault, "from" | "to">,
	): FaultMaker =>
	(random, span, base) => [{ ...make(random, base), ...span }];

type DistributiveOmit<T, Key extends PropertyKey> = T extends unknown ? Omit<T, Key> : never;

const radio = one(() => ({ kind: "radio" }));
const service = one((random) => ({ kind: "service", fault: makeServiceFault(random) }));
const powerCut = one((random) => ({ kind: "power", where: "queue", step: random.below(400) }));

const makers: readonly [FaultMaker, ...FaultMaker[]] = [
	radio,
	one((random) => ({
		kind: "fading",
		strength: Math.round(random.between(-92, -75)),
		loss: Number(random.between(0.02, 0.5).toFixed(2)),
	})),
	one(() => ({ kind: "password" })),
	one(() => ({ kind: "away" })),
	one(() => ({ kind: "internet" })),
	monthOffline,
	fullFlash,
	one((random) => ({ kind: "names", how: random.pick(["refused", "silent", "elsewhere"]) })),
	one((random) => ({ kind: "time servers", fault: random.pick(ntpFaults), all: random.nextBoolean(0.5) })),
	wrongServerClock,
	service,
	service,
	service,
	lastingService,
	lastingService,
	maintenance,
	one((random) => ({ kind: "service clock", offset: Math.round(random.between(-400, 400) * day) })),
	(_, { from }) => [{ from, to: from, kind: "quota" }],
	one((random) => ({ kind: "sensor", how: random.pick(sensorFaults) })),
	powerCut,
	one((random) => ({ kind: "power", where: "queue", step: random.below(12) })),
	one((random) => ({ kind: "power", where: "quarantine", step: random.below(50) })),
	one((random) => ({ kind: "power", where: "key-value", step: random.below(3) })),
	one(() => ({ kind: "outage" })),
	brownOut,
	one((random) => ({ kind: "wear", block: random.below(64), how: random.pick(wearKinds) })),
	(random, { from }) => [{ from, to: from, kind: "flips", bits: 1 + random.below(8) }],
	(random, { from }) => [
		{ from, to: from, kind: "forgotten", key: random.pick(["boots", "clock", "budget", "attempts", "ring"]) },
	],
	// It is read at a start.
	(_random, { from, to }) => [
		{ from, to, kind: "outdated" },
		{ from: to, to: to + minute, kind: "outage" },
	],
	buttonPress,
	(random, span, base) => {
		const change = makeChange(random, base);
		return [{ ...span, to: change.key === undefined ? span.from : span.to, kind: "settings", change }];
	},
];

/** One time server is wrong, or all of them while readings are pending. */
function wrongServerClock(random: SeededRandom, span: Span, { length }: Scenario): ScenarioFault[] {
	const fault: ScenarioFault = {
		...{ ...span, kind: "time servers" },
		...{ fault: wrongClock(random), all: random.nextBoolean(0.2) },
	};
	if (random.nextBoolean(0.6)) return [fault];
	// A known clock is synchronized once a day.
	const to = Math.round(span.from + random.between(1, 2) * day);
	const late = Math.round(to + random.between(1, 2) * day);
	if (late > length) return [fault];
	return [
		{ ...fault, to, all: true },
		{ from: span.from, to: late, kind: "service", fault: { kind: "refused" } },
	];
}

/** A month without network or power. */
function monthOffline(random: SeededRandom, { from }: Span, { length }: Scenario): ScenarioFault[] {
	const to = Math.round(Math.min(length, from + random.between(20, 35) * day));
	return [{ from, to, kind: random.pick(["radio", "internet", "outage"]) }];
}

/** Offline for so long that the flash fills up once or several times, if the life is long enough. */
function fullFlash(random: SeededRandom, span: Span, base: Scenario): ScenarioFault[] {
	const whole = base.sectors * readingsPerSector * base.interval * second;
	const lasting = whole * random.between(1.1, 3);
	if (lasting > 0.6 * base.length) return monthOffline(random, span, base);
	const from = Math.round(random.between(0, 0.35 * base.length));
	return [{ from, to: Math.round(from + lasting), kind: random.pick(["radio", "internet"]) }];
}

/** In every third life: some updates, of which most are no good, and what goes wrong meanwhile. */
function makeUpdates(random: SeededRandom, { length }: Scenario): ScenarioFault[] {
	if (random.nextBoolean(2 / 3)) return [];
	const count = 2 + random.below(6);
	return Array.from({ length: count }, (_, index) =>
		makeUpdate(random.fork(`update ${index}`), length),
	).flat();
}

function makeUpdate(random: SeededRandom, length: number): ScenarioFault[] {
	const from = Math.round(random.between(0, 0.95 * length));
	const file = random.pick([...updateFileKinds, "works", "works"] as const);
	const by = random.pick(["user", "index"] as const);
	const given: ScenarioFault = { from, to: from, kind: "update", by, file };
	const to = Math.round(Math.min(length, from + random.between(minute, 2 * day)));
	const cut = (where: PoweredPart, steps: number, at = from): ScenarioFault => ({
		...{ from: at, to: Math.min(length, at + (by === "user" ? minute : day)) },
		...{ kind: "power", where, step: random.below(steps) },
	});
	const slot = () => random.pick(["ota_0", "ota_1"] as const);
	return random.pick<() => ScenarioFault[]>([
		() => [given],
		() => [given],
		// The cut is armed before the first byte of the update.
		() => [cut(slot(), 34_008), given],
		() => [cut(slot(), 40), given],
		() => [cut("otadata", 66), given],
		() => [cut("key-value", 12), given],
		// During the trial.
		() => [
			given,
			{ from: from + Math.round(random.between(0, 15 * minute)), to: to + 15 * minute, kind: "outage" },
		],
		() => [given, { from, to, kind: "releases", how: random.pick(releaseServerFaults) }],
		() => [{ from, to, kind: "releases", how: random.pick(releaseServerFaults) }, given],
	])();
}

/** On battery. */
function makeSleepMemoryFaults(random: SeededRandom, { length, power }: Scenario): ScenarioFault[] {
	if (power === "mains") return [];
	return Array.from({ length: random.below(5) }, () => {
		const at = Math.round(random.between(0, length));
		return { from: at, to: at, kind: "sleep memory", how: random.pick(["lost", "old"]) };
	});
}

/**
 * In every fourth life: the service fails and confirms in turn, in short runs, for hours or days; in half of these after
 * an outage, so that there is a backlog of several batches.
 */
function makeFlapping(random: SeededRandom, { length, interval }: Scenario): ScenarioFault[] {
	if (random.nextBoolean(3 / 4)) return [];
	const begin = Math.round(random.between(0, 0.7 * length));
	const offlineMs = random.nextBoolean(0.5) ? random.between(0.5, 5) * 1_000 * interval * second : 0;
	const from = Math.round(Math.min(begin + offlineMs, 0.8 * length));
	const faults: ScenarioFault[] = from > begin ? [{ from: begin, to: from, kind: "internet" }] : [];
	const partMs = random.pick([2 * hour, 12 * hour, day]);
	for (let part = 1 + random.below(6), at = from; part > 0 && at < length; part--) {
		const to = Math.round(Math.min(length, at + partMs * random.between(0.5, 1.5)));
		faults.push({ from: at, to, kind: "service", fault: makeFlappingFault(random) });
		at = to;
	}
	return faults;
}

function makeFlappingFault(random: SeededRandom): ServiceFault {
	const status = random.pick([undefined, 500, 503]);
	return {
		...{ kind: "flapping", failures: 1 + random.below(4), successes: 1 + random.below(3) },
		...(status === undefined ? {} : { status }),
		...(random.nextBoolean(0.75) ? { stored: true } : {}),
	};
}

/** The service refuses points, or confirms none, for as long as it takes to measure some. */
function lastingService(
	random: SeededRandom,
	{ from }: Span,
	{ length, interval }: Scenario,
): ScenarioFault[] {
	const to = Math.round(Math.min(length, from + random.between(5, 60) * interval * second));
	const fault = random.pick([makeRefusal, makeRefusal, makeStoringFault])(random);
	return [{ from, to, kind: "service", fault }];
}

/** Weekly maintenance: the service is down for up to two hours, for six weeks. */
function maintenance(random: SeededRandom, { from }: Span, { length }: Scenario): ScenarioFault[] {
	const lasting = Math.round(random.between(10 * minute, 2 * hour));
	const wait = random.nextBoolean(0.5) ? { wait: Math.round(lasting / 2000) } : {};
	const weeks = Array.from({ length: 6 }, (_, week) => from + week * 7 * day);
	return weeks
		.filter((begin) => begin + lasting < length)
		.map((begin) => ({
			...{ from: begin, to: begin + lasting, kind: "service" },
			fault: { kind: "status", status: 503, ...wait },
		}));
}

/** For some minutes, or for fifty starts. */
function brownOut(random: SeededRandom, { from }: Span): ScenarioFault[] {
	const each = Math.round(random.between(0.2, 20) * second);
	const lasting = random.nextBoolean(0.5) ? random.between(1, 10) * minute : 50 * (each + 600);
	return [{ from, to: Math.round(from + lasting), kind: "brown-out", each }];
}

/** A short press, a long one, or a factory reset, during which power may fail. */
function buttonPress(random: SeededRandom, { from }: Span, { panel }: Scenario): ScenarioFault[] {
	if (!panel) return [];
	const length = random.pick<() => number>([
		() => random.between(60, 2_000),
		() => random.between(60, 2_000),
		() => random.between(5_200, 9_800),
		() => random.between(10_200, 25_000),
	])();
	const to = Math.round(from + length);
	const setUpAfter = Math.round(random.between(minute, day));
	const pressed: ScenarioFault = { from, to, kind: "press", setUpAfter };
	if (length < 10_000 || random.nextBoolean(0.5)) return [pressed];
	const where = random.pick<"key-value" | "queue" | "quarantine">(["key-value", "queue", "quarantine"]);
	return [pressed, { from: to, to: to + 5 * second, kind: "power", where, step: random.below(8) }];
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

/** A time server that is off by minutes, hours or years. */
function wrongClock(random: SeededRandom): NtpFault {
	const maxMs = random.pick([2 * minute, 5 * hour, 3 * year]);
	return { kind: "offset", milliseconds: Math.round(random.between(-maxMs, maxMs)) };
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

function makeChange(random: SeededRandom, { interval }: Scenario): SettingsChange {
	return random.pick<() => SettingsChange>([
		() => ({ interval: Math.min(86_400, Math.max(60, interval * random.pick([0.5, 0.5, 2, 3]))) }),
		() => ({ uploadInterval: random.pick<number | "auto">(["auto", 0, 600, 7200]) }),
		() => ({ location: random.pick(["Cellar", "Küche", "Garden – north"]) }),
		() => ({ source: random.below(2) }),
		() => ({ key: "unknown" }),
		() => ({ key: "read" }),
	])();
}

/** The service refuses some points, all, or large requests. */
function makeRefusal(random: SeededRandom): ServiceFault {
	return random.pick<() => ServiceFault>([
		() => ({ kind: "status", status: 400 + random.below(100), ...stored(random) }),
		() => ({ kind: "status", status: random.pick(refusalStatuses), ...stored(random) }),
		() => ({ kind: "too large", bytes: Math.round(100 * 1000 ** random.next()) }),
		() => ({ ...poison, every: random.pick([1, 2, 7, 60]), status: random.pick(refusalStatuses) }),
		() => ({ ...poison, every: random.pick([200, 1000]), status: random.pick(otherStatuses) }),
		() => ({ ...poison, every: random.pick([30, 500]), run: 12, status: random.pick(refusalStatuses) }),
	])();
}

const poison = { kind: "poison" } as const;
/** These say nothing about a point's content. */
const otherStatuses = [302, 401, 403, 404, 405, 418, 451, 408, 500, 503] as const;

/** The service stores the points, and its response does not say so. */
function makeStoringFault(random: SeededRandom): ServiceFault {
	return random.pick<() => ServiceFault>([
		() => ({ kind: random.pick(["answer lost", "answer cut", "drip"]) }),
		() => ({ kind: "status", status: random.pick([400, 404, 408, 429, 500, 502, 503]), stored: true }),
	])();
}

/** Half of the failures come from a service that stores the points nevertheless. */
const stored = (random: SeededRandom) => (random.nextBoolean(0.5) ? { stored: true } : {});

/** Every fault in docs/faults.md. */
function makeServiceFault(random: SeededRandom): ServiceFault {
	return random.pick<() => ServiceFault>([
		() => ({ kind: random.pick(["answer lost", "answer cut", "drip", "flood"]) }),
		() => ({ kind: "odd", how: random.pick(oddResponses) }),
		() => ({ kind: "odd", how: random.pick(oddResponses) }),
		() => ({ kind: random.pick(["refused", "unreachable", "half TLS", "no TLS"]) }),
		() => ({ kind: random.pick(["silent", "request cut", "nonsense"]) }),
		() => ({ kind: "status", status: random.pick([408, 425, 500, 502, 503, 504]), ...stored(random) }),
		() => ({
			kind: "status",
			status: random.pick([429, 503]),
			wait: random.pick([0, 30, 600, 7200, 86_400, 3_000_000_000]),
		}),
		() => ({ kind: "status", status: 429 }),
		() => ({ kind: "status", status: random.pick([301, 302, 307, 308, 401, 403, 404, 405, 415]) }),
		() => ({ kind: "early", status: random.pick([201, 201, 400, 401, 413, 500, 503]) }),
		() => makeRefusal(random),
		() => makeRefusal(random),
		() => makeStoringFault(random),
		() => ({
			kind: "certificate",
			trust: random.pick(["expired", "not yet valid", "wrong name", "untrusted", "forged"]),
		}),
	])();
}
