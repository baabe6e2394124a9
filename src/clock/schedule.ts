import type { Measurement } from "./measurement";

/**
 * When which time server is asked, and which answer is believed: pure decisions, carried out by `TimeSync`.
 * All times are milliseconds; `random` is uniform in 0 … 1.
 */

/** From one round of questions to the next: no server is asked more often (RFC 4330, section 10: 15 s). */
export const shortestPause = 16_000;
/** The longest interval at which NTP clients ask by default: 2^10 s. */
const longestPause = 1_024_000;

const hour = 3_600_000;
const day = 24 * hour;
/** Intervals are shortened by up to this part, so that a street of boards does not ask together for ever. */
const spread = 0.05;

/** The pause after `rounds` rounds in a row (1 or more) in which no server could be used; never under 16 s. */
export function pauseAfter(rounds: number, random: number): number {
	const doubled = Math.min(longestPause, shortestPause * 2 ** Math.min(rounds - 1, 10));
	return doubled * (1 + random / 2);
}

/**
 * The time from one good measurement to the next: an hour after the boot's first, then a day. While the rate of
 * the ticks is not known (`steady`) a day would cost too much: then it stays an hour.
 */
export function intervalAfter(measurements: number, steady: boolean, random: number): number {
	return (measurements > 1 && steady ? day : hour) * (1 - spread * random);
}

/** A clock that was good is not moved by more than this, and more than its slack, on one server's word. */
const largestStep = 5 * 60_000;
/** Two servers that contradict the clock say the same when they are this close. */
const agreement = 60_000;
/** Where only one server can be asked, and it insists for so long without being contradicted, it is believed. */
const insistence = day;

/** A time that contradicts the clock and has not been confirmed yet. */
export interface Doubt {
	/** `address:port` of who said so first. */
	readonly peer: string;
	/** Unix time of tick 0, as it would be. */
	readonly start: number;
	/** Ticks when it was said first. */
	readonly since: number;
}

/** What a measurement has to agree with. */
export interface Expectation {
	/** The clock's own idea of that moment; `undefined` before the boot's first measurement. */
	readonly expected: number | undefined;
	/** How far off that may honestly be: a slow oscillator has counted. */
	readonly slack: number;
	/** The latest moment that an earlier boot knew. */
	readonly knownUntil: number | undefined;
	/** What waits for confirmation. */
	readonly doubt: Doubt | undefined;
}

export type Verdict =
	/** `confirmed`: it contradicts the clock, and was said by a second server (or by one that insists). */
	| { readonly kind: "believed"; readonly confirmed: boolean }
	| { readonly kind: "doubted"; readonly doubt: Doubt };

/** Whether a measurement by `peer` may set the clock. */
export function judge(
	{ utc, ticks }: Pick<Measurement, "utc" | "ticks">,
	peer: string,
	{ expected, slack, knownUntil, doubt }: Expectation,
): Verdict {
	const contradicts =
		expected === undefined
			? knownUntil !== undefined && utc < knownUntil - largestStep
			: Math.abs(utc - expected) > Math.max(largestStep, slack);
	if (!contradicts) return { kind: "believed", confirmed: false };
	const start = utc - ticks;
	if (doubt === undefined || Math.abs(start - doubt.start) > agreement)
		return { kind: "doubted", doubt: { peer, start, since: ticks } };
	return peer !== doubt.peer || ticks - doubt.since >= insistence
		? { kind: "believed", confirmed: true }
		: { kind: "doubted", doubt };
}

/** A peer that answered with a kiss of death. */
export interface Barred {
	/** `address:port` */
	readonly peer: string;
	/** Ticks until which it is not asked. */
	readonly until: number;
	/** The wait that was taken, so that the next is longer. */
	readonly wait: number;
}

/** After the first RATE, doubled with each one more. */
const firstRateWait = hour / 4;
/** After DENY and RSTR, and the longest after RATE. */
// mutation: max-kiss-wait
const longestKissWait = day;
/** Remembered at the most; the oldest is forgotten. */
const mostBarred = 16;

/**
 * Takes note of a kiss of death (RFC 5905, section 7.4): after DENY and RSTR the peer is asked once a day, after RATE less
 * and less often. The RFC has a client leave it alone for good; but a board that no server has told the time sends nothing,
 * and nobody might start it again for years. Other codes are passing states of the server and bar nothing. It is the
 * address that is barred, not the name: behind a pool's name there are many servers.
 */
export function bar(barred: readonly Barred[], peer: string, code: string, ticks: number): readonly Barred[] {
	const before = barred.find((each) => each.peer === peer);
	const wait = waitAfterKiss(code, before?.wait);
	if (wait === undefined) return barred;
	const others = barred.filter((each) => each !== before);
	return [...others, { peer, until: ticks + wait, wait }].slice(-mostBarred);
}

function waitAfterKiss(code: string, before: number | undefined): number | undefined {
	if (code === "DENY" || code === "RSTR") return longestKissWait;
	if (code !== "RATE") return undefined;
	return before === undefined ? firstRateWait : Math.min(longestKissWait, before * 2);
}

export function isBarred(barred: readonly Barred[], peer: string, ticks: number): boolean {
	return barred.some((each) => each.peer === peer && ticks < each.until);
}
