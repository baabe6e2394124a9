import type { SampleTime } from "../reading/reading";
import type { Anchor } from "./anchor";

/** What is known of the time around the boots that never learned it. Milliseconds of Unix time. */
export interface KnownTimes {
	/** The true time of a reading; `undefined` when its boot has none. */
	resolve(time: SampleTime): number | undefined;
	/** The latest known moment of the boots before. */
	before(boot: number): number | undefined;
	/** The earliest known moment of the boots after: the start of the next one that has a time, or now. */
	after(boot: number): number;
	/** Of the board's ticks. */
	readonly rate: number;
}

interface Unplaced {
	readonly boot: number;
	/** Ticks of its last reading: what the boot surely lasted. */
	last: number;
}

/**
 * Places the boots that never learned the time: in their order, each as long as its readings tell, with equal
 * pauses from the last known moment before them to the first one after. Without a moment before, they end at the
 * first one after, without pauses. Where they take longer than there is room, some clock was wrong; then nothing
 * is moved past what comes after.
 *
 * One pass over the readings in order of their sequence; at most `most` boots, the oldest, are placed.
 */
export function placeBoots(
	waiting: Iterable<{ readonly time: SampleTime }>,
	known: KnownTimes,
	most: number,
): Anchor[] {
	const placed: Anchor[] = [];
	let stretch: Stretch | undefined;
	let lastKnown: number | undefined;
	const close = (next?: number) => {
		if (stretch !== undefined) placed.push(...stretch.place(known, next));
		stretch = undefined;
	};
	for (const { time } of waiting) {
		const utc = known.resolve(time);
		if (utc === undefined && "boot" in time) {
			stretch ??= new Stretch(lastKnown, most - placed.length);
			stretch.add(time.boot, time.ticks);
		} else {
			close(utc);
			lastKnown = utc;
		}
	}
	close();
	return placed;
}

/** Neighbouring boots without a time. However many there are, only those that will be placed are held. */
class Stretch {
	private readonly lastKnown: number | undefined;
	private readonly most: number;
	private readonly boots: Unplaced[] = [];
	private first: number | undefined;
	private current: Unplaced | undefined;
	private count = 0;
	/** Ticks of all boots that are complete. */
	private ticks = 0;

	constructor(lastKnown: number | undefined, most: number) {
		this.lastKnown = lastKnown;
		this.most = most;
	}

	add(boot: number, ticks: number): void {
		if (this.current?.boot === boot) {
			this.current.last = Math.max(this.current.last, ticks);
			return;
		}
		this.ticks += this.current?.last ?? 0;
		this.count++;
		this.first ??= boot;
		this.current = { boot, last: ticks };
		if (this.boots.length < this.most) this.boots.push(this.current);
	}

	/** `next`: the time of the reading that follows. */
	*place({ before, after, rate }: KnownTimes, next = Number.POSITIVE_INFINITY): Generator<Anchor> {
		if (this.first === undefined || this.current === undefined) return;
		const end = Math.min(next, after(this.current.boot));
		const begin = larger(this.lastKnown, before(this.first));
		const busy = (this.ticks + this.current.last) * (1 + rate);
		const pause = begin === undefined ? 0 : Math.max(0, end - begin - busy) / (this.count + 1);
		let start = end - busy - this.count * pause;
		for (const { boot, last } of this.boots) {
			const until = start + last * (1 + rate);
			yield { boot, start, rate, until, estimatedBefore: Number.POSITIVE_INFINITY };
			start = until + pause;
		}
	}
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
