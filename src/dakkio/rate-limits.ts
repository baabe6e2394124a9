/** Points in one call of `POST /api/data/batch` (API, "Batch"). */
export const maxBatchPoints = 1000;

/**
 * Calls per month of the Free plan, shared by an organization's devices (API, "Rate limits"): what a device
 * assumes until an answer's headers tell it better.
 */
export const freePlanCallsPerMonth = 10_000;

/** The headers that tell a device when it may call again. */
export const rateLimitHeaders = Object.freeze([
	"retry-after",
	"x-ratelimit-limit",
	"x-ratelimit-remaining",
	"x-ratelimit-reset",
]);

/** The longest month, milliseconds: no reset is further away. */
export const maxMonthMs = 31 * 86_400_000;

/** What an organization's plan allows in the month under way. */
export interface CallQuota {
	/** Calls a month. */
	readonly limit: number;
	/** Calls left until the reset. */
	readonly remaining: number;
	/** When all calls are there again, milliseconds of Unix time. */
	readonly resetUtc: number;
}

/** The allowance that an answer's headers tell; `undefined` when they do not, or when it cannot be true. */
export function parseCallQuota(headers: ReadonlyMap<string, string>, now: number): CallQuota | undefined {
	const limit = parseWholeNumber(headers.get("x-ratelimit-limit"));
	const remaining = parseWholeNumber(headers.get("x-ratelimit-remaining"));
	const reset = parseWholeNumber(headers.get("x-ratelimit-reset"));
	if (limit === undefined || remaining === undefined || reset === undefined) return undefined;
	if (limit === 0 || remaining > limit) return undefined;
	const resetAt = reset * 1000;
	// A day more: the two clocks need not agree, nor the plans' time zones.
	if (resetAt <= now || resetAt > now + maxMonthMs + 86_400_000) return undefined;
	return { limit, remaining, resetUtc: resetAt };
}

function parseWholeNumber(value: string | undefined): number | undefined {
	return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
}

/** A server's wish is followed between these bounds (milliseconds): neither hammering nor silence for a year. */
const minServerWaitMs = 1_000;
/** After this the device asks again all the same: the plan may have been changed, or the header was wrong. */
const maxServerWaitMs = 6 * 3_600_000;

/**
 * How long the server asks to be left alone, milliseconds; `undefined` when it does not say.
 * `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) comes before `X-RateLimit-Reset` (Unix seconds),
 * which every answer carries and which is a wish to wait only with 429.
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
	if (wait === undefined || !Number.isFinite(wait)) return undefined;
	return Math.min(Math.max(wait, minServerWaitMs), maxServerWaitMs);
}

function retryAfterMs(value: string | undefined, now: number): number | undefined {
	if (value === undefined) return undefined;
	if (/^\d+$/.test(value))
		// mutation: retry-after-seconds
		return Number(value) * 1000;
	const date = Date.parse(value);
	return Number.isNaN(date) ? undefined : date - now;
}

function untilResetMs(value: string | undefined, now: number): number | undefined {
	if (value === undefined || !/^\d+(\.\d+)?$/.test(value)) return undefined;
	return Number(value) * 1000 - now;
}
