import Clock from "time";

/**
 * A clock over the simulator's milliseconds, which are 32 bits wide: it never wraps as long as it is read once in
 * three weeks.
 */
export function makeClock(): () => number {
	let last = Clock.ticks;
	let total = 0;
	return () => {
		const now = Clock.ticks;
		total += Math.max(0, Clock.delta(last, now));
		last = now;
		return total;
	};
}
