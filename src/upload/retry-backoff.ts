import { backoffMs } from "../common/backoff";

const firstBackoffMs = 5_000;
/** After a failure, unless the server may have stored what it did not confirm. */
const maxBackoffMs = 15 * 60_000;
/** Of a server that may have stored what it did not confirm: each attempt may store a point once more. */
export const maxReachedBackoffMs = 2 * 3_600_000;
/** Between a request that was refused or failed, and the next. */
export const minBackoffMs = 1_000;

/** Interval of probes while the settings or the service are at fault. */
export const settingsProbeIntervalMs = 3_600_000;

/**
 * The wait after `failures` failed attempts in a row (1 or more), milliseconds. Full jitter keeps many devices from
 * returning at the same moment. `hasReached`: the server has received the request, or part of it; the waits are then
 * longer, and at least half as long as at most. `random`: uniform in 0 … 1.
 */
export function retryBackoffMs(failures: number, random: number, hasReached = false): number {
	// mutation: retry-backoff
	const maxWaitMs = backoffMs(failures, firstBackoffMs, hasReached ? maxReachedBackoffMs : maxBackoffMs);
	return Math.max(minBackoffMs, (hasReached ? 0.5 + random / 2 : random) * maxWaitMs);
}
