/**
 * Extends a platform's 32-bit milliseconds, which wrap every 49.7 days (signed ones turn negative after 24.8): the
 * result never wraps and never goes back, if it is read at least every three weeks.
 */
export function unwrapTicks(read: () => number): () => number {
	let last = read();
	let total = 0;
	return () => {
		const now = read();
		// The signed 32-bit difference is right across the wrap, and negative for a clock that went back.
		const passed = (now - last) | 0;
		if (passed > 0) {
			total += passed;
			last = now;
		}
		return total;
	};
}
