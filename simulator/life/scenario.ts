import type { TrustFault } from "../../src/boards/connection-error";
import type { NtpFault } from "../ntp/answer";
import type { Chance } from "./chance";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** What a service can do to a request; the points are stored in the first two only. */
export type ServiceFault =
	/** Stored, but the connection is reset before the answer. */
	| { readonly kind: "answer lost" }
	/** Stored, and half of the answer comes before the reset. */
	| { readonly kind: "answer cut" }
	/** The connection is refused, before TLS. */
	| { readonly kind: "refused" }
	/** TLS is made, then nothing. */
	| { readonly kind: "silent" }
	/** The connection is reset in the middle of the request. */
	| { readonly kind: "request cut" }
	/** Something that is not HTTP. */
	| { readonly kind: "nonsense" }
	/** A proxy answers for the service; nothing is stored. */
	| { readonly kind: "status"; readonly status: number }
	/** One point is refused, and with it every batch that it is in; all else is stored. */
	| { readonly kind: "poison"; readonly sequence: number }
	/** TLS fails on the certificate. */
	| { readonly kind: "certificate"; readonly trust: TrustFault };

/** Something that goes wrong, from one moment of a life (milliseconds from its start) to another. */
export type Trouble = { readonly from: number; readonly to: number } & (
	| { readonly kind: "radio" }
	| { readonly kind: "internet" }
	| { readonly kind: "names"; readonly how: "refused" | "silent" }
	| { readonly kind: "time servers"; readonly fault: NtpFault; readonly all: boolean }
	| { readonly kind: "service"; readonly fault: ServiceFault }
	/** The service's clock is wrong by so many milliseconds. */
	| { readonly kind: "service clock"; readonly offset: number }
	/** Others use the same plan up. */
	| { readonly kind: "quota" }
	/** The sensor is unplugged. */
	| { readonly kind: "sensor" }
	/**
	 * Without power until `to`. It goes at the `step`th byte programmed or block erased on a partition after `from`,
	 * or at the `step`th write to key-value storage, and at `to` at the latest.
	 */
	| { readonly kind: "power"; readonly where: "queue" | "quarantine" | "key-value"; readonly step: number }
	/** A supply too weak: the board starts again and again, each time after `each` milliseconds. */
	| { readonly kind: "brown-out"; readonly each: number }
);

/** All that a life depends on. */
export interface Scenario {
	readonly seed: number;
	/** When it begins, milliseconds of Unix time. */
	readonly startedAt: number;
	/** How long it lasts, milliseconds; after that nothing goes wrong any more. */
	readonly length: number;
	/** Seconds from one reading to the next. */
	readonly interval: number;
	/** Seconds, or as the plan allows. */
	readonly uploadInterval: number | "auto";
	/** Calls per month. */
	readonly plan: number;
	/** Sectors of 4 KiB of the queue's partition. */
	readonly sectors: number;
	/** How much faster than true the board's crystal is, parts per million. */
	readonly drift: number;
	/** On battery it sleeps between samples. */
	readonly power: "mains" | "battery";
	/** The same of its slow oscillator, which counts while it sleeps. */
	readonly sleepDrift: number;
	readonly troubles: readonly Trouble[];
}

/** Calendar moments that have broken devices: ends of months and years, leap days, NTP's and Unix's turnarounds. */
const starts = [
	Date.UTC(2026, 11, 30, 21, 13),
	Date.UTC(2028, 1, 27, 4, 44),
	Date.UTC(2027, 2, 27, 23, 0),
	Date.UTC(2036, 1, 6, 1, 2),
	Date.UTC(2038, 0, 18, 0, 31),
	Date.UTC(2029, 6, 3, 12, 0),
] as const;

/** A life made up from chance: `days` long, with a few troubles a week. */
export function makeScenario(seed: number, days: number, chance: Chance): Scenario {
	const length = days * day;
	const count = 2 + chance.below(Math.ceil(days / 2));
	const troubles = Array.from({ length: count }, () => makeTrouble(chance, length));
	return {
		seed,
		startedAt: chance.pick(starts),
		length,
		interval: chance.pick([60, 300, 300, 900]),
		uploadInterval: chance.pick(["auto", "auto", 0, 600]),
		plan: chance.pick([10_000, 10_000, 100_000]),
		sectors: chance.pick([4, 16, 64]),
		drift: chance.between(-60, 60),
		...makePower(chance.fork("power")),
		troubles: troubles.sort((a, b) => a.from - b.from),
	};
}

function makePower(chance: Chance): Pick<Scenario, "power" | "sleepDrift"> {
	return { power: chance.pick(["mains", "mains", "battery"]), sleepDrift: chance.between(-10_000, 10_000) };
}

const makers: readonly [Maker, ...Maker[]] = [
	(_, span) => ({ ...span, kind: "radio" }),
	(_, span) => ({ ...span, kind: "radio" }),
	(_, span) => ({ ...span, kind: "internet" }),
	(chance, span) => ({ ...span, kind: "names", how: chance.pick(["refused", "silent"]) }),
	(chance, span) => ({
		...span,
		kind: "time servers",
		fault: chance.pick(ntpFaults),
		all: chance.happens(0.5),
	}),
	(chance, span) => ({ ...span, kind: "service", fault: chance.pick(serviceFaults) }),
	(chance, span) => ({ ...span, kind: "service", fault: chance.pick(serviceFaults) }),
	(chance, span) => ({ ...span, kind: "service clock", offset: chance.between(-400, 400) * day }),
	(_, { from }) => ({ from, to: from, kind: "quota" }),
	(_, span) => ({ ...span, kind: "sensor" }),
	(chance, span) => ({ ...span, kind: "power", where: "queue", step: chance.below(400) }),
	(chance, span) => ({ ...span, kind: "power", where: "queue", step: chance.below(12) }),
	(chance, span) => ({ ...span, kind: "power", where: "quarantine", step: chance.below(50) }),
	(chance, span) => ({ ...span, kind: "power", where: "key-value", step: chance.below(3) }),
	(chance, { from }) => ({
		from,
		to: from + chance.between(1, 10) * minute,
		kind: "brown-out",
		each: chance.between(0.2, 20) * second,
	}),
];

type Maker = (chance: Chance, span: { from: number; to: number }) => Trouble;

const ntpFaults: readonly [NtpFault, ...NtpFault[]] = [
	{ kind: "silent" },
	{ kind: "wrong originate" },
	{ kind: "kiss", code: "RATE" },
	{ kind: "unsynchronized" },
	{ kind: "short", length: 20 },
	{ kind: "no time" },
];

const serviceFaults: readonly [ServiceFault, ...ServiceFault[]] = [
	{ kind: "answer lost" },
	{ kind: "answer cut" },
	{ kind: "refused" },
	{ kind: "silent" },
	{ kind: "request cut" },
	{ kind: "nonsense" },
	{ kind: "status", status: 500 },
	{ kind: "status", status: 502 },
	{ kind: "status", status: 503 },
	{ kind: "status", status: 429 },
	{ kind: "status", status: 401 },
	{ kind: "status", status: 404 },
	{ kind: "status", status: 301 },
	{ kind: "certificate", trust: "expired" },
	{ kind: "certificate", trust: "untrusted" },
];

/** Most troubles are short, some last for days. */
function makeTrouble(chance: Chance, length: number): Trouble {
	const from = chance.between(0, length * 0.9);
	const lasting = chance.happens(0.8) ? chance.between(second, 2 * hour) : chance.between(hour, 3 * day);
	return chance.pick(makers)(chance, { from, to: Math.min(length, from + lasting) });
}
