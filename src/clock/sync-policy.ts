import { backoffMs } from "../common/backoff";
import type { Measurement } from "./ntp-packet";

/**
 * When which time server is asked, and which answer is believed: pure decisions, carried out by `TimeSync`.
 * All times are milliseconds; `random` is uniform in 0 … 1.
 */

/** From one round of questions to the next: no server is asked more often (RFC 4330, section 10: 15 s). */
export const minPollIntervalMs = 16_000;
/** The longest interval at which NTP clients ask by default: 2^10 s. */
const maxBackoffMs = 1_024_000;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Intervals are shortened by up to this part, so that a street of boards does not ask together for ever. */
const jitter = 0.05;

/** The pause after `rounds` rounds in a row (1 or more) in which no server could be used; never under 16 s. */
export function pollBackoffMs(rounds: number, random: number): number {
	return backoffMs(rounds, minPollIntervalMs, maxBackoffMs) * (1 + random / 2);
}

/**
 * The time from one good measurement to the next: an hour after the boot's first, then a day. While the rate of
 * the ticks is not known (`steady`) a day would cost too much: then it stays an hour.
 */
export function pollIntervalMs(measurements: number, steady: boolean, random: number): number {
	return (measurements > 1 && steady ? dayMs : hourMs) * (1 - jitter * random);
}

/** A clock that was good is not moved by more than this, and more than its slack, on one server's word. */
const maxUnconfirmedStepMs = 5 * 60_000;
/** Two servers that contradict the clock say the same when they are this close. */
const confirmationToleranceMs = 60_000;
/** Where only one server can be asked, and it insists for so long without being contradicted, it is believed. */
const singleServerConfirmationMs = dayMs;

/** A time that contradicts the clock and has not been confirmed yet. */
export interface UnconfirmedTime {
	/** `address:port` of who said so first. */
	readonly peer: string;
	/** Unix time of tick 0, as it would be. */
	readonly startUtc: number;
	/** Ticks when it was said first. */
	readonly sinceTicks: number;
}

/** What a measurement has to agree with. */
export interface Expectation {
	/** The clock's own idea of that moment; `undefined` before the boot's first measurement. */
	readonly expectedUtc: number | undefined;
	/** How far off that may honestly be: a slow oscillator has counted. */
	readonly toleranceMs: number;
	/** The latest moment that an earlier boot knew. */
	readonly lastKnownUtc: number | undefined;
	/** What waits for confirmation. */
	readonly unconfirmed: UnconfirmedTime | undefined;
}

export type PlausibilityResult =
	/** `confirmed`: it contradicts the clock, and was said by a second server (or by one that insists). */
	| { readonly kind: "accepted"; readonly confirmed: boolean }
	| { readonly kind: "unconfirmed"; readonly unconfirmed: UnconfirmedTime };

/** Whether a measurement by `peer` may set the clock. */
export function checkPlausibility(
	{ utc, ticks }: Pick<Measurement, "utc" | "ticks">,
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

/** A peer that answered with a kiss of death. */
export interface BlockedPeer {
	/** `address:port` */
	readonly peer: string;
	/** Ticks until which it is not asked. */
	readonly untilTicks: number;
	/** The wait that was taken, so that the next is longer. */
	readonly waitMs: number;
}

/** After the first RATE, doubled with each one more. */
const minRateBlockMs = hourMs / 4;
/** After DENY and RSTR, and the longest after RATE. */
// mutation: max-kiss-wait
const maxBlockMs = dayMs;
/** Remembered at the most; the oldest is forgotten. */
const maxBlockedPeers = 16;

/**
 * Takes note of a kiss of death (RFC 5905, section 7.4): after DENY and RSTR the peer is asked once a day, after RATE less
 * and less often. The RFC has a client leave it alone for good; but a board that no server has told the time sends nothing,
 * and nobody might start it again for years. Other codes are passing states of the server and bar nothing. It is the
 * address that is barred, not the name: behind a pool's name there are many servers.
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

function blockMsAfterKiss(code: string, before: number | undefined): number | undefined {
	if (code === "DENY" || code === "RSTR") return maxBlockMs;
	if (code !== "RATE") return undefined;
	return before === undefined ? minRateBlockMs : Math.min(maxBlockMs, before * 2);
}

export function isBlocked(blocked: readonly BlockedPeer[], peer: string, ticks: number): boolean {
	return blocked.some((each) => each.peer === peer && ticks < each.untilTicks);
}
