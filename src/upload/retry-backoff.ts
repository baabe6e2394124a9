import { backoffMs } from "../common/backoff";

const firstBackoffMs = 5_000;
const maxBackoffMs = 15 * 60_000;
const minBackoffMs = 1_000;

/** Interval of probes while the settings are at fault. */
export const settingsProbeIntervalMs = 3_600_000;

/**
 * The wait after `failures` failed attempts in a row (1 or more), milliseconds. Full jitter keeps many devices from
 * returning at the same moment. `random`: uniform in 0 … 1.
 */
export function retryBackoffMs(failures: number, random: number): number {
	// mutation: retry-backoff
	const maxWaitMs = backoffMs(failures, firstBackoffMs, maxBackoffMs);
	return Math.max(minBackoffMs, random * maxWaitMs);
}
