/**
 * A clock over a platform's milliseconds that are 32 bits wide and begin anew every 49.7 days (as signed numbers, they
 * turn negative after 24.8): it never wraps and never goes back, as long as it is read once in three weeks.
 */
export function unwrapTicks(read: () => number): () => number {
	let last = read();
	let total = 0;
	return () => {
		const now = read();
		// The difference in 32 bits, signed: right across the turn, negative for a clock that went back.
		const passed = (now - last) | 0;
		if (passed > 0) {
			total += passed;
			last = now;
		}
		return total;
	};
}
