import { backoffMs } from "../common/backoff";
import { type HttpsUrl, resolveHttpsUrl } from "../common/https-url";
import { isJsonObject } from "../common/json";
import { untilAnyOf } from "../common/text-pattern";
import { isRedirect } from "../http/exchange-result";
import type { ResponseHead } from "../http/request";

/** What is known of downloads, kept over restarts. Times are milliseconds of Unix time. */
export interface DownloadState {
	/** The address of the index that all of it is about. */
	readonly index: string;
	/** When the index is asked next. */
	readonly nextUtc: number;
	/** Since {@link sinceUtc}, for a day. */
	readonly requests: number;
	readonly sinceUtc: number;
	/** In a row. */
	readonly failures: number;
	/** The version that the index has offered, `1.2.3`; empty: none that is newer. */
	readonly offered: string;
	/** How often that version's whole image was not the signed one. */
	readonly badImages: number;
}

/** What decides whether something may be downloaded now. */
export interface DownloadConditions {
	/** Milliseconds of Unix time; `undefined` while it is not known. */
	readonly nowUtc: number | undefined;
	readonly isOnline: boolean;
	/** Readings are being sent, or should have been. */
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
	/** The server gives something else than the index says. */
	| "unusable"
	/** The whole image is not the signed one. */
	| "bad image";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Each start of a board without a history waits up to so long. */
const maxFirstDelayMs = hourMs;
/** Between two questions for the index, within a quarter around a day: boards of one power cut do not ask together. */
const minCheckIntervalMs = 21 * hourMs;
const maxCheckIntervalMs = 27 * hourMs;
const minBackoffMs = 60_000;
const maxBackoffMs = 6 * hourMs;
/** An image of 2 MB takes 64; the rest is for breaks. */
export const maxDailyRequests = 120;
/** Bytes of the file in one request: some seconds over a weak Wi-Fi. */
export const rangeBytes = 32 * 1024;
/** Percent: writing flash and a quarter of an hour of trial with the radio on take it from here. */
export const minBatteryLevel = 40;
/** After so many, a version is left alone. */
export const maxBadImages = 3;

/** Of a board that has never asked this index. `random`: uniform in 0 … 1. */
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

/** A saved state; `undefined` if it is of another index, or of another firmware that saved something else. */
export function readState(saved: unknown, index: string): DownloadState | undefined {
	if (!isJsonObject(saved) || saved.index !== index || typeof saved.offered !== "string") return undefined;
	const { nextUtc, requests, sinceUtc, failures, offered, badImages } = saved;
	const numbers = [nextUtc, requests, sinceUtc, failures, badImages];
	const [next = 0, count = 0, since = 0, failed = 0, bad = 0] = numbers.map(Number);
	return numbers.every((value) => typeof value === "number")
		? { index, nextUtc: next, requests: count, sinceUtc: since, failures: failed, offered, badImages: bad }
		: undefined;
}

/** Milliseconds until something may be requested: 0: now; infinite: not before the conditions change. */
export function downloadWaitMs(state: DownloadState, conditions: DownloadConditions): number {
	const { nowUtc, isOnline, isUploadDue, onBattery, batteryLevel = 0, isOnTrial } = conditions;
	if (nowUtc === undefined || !isOnline || isOnTrial) return Number.POSITIVE_INFINITY;
	if (isUploadDue) return Number.POSITIVE_INFINITY;
	if (onBattery && batteryLevel < minBatteryLevel) return Number.POSITIVE_INFINITY;
	const dayEndUtc = state.sinceUtc + dayMs;
	const { requests } = forgetOldRequests(state, nowUtc);
	const fromUtc = requests >= maxDailyRequests ? Math.max(dayEndUtc, state.nextUtc) : state.nextUtc;
	// A time that far ahead was planned by a clock that was wrong.
	return fromUtc - nowUtc > 2 * maxCheckIntervalMs ? 0 : Math.max(0, fromUtc - nowUtc);
}

/** With one request more. */
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

/** Bytes of a file; both are part of it. */
export interface ByteRange {
	readonly first: number;
	readonly last: number;
	/** Of the whole file, bytes. */
	readonly total: number;
}

/** What is requested next of a file of `total` bytes. */
export function nextRange(first: number, total: number): ByteRange {
	return { first, last: Math.min(total, first + rangeBytes) - 1, total };
}

/** Response headers that {@link rangeProblem} and {@link redirectTarget} need. */
export const downloadHeaders: readonly string[] = Object.freeze(["content-range", "etag", "location"]);
/** Of such a header: signed addresses of a store behind a web server have some 1,000 characters. */
export const maxHeaderBytes = 2_048;
/** In a row: GitHub's downloads take two. */
export const maxRedirects = 4;

/**
 * Where a response redirects to (RFC 9110 section 15.4); `undefined` unless that is another address over https. Nothing
 * secret goes with a request, and nothing is installed that is not signed.
 */
export function redirectTarget({ status, headers }: ResponseHead, from: HttpsUrl): HttpsUrl | undefined {
	const location = headers.get("location") ?? "";
	const hasMoved = (status >= 301 && status <= 303) || status === 307 || status === 308;
	// What is as long as that was cut.
	return hasMoved && location.length < maxHeaderBytes
		? resolveHttpsUrl(untilAnyOf("#", location), from)
		: undefined;
}

/**
 * Whether a response has the requested bytes (RFC 9110 section 15.3.7): why not, as a phrase for the log. `etag`: of the
 * responses before.
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

/** Whether the same request may succeed later on the same day. */
export function isTransient(status: number): boolean {
	return status >= 500 || status === 429 || status === 408 || status === 425;
}
