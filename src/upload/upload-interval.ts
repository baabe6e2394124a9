import { type CallQuota, freePlanCallsPerMonth, maxMonthMs } from "../dakkio/rate-limits";

/** The part of the plan's calls that regular uploads use; the rest is for backlog, retries and other devices. */
// mutation: regular-request-share
const regularShare = 0.7;

/** On battery each upload costs as much as an hour of sleep, or more: at most one an hour, unless the settings say how often. */
export const batteryUploadIntervalMs = 3_600_000;

/** While only the reserve is left: milliseconds between two uploads, at least and at most. */
const reserveIntervalMs = 3_600_000;
const maxIntervalMs = 6 * 3_600_000;

/** What a device assumes until an answer has told it better: the Free plan, a month from now. */
export function defaultQuota(now: number): CallQuota {
	return { limit: freePlanCallsPerMonth, remaining: freePlanCallsPerMonth, resetUtc: now + maxMonthMs };
}

/** The allowance at a later time: whole again after its reset. */
export function quotaAt(allowance: CallQuota, now: number): CallQuota {
	const { limit, resetUtc } = allowance;
	if (now < resetUtc) return allowance;
	const months = Math.floor((now - resetUtc) / maxMonthMs) + 1;
	return { limit, remaining: limit, resetUtc: resetUtc + months * maxMonthMs };
}

/** The allowance after one more call whose answer did not tell it. */
export function quotaAfterCall(allowance: CallQuota): CallQuota {
	return { ...allowance, remaining: Math.max(0, allowance.remaining - 1) };
}

/**
 * The time from one regular upload to the next, milliseconds.
 *
 * Auto spreads what is left of the regular part evenly until the reset, so it slows down when others use the same
 * plan. Once others have used up the regular part, it takes from the reserve, never more than half of what is left:
 * devices that do the same slow down together. Sending more often than sampling
 * would be empty. An interval of the owner's is kept. With nothing left, both wait for the reset, but never longer
 * than an hour: the plan may have been changed.
 */
export function uploadIntervalMs(
	setting: number | "auto",
	sampling: number,
	allowance: CallQuota,
	now: number,
): number {
	const { remaining, resetUtc } = allowance;
	if (remaining === 0) return Math.max(sampling, Math.min(Math.max(0, resetUtc - now), reserveIntervalMs));
	if (setting !== "auto") return setting * 1000;
	// mutation: automatic-upload-interval
	return Math.max(sampling, Math.ceil(evenIntervalMs(allowance, now)));
}

function evenIntervalMs({ limit, remaining, resetUtc }: CallQuota, now: number): number {
	const untilReset = Math.max(1, resetUtc - now);
	const regular = Math.max(0, remaining - (1 - regularShare) * limit) / untilReset;
	// mutation: reserved-request-rate
	const reserve = Math.min(1 / reserveIntervalMs, remaining / 2 / untilReset);
	return Math.min(1 / Math.max(regular, reserve), maxIntervalMs);
}
