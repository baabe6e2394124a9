import type { Batch } from "./batch";

/** Points that the service may have stored without confirming them. */
export interface Repeats {
	/** Their end; 0: none. */
	readonly upTo: number;
	/** How many were sent again and failed again, less what time has allowed until `ticks`: stored twice, and to be sent once more. */
	readonly count: number;
	readonly ticks: number;
}

/** Points that may have failed again before each further one waits, and how many a day allows: less than 1,000 in any 24 hours. */
const maxRepeated = 480;
const repeatedPointMs = 86_400_000 / maxRepeated;
/** So long a point counts once, however often it fails: what is limited is how many points are stored often. */
const countedMs = 3_600_000;

/** Limits how many points a service that stores and fails gets more than twice in a day. */
export class RepeatLimit {
	/** Kept over each start. */
	repeats: Repeats = { upTo: 0, count: 0, ticks: 0 };
	/** Points that {@link repeats} counts: they may fail once more at no cost until an hour after these ticks. */
	private counted = { first: 0, last: 0, ticks: 0 };
	private beganTicks = 0;

	/** An upload begins: time has allowed some points. */
	begin(ticks: number): void {
		this.beganTicks = ticks;
		const { upTo, count, ticks: since } = this.repeats;
		const allowed = Math.floor(Math.max(0, ticks - since) / repeatedPointMs);
		this.repeats =
			allowed >= count
				? { upTo, count: 0, ticks }
				: { upTo, count: count - allowed, ticks: since + allowed * repeatedPointMs };
		if (ticks - this.counted.ticks >= countedMs) this.counted = { first: 0, last: 0, ticks };
	}

	/** The service may have stored these points. */
	add({ firstSequence, lastSequence, pointCount }: Batch): void {
		const { upTo, count, ticks } = this.repeats;
		const repeatedTo = Math.min(lastSequence, upTo);
		this.repeats = {
			upTo: Math.max(upTo, lastSequence),
			count: count + Math.min(pointCount, this.countNew(firstSequence, repeatedTo)),
			ticks,
		};
	}

	/** To continue with if it is never known whether this batch was stored. */
	inDoubt({ firstSequence, lastSequence, pointCount }: Batch): Repeats {
		const { upTo, count, ticks } = this.repeats;
		const repeated = Math.max(0, Math.min(pointCount, upTo - firstSequence + 1));
		return { upTo: Math.max(upTo, lastSequence), count: count + repeated, ticks };
	}

	/** `oldest`: of the pending points. */
	forgetBefore(oldest: number | undefined): void {
		const { upTo } = this.repeats;
		if (upTo > 0 && (oldest === undefined || oldest > upTo)) this.repeats = { ...this.repeats, upTo: 0 };
	}

	/** Batches of points that are sent again grow up to this with each 2xx. */
	get maxPoints(): number {
		return Math.max(1, Math.floor((maxRepeated - this.repeats.count) / 4));
	}

	/** How long the next point has to wait, milliseconds: a service that confirms points now and then gets few of them again. */
	get waitMs(): number {
		// mutation: wait-for-repeats
		return Math.max(0, this.repeats.count - maxRepeated) * repeatedPointMs;
	}

	/** How many of these points have not been counted within the hour. The oldest ones are sent first, so they are in a row. */
	private countNew(first: number, last: number): number {
		if (last < first) return 0;
		const { counted } = this;
		const isApart = first > counted.last + 1 || last < counted.first - 1;
		const others = isApart
			? last - first + 1
			: Math.max(0, counted.first - first) + Math.max(0, last - counted.last);
		this.counted = isApart
			? { first, last, ticks: this.beganTicks }
			: { first: Math.min(first, counted.first), last: Math.max(last, counted.last), ticks: counted.ticks };
		return others;
	}
}
