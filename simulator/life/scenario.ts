import type { TrustFault } from "../../src/boards/connection-error";
import type { NtpFault } from "../ntp/ntp-response";

/** How a good answer is told in an unusual way; the points are stored, and it says 2xx. */
export type OddResponse =
	/** `100 Continue` and `103 Early Hints` before it. */
	| "interim"
	/** 204, without a body. */
	| "no content"
	| "chunked"
	/** Without a length: it ends with the connection. */
	| "until close"
	/** `Content-Length` is longer, or shorter, than the body. */
	| "too long"
	| "too short"
	/** A body of a megabyte. */
	| "huge"
	/** A body that is no JSON. */
	| "no JSON"
	/** And then the connection is closed, without a word in the answer. */
	| "closed after";

/** What a service can do to a connection or a request; the points are stored where it says so. */
export type ServiceFault =
	/** Stored, but the connection is reset before the answer. */
	| { readonly kind: "answer lost" }
	/** Stored, and half of the answer comes before the reset. */
	| { readonly kind: "answer cut" }
	/** Stored, and the answer comes at a byte a second. */
	| { readonly kind: "drip" }
	/** Stored, and answered well. */
	| { readonly kind: "odd"; readonly how: OddResponse }
	/** Stored, and the answer has headers of 64 KiB before its status matters to anybody. */
	| { readonly kind: "flood" }
	/** The connection is refused, before TLS. */
	| { readonly kind: "refused" }
	/** Nothing answers the connection. */
	| { readonly kind: "unreachable" }
	/** TCP is made, and TLS stops half way. */
	| { readonly kind: "half TLS" }
	/** TCP is made, and what answers is no TLS server. */
	| { readonly kind: "no TLS" }
	/** TLS is made, then nothing. */
	| { readonly kind: "silent" }
	/** The connection is reset in the middle of the request. */
	| { readonly kind: "request cut" }
	/** Something that is not HTTP. */
	| { readonly kind: "nonsense" }
	/** A proxy answers for the service; nothing is stored. `wait`: seconds that it asks to be left alone. */
	| { readonly kind: "status"; readonly status: number; readonly wait?: number }
	/** The same before the request has been read, and the connection is closed. */
	| { readonly kind: "early"; readonly status: number }
	/** Bodies of more bytes than this are answered 413. */
	| { readonly kind: "too large"; readonly bytes: number }
	/** Each point whose number is a multiple is refused, and with it every batch that it is in; all else is stored. */
	| { readonly kind: "poison"; readonly every: number; readonly status: 400 | 409 | 422 }
	/** TLS fails on the certificate. */
	| { readonly kind: "certificate"; readonly trust: TrustFault };

/** What a person changes in the settings. */
export interface SettingsChange {
	/** Seconds. */
	readonly interval?: number;
	readonly uploadInterval?: number | "auto";
	readonly location?: string;
	/** Which of the account's data sources the device is from now on. */
	readonly source?: number;
	/** A key that the service does not know, or one that may only read, until the fault's end. */
	readonly key?: "unknown" | "read";
	readonly power?: "mains" | "battery";
}

/** How a sensor fails. */
export type SensorFault =
	| "unplugged"
	/** It answers, and always the same. */
	| "frozen"
	/** Its measurement never ends. */
	| "stuck"
	/** Its data line reads as ones. */
	| "garbled"
	/** Another one of its kind stands in its place, from `from` on, and stays. */
	| "swapped";

/** Something that goes wrong, from one moment of a life (milliseconds from its start) to another. */
export type ScenarioFault = {
	readonly from: number;
	readonly to: number;
} /** The access point cannot be heard. */ & (
	| { readonly kind: "radio" }
	/** It is heard badly: dBm, and the part of the packets that is lost. */
	| { readonly kind: "fading"; readonly strength: number; readonly loss: number }
	/** The network has another password. */
	| { readonly kind: "password" }
	/** The device is somewhere else, where its second network is, if it has one. */
	| { readonly kind: "away" }
	| { readonly kind: "internet" }
	/** `elsewhere`: names have an address at which nobody is. */
	| { readonly kind: "names"; readonly how: "refused" | "silent" | "elsewhere" }
	| { readonly kind: "time servers"; readonly fault: NtpFault; readonly all: boolean }
	| { readonly kind: "service"; readonly fault: ServiceFault }
	/** The service's clock is wrong by so many milliseconds. */
	| { readonly kind: "service clock"; readonly offset: number }
	/** Others use the same plan up. */
	| { readonly kind: "quota" }
	| { readonly kind: "sensor"; readonly how: SensorFault }
	/**
	 * Without power until `to`. It goes at the `step`th byte programmed or block erased on a partition after `from`,
	 * or at the `step`th write to key-value storage, and at `to` at the latest.
	 */
	| { readonly kind: "power"; readonly where: "queue" | "quarantine" | "key-value"; readonly step: number }
	/** Without power. */
	| { readonly kind: "outage" }
	/** A supply too weak: the board starts again and again, each time after `each` milliseconds. */
	| { readonly kind: "brown-out"; readonly each: number }
	/** A part of the blocks fails, from `from` on. */
	| { readonly kind: "wear"; readonly block: number; readonly how: WearKind }
	/** Cells of the queue's partition have lost their charge: so many bits are flipped at `from`. */
	| { readonly kind: "flips"; readonly bits: number }
	/** Key-value storage has lost this key. */
	| { readonly kind: "forgotten"; readonly key: "boots" | "clock" | "budget" | "attempts" }
	/**
	 * A person presses the button. Who held it so long that all is forgotten sets the board up again after `setUpAfter`
	 * milliseconds.
	 */
	| { readonly kind: "press"; readonly setUpAfter: number }
	| { readonly kind: "settings"; readonly change: SettingsChange }
);

export type WearKind =
	| "erase does nothing"
	| "program does nothing"
	| "erase throws"
	| "program throws"
	| "read throws"
	| "bits stay cleared";

export type ScenarioFaultKind = ScenarioFault["kind"];

export const scenarioFaultKinds = Object.freeze([
	...(["radio", "fading", "password", "away", "internet", "names", "time servers", "service"] as const),
	...(["service clock", "quota", "sensor", "power", "outage", "brown-out", "wear", "flips"] as const),
	...(["forgotten", "press", "settings"] as const),
] satisfies readonly ScenarioFaultKind[]);

export type ScenarioFaultOf<Kind extends ScenarioFaultKind> = ScenarioFault & { readonly kind: Kind };

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
	/** The platform counts whole milliseconds in 32 bits, and has counted so many at each start; left out: it never wraps. */
	readonly ticksFrom?: number;
	/** It has a status light and a button. */
	readonly panel: boolean;
	/** How many of the places that it is at have a network that it knows: 1 or 2. */
	readonly networks: number;
	readonly faults: readonly ScenarioFault[];
}

/** Of all scenarios the one in which nothing is special and nothing goes wrong, but for what is given. */
export function calmScenario(given: Partial<Scenario>): Scenario {
	return {
		seed: 1,
		startedAt: Date.UTC(2027, 0, 1),
		length: 31 * 86_400_000,
		interval: 60,
		uploadInterval: "auto",
		plan: 10_000,
		sectors: 256,
		drift: 12,
		power: "mains",
		sleepDrift: 0,
		panel: false,
		networks: 1,
		faults: [],
		...given,
	};
}
