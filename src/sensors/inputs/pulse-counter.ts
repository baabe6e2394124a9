/**
 * Counts the pulses of a contact that bounces. A pulse counts with its first edge after the line was quiet: so one that
 * came and went while the board was busy counts, too. Edges that follow within the bounce time are bounces.
 */
export class PulseCounter {
	/** Milliseconds. */
	private readonly debounceMs: number;
	private count = 0;
	/** Of the last edge. */
	private lastEdgeTicks = Number.NEGATIVE_INFINITY;
	private active: boolean;

	/** `active`: what the line is at now. */
	constructor(debounce: number, active: boolean) {
		this.debounceMs = debounce;
		this.active = active;
	}

	/** One edge or several: the platform tells some at once when they follow closely. Ticks. */
	onEdge(ticks: number): void {
		const quiet = ticks - this.lastEdgeTicks >= this.debounceMs;
		this.lastEdgeTicks = ticks;
		if (!quiet) return;
		if (!this.active) this.count++;
		this.active = !this.active;
	}

	/** The line has been quiet for the bounce time: what it is at is what it is. */
	settle(active: boolean): void {
		this.active = active;
	}

	/** The pulses since this was asked the last time. */
	takeCount(): number {
		const count = this.count;
		this.count = 0;
		return count;
	}
}
