/** How a board is connected, from nothing to all. */
export type Connectivity = "off" | "asleep" | "no network" | "no internet" | "online";

/** What a life was like in one part of its time. */
export interface HistoryInterval {
	/** Counts of that part. */
	readings: number;
	delivered: number;
	calls: number;
	/** Of these, answered 429. */
	rateLimited: number;
	powerCuts: number;
	/** The most that waited. */
	pending: number;
	/** Milliseconds of each. */
	readonly connectivity: Record<Connectivity, number>;
}

/** A life, told in so many parts of equal length. */
export class History {
	readonly intervals: HistoryInterval[];
	private readonly length: number;

	constructor(parts: number, length: number) {
		this.length = length;
		this.intervals = Array.from({ length: parts }, () => ({
			readings: 0,
			delivered: 0,
			calls: 0,
			rateLimited: 0,
			powerCuts: 0,
			pending: 0,
			connectivity: { off: 0, asleep: 0, "no network": 0, "no internet": 0, online: 0 },
		}));
	}

	/** The part that holds a moment; `at`: milliseconds from the life's start. */
	intervalAt(at: number): HistoryInterval | undefined {
		return this.intervals[Math.floor((at / this.length) * this.intervals.length)];
	}

	/** It was so connected from one moment to another. */
	addConnectivity(how: Connectivity, from: number, to: number): void {
		const part = this.length / this.intervals.length;
		for (let at = from; at < to; ) {
			const index = Math.floor(at / part);
			const end = Math.min(to, (index + 1) * part);
			const moment = this.intervals[index];
			if (moment === undefined || end <= at) return;
			moment.connectivity[how] += end - at;
			at = end;
		}
	}
}
