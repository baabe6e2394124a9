import { backoffMs } from "../common/backoff";
import type { TimeMeasurement } from "./ntp-packet";

/**
 * When to poll which time server, and which times to accept: pure decisions, which `TimeSync` carries out. All times are
 * milliseconds; `random` is uniform in 0 … 1.
 */

/** Minimum time between two rounds over the servers (RFC 4330 section 10: 15 s for each server). */
export const minPollIntervalMs = 16_000;
/** The default maximum poll interval of NTP clients: 2^10 s. */
const maxBackoffMs = 1_024_000;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Intervals are shortened by up to this fraction, so that boards do not stay in step. */
const jitter = 0.05;

/** The pause after `rounds` failed rounds in a row (1 or more); at least 16 s. */
export function pollBackoffMs(rounds: number, random: number): number {
	return backoffMs(rounds, minPollIntervalMs, maxBackoffMs) * (1 + random / 2);
}

/**
 * The time from one accepted measurement to the next: an hour after the boot's first, then a day. It stays an hour
 * until the drift of the ticks is known: over a day, an unknown drift costs too much accuracy.
 */
export function pollIntervalMs(measurements: number, driftKnown: boolean, random: number): number {
	return (measurements > 1 && driftKnown ? dayMs : hourMs) * (1 - jitter * random);
}

/** A larger step than this and than the clock's tolerance needs a second server's confirmation. */
const maxUnconfirmedStepMs = 5 * 60_000;
/** Two servers that contradict the clock confirm each other within this difference. */
const confirmationToleranceMs = 60_000;
/** A single server that insists for so long without being contradicted is accepted. */
const singleServerConfirmationMs = dayMs;

/** A time that contradicts the clock and has not been confirmed yet. */
export interface UnconfirmedTime {
	/** `address:port` of the first server. */
	readonly peer: string;
	/** Unix time of tick 0 according to it. */
	readonly startUtc: number;
	/** Ticks of its first response. */
	readonly sinceTicks: number;
}

/** What a measurement is checked against. */
export interface Expectation {
	/** The clock's time of that moment; `undefined` before the boot's first measurement. */
	readonly expectedUtc: number | undefined;
	/** How far off that may be: a slow oscillator counted during sleep. */
	readonly toleranceMs: number;
	/** The latest moment known to an earlier boot. */
	readonly lastKnownUtc: number | undefined;
	/** A time that awaits confirmation. */
	readonly unconfirmed: UnconfirmedTime | undefined;
}

export type PlausibilityResult =
	/** `confirmed`: it contradicts the clock, and a second server confirms it (or a single one insists). */
	| { readonly kind: "accepted"; readonly confirmed: boolean }
	| { readonly kind: "unconfirmed"; readonly unconfirmed: UnconfirmedTime };

/** Whether a measurement by `peer` may set the clock. */
export function checkPlausibility(
	{ utc, ticks }: Pick<TimeMeasurement, "utc" | "ticks">,
	peer: string,
	{ expectedUtc, toleranceMs, lastKnownUtc, unconfirmed }: Expectation,
): PlausibilityResult {
	const contradicts =
		expectedUtc === undefined
			? lastKnownUtc !== undefined && utc < lastKnownUtc - maxUnconfirmedStepMs
			: Math.abs(utc - expectedUtc) > Math.max(maxUnconfirmedStepMs, toleranceMs);
	if (!contradicts) return { kind: "accepted", confirmed: false };
	const startUtc = utc - ticks;
	if (unconfirmed === undefined || Math.abs(startUtc - unconfirmed.startUtc) > confirmationToleranceMs)
		return { kind: "unconfirmed", unconfirmed: { peer, startUtc, sinceTicks: ticks } };
	return peer !== unconfirmed.peer || ticks - unconfirmed.sinceTicks >= singleServerConfirmationMs
		? { kind: "accepted", confirmed: true }
		: { kind: "unconfirmed", unconfirmed };
}

/** A peer that sent a kiss-o'-death. */
export interface BlockedPeer {
	/** `address:port` */
	readonly peer: string;
	/** Ticks until which it is not polled. */
	readonly untilTicks: number;
	/** Duration of this block; the next one is longer. */
	readonly waitMs: number;
}

/** After the first RATE; doubled with each further one. */
const minRateBlockMs = hourMs / 4;
/** After DENY and RSTR, and the maximum after RATE. */
// mutation: max-kiss-wait
const maxBlockMs = dayMs;
/** Beyond it, the oldest entry is removed. */
const maxBlockedPeers = 16;

/**
 * Blocks a peer after a kiss-o'-death (RFC 5905 section 7.4): DENY and RSTR for a day, RATE with a backoff. The RFC asks
 * clients to stop for good, but a board without the time sends nothing, and may not be restarted for years. Other codes
 * are temporary states of the server and block nothing. The address is blocked, not the name: a pool's name stands for
 * many servers.
 */
export function blockPeer(
	blocked: readonly BlockedPeer[],
	peer: string,
	code: string,
	ticks: number,
): readonly BlockedPeer[] {
	const before = blocked.find((each) => each.peer === peer);
	const waitMs = blockMsAfterKiss(code, before?.waitMs);
	if (waitMs === undefined) return blocked;
	const others = blocked.filter((each) => each !== before);
	return [...others, { peer, untilTicks: ticks + waitMs, waitMs }].slice(-maxBlockedPeers);
}

function blockMsAfterKiss(code: string, previousMs: number | undefined): number | undefined {
	if (code === "DENY" || code === "RSTR") return maxBlockMs;
	if (code !== "RATE") return undefined;
	return previousMs === undefined ? minRateBlockMs : Math.min(maxBlockMs, previousMs * 2);
}

export function isBlocked(blocked: readonly BlockedPeer[], peer: string, ticks: number): boolean {
	return blocked.some((each) => each.peer === peer && ticks < each.untilTicks);
}
