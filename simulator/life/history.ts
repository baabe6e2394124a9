/** How a board is connected, from nothing to all. */
export type Connectivity = "off" | "asleep" | "no network" | "no internet" | "online";

/** What a life was like in one part of its time. */
export interface Moment {
	/** Counts of that part. */
	readings: number;
	delivered: number;
	calls: number;
	/** Of these, answered 429. */
	limited: number;
	cuts: number;
	/** The most that waited. */
	waiting: number;
	/** Milliseconds of each. */
	readonly connectivity: Record<Connectivity, number>;
}

/** A life, told in so many parts of equal length. */
export class History {
	readonly moments: Moment[];
	private readonly length: number;

	constructor(parts: number, length: number) {
		this.length = length;
		this.moments = Array.from({ length: parts }, () => ({
			readings: 0,
			delivered: 0,
			calls: 0,
			limited: 0,
			cuts: 0,
			waiting: 0,
			connectivity: { off: 0, asleep: 0, "no network": 0, "no internet": 0, online: 0 },
		}));
	}

	/** The part that holds a moment; `at`: milliseconds from the life's start. */
	at(at: number): Moment | undefined {
		return this.moments[Math.floor((at / this.length) * this.moments.length)];
	}

	/** It was so connected from one moment to another. */
	connected(how: Connectivity, from: number, to: number): void {
		const part = this.length / this.moments.length;
		for (let at = from; at < to; ) {
			const index = Math.floor(at / part);
			const end = Math.min(to, (index + 1) * part);
			const moment = this.moments[index];
			if (moment === undefined || end <= at) return;
			moment.connectivity[how] += end - at;
			at = end;
		}
	}
}
