/** Exponential backoff: `minMs` after the first failure in a row, doubled with each further one up to `maxMs`. */
export function backoffMs(failures: number, minMs: number, maxMs: number): number {
	// The exponent is bounded so that nothing overflows.
	return Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 16));
}
