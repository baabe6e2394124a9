import { type Allowance, freePlanCalls, longestMonth } from "../dakkio/limits";

/** The part of the plan's calls that regular uploads use; the rest is for backlog, retries and other devices. */
// mutation: regular-request-share
const regularPart = 0.7;

/** On battery each upload costs as much as an hour of sleep, or more: at most one an hour, unless the settings say how often. */
export const batteryUploads = 3_600_000;

/** While only the reserve is left: milliseconds between two uploads, at least and at most. */
const reserveInterval = 3_600_000;
const longestInterval = 6 * 3_600_000;

/** What a device assumes until an answer has told it better: the Free plan, a month from now. */
export function assumedAllowance(now: number): Allowance {
	return { limit: freePlanCalls, remaining: freePlanCalls, reset: now + longestMonth };
}

/** The allowance at a later time: whole again after its reset. */
export function allowanceAt(allowance: Allowance, now: number): Allowance {
	const { limit, reset } = allowance;
	if (now < reset) return allowance;
	const months = Math.floor((now - reset) / longestMonth) + 1;
	return { limit, remaining: limit, reset: reset + months * longestMonth };
}

/** The allowance after one more call whose answer did not tell it. */
export function afterCall(allowance: Allowance): Allowance {
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
export function uploadInterval(
	setting: number | "auto",
	sampling: number,
	allowance: Allowance,
	now: number,
): number {
	const { remaining, reset } = allowance;
	if (remaining === 0) return Math.max(sampling, Math.min(Math.max(0, reset - now), reserveInterval));
	if (setting !== "auto") return setting * 1000;
	// mutation: automatic-upload-interval
	return Math.max(sampling, Math.ceil(evenInterval(allowance, now)));
}

function evenInterval({ limit, remaining, reset }: Allowance, now: number): number {
	const untilReset = Math.max(1, reset - now);
	const regular = Math.max(0, remaining - (1 - regularPart) * limit) / untilReset;
	// mutation: reserved-request-rate
	const reserve = Math.min(1 / reserveInterval, remaining / 2 / untilReset);
	return Math.min(1 / Math.max(regular, reserve), longestInterval);
}
