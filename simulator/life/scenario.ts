import type { TrustFault } from "../../src/boards/connection-error";
import type { ImageBehaviour } from "../hardware/firmware-image";
import type { NtpFault } from "../ntp/ntp-response";

/** An unusual form of a success response. The points are stored; the status is 2xx. */
export type OddResponse =
	/** Preceded by `100 Continue` and `103 Early Hints`. */
	| "interim"
	/** Preceded by one with a line without a colon. */
	| "odd interim"
	/** 204 without a body. */
	| "no content"
	| "chunked"
	/** No length: the response ends with the connection. */
	| "until close"
	/** `Content-Length` is larger or smaller than the body. */
	| "too long"
	| "too short"
	/** A body of a megabyte. */
	| "huge"
	/** The body is not JSON. */
	| "no JSON"
	/** The service closes the connection afterwards without announcing it. */
	| "closed after"
	/** `Content-Length` and `Transfer-Encoding`; the same `Content-Length` twice; a negative one. */
	| "length and chunks"
	| "two lengths"
	| "negative length"
	/** A line without a colon, a NUL, lines that end in LF, a chunk that is none. */
	| "no colon"
	| "NUL"
	| "bare LF"
	| "bad chunk"
	/** Nothing but the status line. */
	| "status line"
	/** Another response follows that nothing asked for. */
	| "twice";

// biome-ignore format: a list.
export const oddResponses = [
	"interim", "odd interim", "no content", "chunked", "until close", "too long", "too short", "huge", "no JSON", "closed after",
	"length and chunks", "two lengths", "negative length", "no colon", "NUL", "bare LF", "bad chunk", "status line", "twice",
] as const satisfies readonly OddResponse[];

/** Refusals of a request for its content. */
export const refusalStatuses = Object.freeze([400, 409, 413, 422] as const);

/** Whether a status refuses a request for its content. */
export function isRefusal(status: number): boolean {
	return refusalStatuses.some((each) => each === status);
}

/** What the service does to a connection or request. Points are stored only where stated. */
export type ServiceFault =
	/** Stored, but the connection is reset before the response. */
	| { readonly kind: "answer lost" }
	/** Stored, but the connection is reset halfway through the response. */
	| { readonly kind: "answer cut" }
	/** Stored; the response arrives at one byte per second. */
	| { readonly kind: "drip" }
	/** Stored; a success response in an unusual form. */
	| { readonly kind: "odd"; readonly how: OddResponse }
	/** Stored; the response has 64 KiB of headers. */
	| { readonly kind: "flood" }
	/** The TCP connection is refused. */
	| { readonly kind: "refused" }
	/** The TCP connection times out. */
	| { readonly kind: "unreachable" }
	/** TCP connects; the TLS handshake stalls. */
	| { readonly kind: "half TLS" }
	/** TCP connects; the peer does not speak TLS. */
	| { readonly kind: "no TLS" }
	/** TLS connects; no response. */
	| { readonly kind: "silent" }
	/** The connection is reset during the request. */
	| { readonly kind: "request cut" }
	/** The response is not HTTP. */
	| { readonly kind: "nonsense" }
	/** A proxy responds in place of the service. `wait`: `Retry-After`, seconds. `stored`: the points are stored. */
	| { readonly kind: "status"; readonly status: number; readonly wait?: number; readonly stored?: boolean }
	/**
	 * Fails at `failures` requests in a row, then serves `successes`, and so on. `status`: of a failure; omitted: the
	 * connection is reset instead. `stored`: the points of failed requests are stored.
	 */
	| {
			readonly kind: "flapping";
			readonly failures: number;
			readonly successes: number;
			readonly status?: number;
			readonly stored?: boolean;
	  }
	/**
	 * As `status`, but before the request has been read; the connection is then closed. A success only for requests that the
	 * board cannot have sent completely by then.
	 */
	| { readonly kind: "early"; readonly status: number }
	/** Request bodies above this size get 413. */
	| { readonly kind: "too large"; readonly bytes: number }
	/**
	 * Points whose sequence number is a multiple of `every`, and the `run` - 1 after it, get this status with their whole
	 * batch; all others are stored.
	 */
	| { readonly kind: "poison"; readonly every: number; readonly run?: number; readonly status: number }
	/** TLS fails because of the certificate. */
	| { readonly kind: "certificate"; readonly trust: TrustFault };

/** What the user changes in the settings. */
export interface SettingsChange {
	/** Seconds. */
	readonly interval?: number;
	readonly uploadInterval?: number | "auto";
	readonly location?: string;
	/** Index of the data source from now on. */
	readonly source?: number;
	/** A key that is unknown to the service or read-only, until the fault ends. */
	readonly key?: "unknown" | "read";
	readonly power?: "mains" | "battery";
}

/** How the sensor fails. */
export type SensorFault =
	| "unplugged"
	/** Every measurement returns the same values. */
	| "frozen"
	/** A measurement never finishes. */
	| "stuck"
	/** Every byte reads as 0xff. */
	| "garbled"
	/** Replaced by another chip of the same kind at `from`, permanently. */
	| "swapped";

/** A signed update by what its firmware does, or a file that must not be installed. */
export type UpdateFileKind =
	| ImageBehaviour
	/** The image is not the one whose hash was signed. */
	| "damaged"
	| "other chip"
	| "other key"
	/** Signed, and older than what runs; nobody asks for that. */
	| "older";

// biome-ignore format: a list.
export const updateFileKinds = [
	"works", "crashes at once", "crashes after a minute", "cannot join", "damaged", "other chip", "other key", "older",
] as const satisfies readonly UpdateFileKind[];

/** What the web server with the releases does. */
export type ReleaseServerFault =
	/** No response. */
	| "silent"
	/** The connection is reset in the middle of a range. */
	| "stops"
	| "no ranges"
	| "wrong range"
	/** The file is longer than announced. */
	| "longer"
	/** Bytes of another image. */
	| "other image"
	| "redirect";

// biome-ignore format: a list.
export const releaseServerFaults = [
	"silent", "stops", "no ranges", "wrong range", "longer", "other image", "redirect",
] as const satisfies readonly ReleaseServerFault[];

/** A fault during part of a life; `from`, `to`: milliseconds since its start. */
export type ScenarioFault = {
	readonly from: number;
	readonly to: number;
} /** The access point is off the air. */ & (
	| { readonly kind: "radio" }
	/** Weak signal: dBm, and the fraction of packets lost. */
	| { readonly kind: "fading"; readonly strength: number; readonly loss: number }
	/** The password of the network has changed. */
	| { readonly kind: "password" }
	/** The device is at another place, where its second network is, if it has one. */
	| { readonly kind: "away" }
	| { readonly kind: "internet" }
	/** `elsewhere`: names resolve to an unused address. */
	| { readonly kind: "names"; readonly how: "refused" | "silent" | "elsewhere" }
	| { readonly kind: "time servers"; readonly fault: NtpFault; readonly all: boolean }
	| { readonly kind: "service"; readonly fault: ServiceFault }
	/** The service's clock is off by this many milliseconds. */
	| { readonly kind: "service clock"; readonly offset: number }
	/** Other devices use up the plan. */
	| { readonly kind: "quota" }
	| { readonly kind: "sensor"; readonly how: SensorFault }
	/**
	 * Without power until `to`. Power fails at the `step`th byte programmed or block erased on the partition after `from`
	 * (or at the `step`th write to key-value storage), at the latest at `to`.
	 */
	| { readonly kind: "power"; readonly where: PoweredPart; readonly step: number }
	/** Without power. */
	| { readonly kind: "outage" }
	/** A weak supply: the board restarts `each` milliseconds after every start. */
	| { readonly kind: "brown-out"; readonly each: number }
	/** A flash block is worn out from `from` on. */
	| { readonly kind: "wear"; readonly block: number; readonly how: WearKind }
	/** This many bits of the queue's partition flip at `from`. */
	| { readonly kind: "flips"; readonly bits: number }
	/** Key-value storage loses this key. */
	| { readonly kind: "forgotten"; readonly key: "boots" | "clock" | "budget" | "attempts" | "ring" }
	/** Key-value storage refuses each change, and says so. It can be read. */
	| { readonly kind: "refused writes" }
	/** What the deep sleep under way keeps in memory is lost, or is what the sleep before it kept. */
	| { readonly kind: "sleep memory"; readonly how: "lost" | "old" }
	/** Key-value storage gives the value of before again for where the newest readings are. */
	| { readonly kind: "outdated" }
	/**
	 * The user presses the button. After a factory reset the user sets the board up again after `setUpAfter`
	 * milliseconds.
	 */
	| { readonly kind: "press"; readonly setUpAfter: number }
	| { readonly kind: "settings"; readonly change: SettingsChange }
	/** An update, given to the board by the user at `from`, or in the release index from then on. */
	| { readonly kind: "update"; readonly by: "user" | "index"; readonly file: UpdateFileKind }
	/** The server with the releases misbehaves. */
	| { readonly kind: "releases"; readonly how: ReleaseServerFault }
);

/** What loses power in the middle of a change: a partition, or the key-value storage. */
export type PoweredPart = "queue" | "quarantine" | "key-value" | "ota_0" | "ota_1" | "otadata";

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
	...([
		"forgotten",
		"refused writes",
		"outdated",
		"sleep memory",
		"press",
		"settings",
		"update",
		"releases",
	] as const),
] satisfies readonly ScenarioFaultKind[]);

export type ScenarioFaultOf<Kind extends ScenarioFaultKind> = ScenarioFault & { readonly kind: Kind };

/** Everything that a life depends on. */
export interface Scenario {
	readonly seed: number;
	/** Milliseconds of Unix time. */
	readonly startedAt: number;
	/** Milliseconds; no faults after that. */
	readonly length: number;
	/** Sampling interval, seconds. */
	readonly interval: number;
	/** Seconds; `auto`: calculated from the plan. */
	readonly uploadInterval: number | "auto";
	/** Calls per month. */
	readonly plan: number;
	/** Sectors of 4 KiB of the queue's partition. */
	readonly sectors: number;
	/** Error of the board's crystal, parts per million; positive: fast. */
	readonly drift: number;
	/** On battery it sleeps between samples. */
	readonly power: "mains" | "battery";
	/** Error of the slow oscillator, which counts during sleep, parts per million. */
	readonly sleepDrift: number;
	/** Value of the platform's 32-bit millisecond counter at each start; omitted: it never wraps. */
	readonly ticksFrom?: number;
	/** It has a status light and a button. */
	readonly panel: boolean;
	/** How many saved networks there are: at home only (1), or also at the other place (2). */
	readonly networks: number;
	/** It asks a release index for updates. */
	readonly updates: boolean;
	readonly faults: readonly ScenarioFault[];
}

/** A scenario with usual values and without faults, except for what is given. */
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
		updates: false,
		faults: [],
		...given,
	};
}
