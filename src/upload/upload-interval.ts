import { type CallQuota, freePlanCallsPerMonth, maxMonthMs, maxResetAheadMs } from "../dakkio/rate-limits";

/** Fraction of the plan's calls for regular uploads; the rest is for backlog, retries and other devices. */
// mutation: regular-request-share
const regularShare = 0.7;

/** On battery, an upload costs as much as an hour of sleep or more: the default is one an hour. */
export const batteryUploadIntervalMs = 3_600_000;

/** Minimum and maximum interval while only the reserve is left. */
const reserveIntervalMs = 3_600_000;
const maxIntervalMs = 6 * 3_600_000;

/** Assumed until response headers are known: the Free plan, reset in a month. */
export function defaultQuota(now: number): CallQuota {
	return { limit: freePlanCallsPerMonth, remaining: freePlanCallsPerMonth, resetUtc: now + maxMonthMs };
}

/**
 * The quota at another time: restored after its reset. A reset more than a month ahead was set while the clock was wrong,
 * and says nothing. `now` is 0 while the time is unknown.
 */
export function quotaAt(quota: CallQuota, now: number): CallQuota {
	const { limit, resetUtc } = quota;
	if (now > 0 && resetUtc > now + maxResetAheadMs)
		return { limit, remaining: limit, resetUtc: now + maxMonthMs };
	if (now < resetUtc) return quota;
	const months = Math.floor((now - resetUtc) / maxMonthMs) + 1;
	return { limit, remaining: limit, resetUtc: resetUtc + months * maxMonthMs };
}

/** The quota after one more call without rate limit headers. */
export function quotaAfterCall(quota: CallQuota): CallQuota {
	return { ...quota, remaining: Math.max(0, quota.remaining - 1) };
}

/**
 * The time between two regular uploads, milliseconds. `setting`: seconds, or `auto`.
 *
 * `auto` spreads the remaining regular part evenly until the reset, so it slows down when other devices use the plan.
 * Once that part is used up, it takes from the reserve, at most half of the rest, so that several devices slow down
 * together. It is never shorter than the sampling interval. Without remaining calls, uploads wait for the reset, but at
 * most an hour: the plan may have changed.
 */
export function uploadIntervalMs(
	setting: number | "auto",
	samplingMs: number,
	quota: CallQuota,
	now: number,
): number {
	const { remaining, resetUtc } = quota;
	if (remaining === 0) return Math.max(samplingMs, Math.min(Math.max(0, resetUtc - now), reserveIntervalMs));
	if (setting !== "auto") return setting * 1000;
	// mutation: automatic-upload-interval
	return Math.max(samplingMs, Math.ceil(evenIntervalMs(quota, now)));
}

function evenIntervalMs({ limit, remaining, resetUtc }: CallQuota, now: number): number {
	const untilReset = Math.max(1, resetUtc - now);
	const regular = Math.max(0, remaining - (1 - regularShare) * limit) / untilReset;
	// mutation: reserved-request-rate
	const reserve = Math.min(1 / reserveIntervalMs, remaining / 2 / untilReset);
	return Math.min(1 / Math.max(regular, reserve), maxIntervalMs);
}
