/** Milliseconds. */
const baseMs = 5_000;
const maxBackoffMs = 15 * 60_000;
const minBackoffMs = 1_000;

/** How often a fault in the settings is tried again, milliseconds. */
export const settingsProbeIntervalMs = 3_600_000;

/**
 * The wait before the next attempt after `failures` failed ones in a row (1 or more), milliseconds: full jitter,
 * so that a street of devices does not come back together. `random` is uniform in 0 … 1.
 */
export function retryBackoffMs(failures: number, random: number): number {
	// mutation: retry-backoff
	const ceiling = Math.min(maxBackoffMs, baseMs * 2 ** Math.min(failures - 1, 16));
	return Math.max(minBackoffMs, random * ceiling);
}
