/** A board's connectivity, from worst to best. */
export type Connectivity = "off" | "asleep" | "no network" | "no internet" | "online";

/** One interval of a life. */
export interface HistoryInterval {
	/** Counts during the interval. */
	readings: number;
	delivered: number;
	calls: number;
	/** Calls that got 429. */
	rateLimited: number;
	powerCuts: number;
	/** Maximum number of pending readings. */
	pending: number;
	/** Milliseconds in each state. */
	readonly connectivity: Record<Connectivity, number>;
}

/** A life in intervals of equal length. */
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

	/** `at`: milliseconds since the life's start. */
	intervalAt(at: number): HistoryInterval | undefined {
		return this.intervals[Math.floor((at / this.length) * this.intervals.length)];
	}

	/** Adds a period with this connectivity. */
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
