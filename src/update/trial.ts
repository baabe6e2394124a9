import { isJsonObject } from "../common/json";

/** How far the network got: not joined; joined; a response from the service or a time server. */
export const Reach = Object.freeze({ none: 0, joined: 1, heard: 2 });

/** What the previous firmware had when it activated the update, and the update must reach too. */
export interface TrialBaseline {
	/** The slot of the update. */
	readonly slot: number;
	/** Of the update, `1.2.3`. */
	readonly version: string;
	/** Number of the start on trial, from 1; 0: the trial is over, and the update has failed. */
	readonly attempt: number;
	/** Number of pending readings, and the newest one's sequence number; 0 without one. */
	readonly pending: number;
	readonly newest: number;
	/** The boot of the newest reading, sent or not. */
	readonly boot: number;
	/** Fields that the sensors had a value for. */
	readonly fields: readonly string[];
	/** One of {@link Reach}. */
	readonly reach: number;
	/** Why the update gave up; empty while it has not. */
	readonly failure: string;
}

/**
 * Why a trial failed. `readings`: some stored ones are missing. `crash`: the update restarted by itself. `power`: power was lost
 * in each attempt. `image`: it could not be started again.
 */
export type TrialFailure = "readings" | "sensors" | "network" | "crash" | "power" | "image";

/** What the firmware on trial has reached. */
export interface TrialState extends Pick<TrialBaseline, "pending" | "newest" | "boot" | "fields" | "reach"> {
	/** Since this start, ticks. */
	readonly elapsedMs: number;
}

const minuteMs = 60_000;
/** An update is not kept earlier than this: it may crash after a minute. */
export const minTrialMs = 3 * minuteMs;
export const maxTrialMs = 15 * minuteMs;
/** A start on trial that ends in a power loss is repeated. */
const maxAttempts = 3;

/** `pending`, `newest` and `boot` of the state: when the readings were mounted. */
export function decideTrial(baseline: TrialBaseline, state: TrialState): "keep" | "wait" | TrialFailure {
	if (state.pending < baseline.pending || state.newest < baseline.newest || state.boot < baseline.boot)
		return "readings";
	const hasSensors = baseline.fields.every((name) => state.fields.includes(name));
	const isReached = state.reach >= baseline.reach;
	if (hasSensors && isReached && state.elapsedMs >= minTrialMs) return "keep";
	if (state.elapsedMs < maxTrialMs) return "wait";
	return hasSensors ? "network" : "sensors";
}

/** What the previous firmware does when it is started during the trial; `lostPower`: because of a power loss. */
export function afterTrial({ failure, attempt }: TrialBaseline, lostPower: boolean): "repeat" | string {
	if (failure !== "") return failure;
	if (!lostPower) return "crash" satisfies TrialFailure;
	return attempt < maxAttempts ? "repeat" : ("power" satisfies TrialFailure);
}

/** Parses a stored value, perhaps of another version; `undefined` unless it is a baseline. */
export function readBaseline(value: unknown): TrialBaseline | undefined {
	if (!isJsonObject(value) || typeof value.version !== "string") return undefined;
	const number = (key: keyof TrialBaseline) => (typeof value[key] === "number" ? value[key] : 0);
	return {
		version: value.version,
		slot: number("slot"),
		attempt: number("attempt"),
		pending: number("pending"),
		newest: number("newest"),
		boot: number("boot"),
		reach: number("reach"),
		fields: Array.isArray(value.fields) ? value.fields.filter((name) => typeof name === "string") : [],
		failure: typeof value.failure === "string" ? value.failure : "",
	};
}
