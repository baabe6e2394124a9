import { backoffMs } from "../common/backoff";
import { type HttpsUrl, resolveHttpsUrl } from "../common/https-url";
import { isJsonObject } from "../common/json";
import { untilAnyOf } from "../common/text-pattern";
import { isRedirect } from "../http/exchange-result";
import type { ResponseHead } from "../http/request";

/** Download state, kept over restarts. Times are milliseconds of Unix time. */
export interface DownloadState {
	/** Address of the index that this state is about. */
	readonly index: string;
	/** Next check of the index. */
	readonly nextUtc: number;
	/** Requests since {@link sinceUtc}, for a day. */
	readonly requests: number;
	readonly sinceUtc: number;
	/** Failures in a row. */
	readonly failures: number;
	/** Newer version in the index, `1.2.3`; empty: none. */
	readonly offered: string;
	/** How often that version's complete image did not match its signature. */
	readonly badImages: number;
}

/** The conditions for a download. */
export interface DownloadConditions {
	/** Milliseconds of Unix time; `undefined` while it is not known. */
	readonly nowUtc: number | undefined;
	readonly isOnline: boolean;
	/** An upload is in progress or overdue. */
	readonly isUploadDue: boolean;
	/** On battery: percent, `undefined` if it is not measured. */
	readonly batteryLevel?: number | undefined;
	readonly onBattery: boolean;
	/** The running firmware is on trial. */
	readonly isOnTrial: boolean;
}

/** How a download ended, or why it pauses. */
export type DownloadOutcome =
	/** There is nothing to download. */
	| "none"
	/** An upload is due, or the conditions have changed. */
	| "paused"
	/** The network or the server failed: another attempt may help soon. */
	| "broken"
	/** The server's file differs from the index. */
	| "unusable"
	/** The complete image does not match its signature. */
	| "bad image";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Maximum delay of the first check, for boards that have never checked. */
const maxFirstDelayMs = hourMs;
/** Between two checks: random around a day, so that boards restarted by one power cut do not check together. */
const minCheckIntervalMs = 21 * hourMs;
const maxCheckIntervalMs = 27 * hourMs;
const minBackoffMs = 60_000;
const maxBackoffMs = 6 * hourMs;
/** An image of 2 MB takes 64; the rest is for interruptions. */
export const maxDailyRequests = 120;
/** Bytes of the file in one request: some seconds over a weak Wi-Fi. */
export const rangeBytes = 32 * 1024;
/** Percent: enough to write the flash, and for a trial of 15 minutes with the radio on. */
export const minBatteryLevel = 40;
/** After this many, a version is not downloaded again. */
export const maxBadImages = 3;

/** State of a board that has never checked this index. `random`: uniform in 0 … 1. */
export function firstState(index: string, nowUtc: number, random: number): DownloadState {
	return {
		index,
		nextUtc: nowUtc + random * maxFirstDelayMs,
		requests: 0,
		sinceUtc: nowUtc,
		failures: 0,
		offered: "",
		badImages: 0,
	};
}

/** Parses a saved state; `undefined` if it is for another index, or of another format. */
export function readState(saved: unknown, index: string): DownloadState | undefined {
	if (!isJsonObject(saved) || saved.index !== index || typeof saved.offered !== "string") return undefined;
	const { nextUtc, requests, sinceUtc, failures, offered, badImages } = saved;
	const numbers = [nextUtc, requests, sinceUtc, failures, badImages];
	const [next = 0, count = 0, since = 0, failed = 0, bad = 0] = numbers.map(Number);
	return numbers.every((value) => typeof value === "number")
		? { index, nextUtc: next, requests: count, sinceUtc: since, failures: failed, offered, badImages: bad }
		: undefined;
}

/** Milliseconds until a request is allowed; 0: now; infinite: when the conditions change. */
export function downloadWaitMs(state: DownloadState, conditions: DownloadConditions): number {
	const { nowUtc, isOnline, isUploadDue, onBattery, batteryLevel = 0, isOnTrial } = conditions;
	if (nowUtc === undefined || !isOnline || isOnTrial) return Number.POSITIVE_INFINITY;
	if (isUploadDue) return Number.POSITIVE_INFINITY;
	if (onBattery && batteryLevel < minBatteryLevel) return Number.POSITIVE_INFINITY;
	const dayEndUtc = state.sinceUtc + dayMs;
	const { requests } = forgetOldRequests(state, nowUtc);
	const fromUtc = requests >= maxDailyRequests ? Math.max(dayEndUtc, state.nextUtc) : state.nextUtc;
	// A time that far ahead was planned with a wrong clock.
	return fromUtc - nowUtc > 2 * maxCheckIntervalMs ? 0 : Math.max(0, fromUtc - nowUtc);
}

/** Counts one request. */
export function countRequest(state: DownloadState, nowUtc: number): DownloadState {
	const counted = forgetOldRequests(state, nowUtc);
	return { ...counted, requests: counted.requests + 1 };
}

function forgetOldRequests(state: DownloadState, nowUtc: number): DownloadState {
	const age = nowUtc - state.sinceUtc;
	return age >= 0 && age < dayMs ? state : { ...state, requests: 0, sinceUtc: nowUtc };
}

/** The state after a download; `random`: uniform in 0 … 1. */
export function afterDownload(
	state: DownloadState,
	outcome: DownloadOutcome,
	nowUtc: number,
	random: number,
): DownloadState {
	const nextDayUtc = nowUtc + minCheckIntervalMs + random * (maxCheckIntervalMs - minCheckIntervalMs);
	switch (outcome) {
		case "paused":
			return state;
		case "broken": {
			const failures = state.failures + 1;
			const waitMs = backoffMs(failures, minBackoffMs, maxBackoffMs);
			return { ...state, failures, nextUtc: nowUtc + (0.5 + random / 2) * waitMs };
		}
		case "none":
		case "unusable":
			return { ...state, failures: 0, nextUtc: nextDayUtc };
		case "bad image":
			return { ...state, failures: 0, badImages: state.badImages + 1, nextUtc: nextDayUtc };
	}
}

/** A range of bytes, both ends included. */
export interface ByteRange {
	readonly first: number;
	readonly last: number;
	/** Of the whole file, bytes. */
	readonly total: number;
}

/** The next range to request of a file of `total` bytes. */
export function nextRange(first: number, total: number): ByteRange {
	return { first, last: Math.min(total, first + rangeBytes) - 1, total };
}

/** Response headers that {@link rangeProblem} and {@link redirectTarget} need. */
export const downloadHeaders: readonly string[] = Object.freeze(["content-range", "etag", "location"]);
/** Maximum length of such a header: signed storage addresses have some 1,000 characters. */
export const maxHeaderBytes = 2_048;
/** Maximum redirects in a row: GitHub's downloads take two. */
export const maxRedirects = 4;

/**
 * Where a response redirects to (RFC 9110 section 15.4); `undefined` unless that is an https address. Any host is safe: requests
 * have no secrets, and only signed images are installed.
 */
export function redirectTarget({ status, headers }: ResponseHead, from: HttpsUrl): HttpsUrl | undefined {
	const location = headers.get("location") ?? "";
	const hasMoved = (status >= 301 && status <= 303) || status === 307 || status === 308;
	// A header of the maximum length may have been cut.
	return hasMoved && location.length < maxHeaderBytes
		? resolveHttpsUrl(untilAnyOf("#", location), from)
		: undefined;
}

/**
 * Why a response does not have the requested bytes (RFC 9110 section 15.3.7), as a phrase for the log; `undefined`: it has.
 * `etag`: of the earlier responses.
 */
export function rangeProblem(
	{ status, headers }: ResponseHead,
	{ first, last, total }: ByteRange,
	etag: string | undefined,
): string | undefined {
	if (status === 200) return "the server ignores ranges";
	if (isRedirect(status)) return `${status}: a redirect that cannot be followed`;
	if (status === 416) return "the file is shorter than announced";
	if (status !== 206) return `the server responded ${status}`;
	const range = headers.get("content-range") ?? "";
	if (range !== `bytes ${first}-${last}/${total}`)
		return `other bytes than requested (${range.slice(0, 60)})`;
	const tag = headers.get("etag") ?? etag;
	return etag !== undefined && tag !== etag ? "the file has changed" : undefined;
}

/** Whether the same request may succeed later that day. */
export function isTransient(status: number): boolean {
	return status >= 500 || status === 429 || status === 408 || status === 425;
}
