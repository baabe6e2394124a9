import type { SampleTime } from "../reading/reading";
import type { Anchor } from "./anchor";

/** The known times around the boots that were never synchronized. Milliseconds of Unix time. */
export interface KnownTimes {
	/** The time of a reading; `undefined` if its boot has no anchor. */
	resolve(time: SampleTime): number | undefined;
	/** The latest known moment of the boots before `boot`. */
	lastKnownUtcBefore(boot: number): number | undefined;
	/** The earliest known moment after `boot`: the start of the next boot with an anchor, or now. */
	firstKnownUtcAfter(boot: number): number;
	/** Of the board's ticks. */
	readonly drift: number;
}

interface UnanchoredBoot {
	readonly boot: number;
	/** Ticks of its last reading: the boot lasted at least that long. */
	lastTicks: number;
}

/**
 * Estimates anchors for the boots that were never synchronized: in order, each as long as its readings show, with equal
 * pauses between the last known moment before them and the first one after. Without a moment before, they end at the
 * first one after, without pauses. If they do not fit in between, some clock was wrong; then they still end before what
 * follows.
 *
 * One pass over the readings in sequence order; places at most `maxBoots` boots, the oldest.
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

/** Consecutive boots without an anchor. Holds only those that will be placed, however many there are. */
class UnanchoredRun {
	private readonly lastKnownUtc: number | undefined;
	private readonly maxBoots: number;
	private readonly boots: UnanchoredBoot[] = [];
	private firstBoot: number | undefined;
	private currentBoot: UnanchoredBoot | undefined;
	private bootCount = 0;
	/** Ticks of all complete boots. */
	private closedTicks = 0;

	constructor(lastKnownUtc: number | undefined, maxBoots: number) {
		this.lastKnownUtc = lastKnownUtc;
		this.maxBoots = maxBoots;
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

	/** `next`: the time of the following reading. */
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
