import { parseHttpDate } from "../common/http-date";
import { isDecimal } from "../common/text-pattern";

/** Maximum points in one call of `POST /api/data/batch` (API, "Batch"). */
export const maxBatchPoints = 1000;

/**
 * Calls per month of the Free plan, shared by an organization's devices (API, "Rate limits"); assumed until response
 * headers are known.
 */
export const freePlanCallsPerMonth = 10_000;

/** Response headers with the call quota and the time to wait. */
export const rateLimitHeaders = Object.freeze([
	"retry-after",
	"x-ratelimit-limit",
	"x-ratelimit-remaining",
	"x-ratelimit-reset",
]);

/** Maximum length of a month, so of the time to a reset. */
export const maxMonthMs = 31 * 86_400_000;
/** No reset is further ahead. With a day of tolerance for clock differences and time zones. */
export const maxResetAheadMs = maxMonthMs + 86_400_000;

/** An organization's call quota in the current month. */
export interface CallQuota {
	/** Calls a month. */
	readonly limit: number;
	/** Calls left until the reset. */
	readonly remaining: number;
	/** When the quota is reset, milliseconds of Unix time. */
	readonly resetUtc: number;
}

/** The quota in response headers; `undefined` if they lack it or it is implausible. */
export function parseCallQuota(headers: ReadonlyMap<string, string>, now: number): CallQuota | undefined {
	const limit = parseNumber(headers.get("x-ratelimit-limit"));
	const remaining = parseNumber(headers.get("x-ratelimit-remaining"));
	const reset = parseNumber(headers.get("x-ratelimit-reset"));
	if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
	if (limit < 1 || limit > maxCalls || remaining > limit) return undefined;
	const resetUtc = Math.ceil(reset) * 1000;
	if (resetUtc <= now || resetUtc > now + maxResetAheadMs) return undefined;
	return { limit: Math.floor(limit), remaining: Math.floor(remaining), resetUtc };
}

/** Higher limits are implausible. */
const maxCalls = 1e12;

/** A decimal number, spaces around it allowed; `undefined` for anything else: a sign, an exponent, a list. */
function parseNumber(text: string | undefined): number | undefined {
	return text !== undefined && isDecimal(text.trim()) ? Number(text) : undefined;
}

/** A server's wait is clamped, against retry storms and absurdly long waits. */
const minServerWaitMs = 1_000;
/** After this the device tries anyway: the plan may have changed, or the header may be wrong. */
const maxServerWaitMs = 6 * 3_600_000;

/**
 * How long the server asks to wait, milliseconds; `undefined` if it does not. `Retry-After` (RFC 9110 section 10.2.3:
 * seconds or a date) takes precedence over `X-RateLimit-Reset` (Unix seconds), which every response has and which is used
 * only with a 429.
 */
export function requestedWaitMs(
	status: number,
	headers: ReadonlyMap<string, string>,
	now: number,
): number | undefined {
	// mutation: requested-wait
	const wait =
		retryAfterMs(headers.get("retry-after"), now) ??
		(status === 429 ? untilResetMs(headers.get("x-ratelimit-reset"), now) : undefined);
	if (wait === undefined) return undefined;
	return Math.min(Math.max(wait, minServerWaitMs), maxServerWaitMs);
}

function retryAfterMs(value: string | undefined, now: number): number | undefined {
	const seconds = parseNumber(value);
	if (seconds !== undefined)
		// mutation: retry-after-seconds
		return Math.ceil(seconds) * 1000;
	const date = value === undefined ? undefined : parseHttpDate(value.trim(), now);
	return date === undefined ? undefined : date - now;
}

function untilResetMs(value: string | undefined, now: number): number | undefined {
	const seconds = parseNumber(value);
	return seconds === undefined ? undefined : Math.ceil(seconds) * 1000 - now;
}
