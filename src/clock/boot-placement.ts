import type { SampleTime } from "../reading/reading";
import type { Anchor } from "./anchor";

/** What is known of the time around the boots that never learned it. Milliseconds of Unix time. */
export interface KnownTimes {
	/** The true time of a reading; `undefined` when its boot has none. */
	resolve(time: SampleTime): number | undefined;
	/** The latest known moment of the boots before. */
	lastKnownUtcBefore(boot: number): number | undefined;
	/** The earliest known moment of the boots after: the start of the next one that has a time, or now. */
	firstKnownUtcAfter(boot: number): number;
	/** Of the board's ticks. */
	readonly drift: number;
}

interface UnanchoredBoot {
	readonly boot: number;
	/** Ticks of its last reading: what the boot surely lasted. */
	lastTicks: number;
}

/**
 * Places the boots that never learned the time: in their order, each as long as its readings tell, with equal
 * pauses from the last known moment before them to the first one after. Without a moment before, they end at the
 * first one after, without pauses. Where they take longer than there is room, some clock was wrong; then nothing
 * is moved past what comes after.
 *
 * One pass over the readings in order of their sequence; at most `most` boots, the oldest, are placed.
 */
export function placeUnanchoredBoots(
	pending: Iterable<{ readonly time: SampleTime }>,
	known: KnownTimes,
	maxBoots: number,
): Anchor[] {
	const placed: Anchor[] = [];
	let run: UnanchoredRun | undefined;
	let lastKnown: number | undefined;
	const close = (next?: number) => {
		if (run !== undefined) placed.push(...run.place(known, next));
		run = undefined;
	};
	for (const { time } of pending) {
		const utc = known.resolve(time);
		if (utc === undefined && "boot" in time) {
			run ??= new UnanchoredRun(lastKnown, maxBoots - placed.length);
			run.add(time.boot, time.ticks);
		} else {
			close(utc);
			lastKnown = utc;
		}
	}
	close();
	return placed;
}

/** Neighbouring boots without a time. However many there are, only those that will be placed are held. */
class UnanchoredRun {
	private readonly lastKnownUtc: number | undefined;
	private readonly maxBoots: number;
	private readonly boots: UnanchoredBoot[] = [];
	private firstBoot: number | undefined;
	private currentBoot: UnanchoredBoot | undefined;
	private bootCount = 0;
	/** Ticks of all boots that are complete. */
	private closedTicks = 0;

	constructor(lastKnown: number | undefined, most: number) {
		this.lastKnownUtc = lastKnown;
		this.maxBoots = most;
	}

	add(boot: number, ticks: number): void {
		if (this.currentBoot?.boot === boot) {
			this.currentBoot.lastTicks = Math.max(this.currentBoot.lastTicks, ticks);
			return;
		}
		this.closedTicks += this.currentBoot?.lastTicks ?? 0;
		this.bootCount++;
		this.firstBoot ??= boot;
		this.currentBoot = { boot, lastTicks: ticks };
		if (this.boots.length < this.maxBoots) this.boots.push(this.currentBoot);
	}

	/** `next`: the time of the reading that follows. */
	*place(
		{ lastKnownUtcBefore, firstKnownUtcAfter, drift }: KnownTimes,
		next = Number.POSITIVE_INFINITY,
	): Generator<Anchor> {
		if (this.firstBoot === undefined || this.currentBoot === undefined) return;
		const end = Math.min(next, firstKnownUtcAfter(this.currentBoot.boot));
		const begin = maxDefined(this.lastKnownUtc, lastKnownUtcBefore(this.firstBoot));
		const busy = (this.closedTicks + this.currentBoot.lastTicks) * (1 + drift);
		const pause = begin === undefined ? 0 : Math.max(0, end - begin - busy) / (this.bootCount + 1);
		let startUtc = end - busy - this.bootCount * pause;
		for (const { boot, lastTicks } of this.boots) {
			const lastKnownUtc = startUtc + lastTicks * (1 + drift);
			yield { boot, startUtc, drift, lastKnownUtc, estimatedBeforeTicks: Number.POSITIVE_INFINITY };
			startUtc = lastKnownUtc + pause;
		}
	}
}

function maxDefined(a: number | undefined, b: number | undefined): number | undefined {
	return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}
