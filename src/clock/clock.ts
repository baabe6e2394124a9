import type { Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { SampleTime } from "../reading/reading";
import {
	type Anchor,
	type ClockRecord,
	decodeRecord,
	encodeRecord,
	mostAnchors,
	storableRate,
	timeOf,
	withAnchor,
} from "./anchor";
import { placeBoots } from "./estimate";
import type { Measurement } from "./measurement";
import { messageOf } from "./message";
import { learnRate, type RateState } from "./rate";

export interface ClockOptions {
	readonly time: Pick<Time, "ticks">;
	/** The number of this boot: larger than that of every boot before. */
	readonly boot: number;
	/** This boot goes on after a deep sleep. */
	readonly resumed?: boolean;
	/**
	 * The board sleeps between samples. While it does its ticks come from a coarse oscillator, which only the next
	 * measurement puts right: samples are told by ticks until then, and lie between the two measurements.
	 */
	readonly sleeps?: boolean;
	/** The boot of the reading that waits longest: asked where the anchors have no room, of older ones none is needed. */
	oldestBoot?(): number;
	/** Keeps the anchors under the key `clock`. */
	readonly storage: Pick<KeyValue, "read" | "write">;
	log(line: string): void;
}

export const clockKey = "clock";
/** A step back within this is not shown: the samples' times stand until the clock has come after. Milliseconds. */
const heldStep = 1_000;
/** Boots placed in one pass: bounds the memory that a brown-out loop of thousands costs. */
const placedAtOnce = 32;
/** The chip's slow oscillator, calibrated, is not further off: then a clock was set. */
const largestSleepRate = 0.05;
/**
 * Ticks of a crystal are true to a second for so long before a boot's first measurement, and after each, milliseconds:
 * where its rate was learned (to 10 ppm), and where it was not (some tens of ppm, with ageing and cold).
 */
const trueByRate = 100_000_000;
const trueByCrystal = 15_000_000;
/** What a board was awake for is kept when it makes so much of a difference, milliseconds. */
const worthKeeping = 5;
/**
 * Ticks that were counted asleep are true to a second for so long, milliseconds: between two measurements, which tell
 * the mean rate and leave what the temperature of the day does to it (some 100 ppm); and before one, where that mean
 * does not hold because the two are further apart, or because it is the board's first (1 %, also where a board was
 * awake for much of the time, and counted by its crystal).
 */
const trueBetween = 6 * 3_600_000;
const trueBefore = 100_000;

/**
 * The wall time of this board, from its monotonic ticks and what time servers say.
 *
 * Each boot's first measurement is kept as that boot's anchor: it gives the readings that were taken before it
 * their time, also after the next reboot, and the same one for ever. Later measurements correct the clock for
 * what is sampled from then on.
 */
export class Clock {
	private readonly options: ClockOptions;
	private anchors: readonly Anchor[] = [];
	private rate: RateState = { rate: undefined, base: undefined };
	/** Tells the present time, once it is known; corrected by each measurement. */
	private line: Pick<Anchor, "start" | "rate"> | undefined;
	/** Ticks since which the board is awake. */
	private wokeAt: number;
	/** Ticks counted awake before that which sleep would not have counted; see {@link #even}. */
	private ahead = 0;
	/** The last measurement whose ticks go on in this boot. */
	private last: Pick<Measurement, "utc" | "ticks"> | undefined;
	/** Measured since the board woke or started. */
	private _fresh = false;
	/** The last time given to a sample. */
	private lastSample = Number.NEGATIVE_INFINITY;
	/** Whether readings may wait whose boot has no time. */
	private unplaced = true;

	constructor(options: ClockOptions) {
		this.options = options;
		const record = this.load();
		this.wokeAt = options.time.ticks();
		this.rate = { rate: record.rate, base: undefined };
		// A later boot than this one cannot have been: the count began anew, and its anchors are another's.
		const { boot, resumed = false } = options;
		this.anchors = record.anchors.filter((anchor) => anchor.boot < boot || (resumed && anchor.boot === boot));
		if (resumed) this.resume(record);
		else this.settle(record);
	}

	/** Milliseconds of Unix time, `undefined` before the first measurement of this boot. */
	now(): number | undefined {
		const utc = this.utcAt(this.options.time.ticks());
		return utc === undefined ? undefined : Math.round(utc);
	}

	/** The time of this boot's ticks as it is known now, with a fraction; `undefined` while it is not. */
	utcAt(ticks: number): number | undefined {
		return this.line === undefined ? undefined : timeOf(this.line, this.even(ticks));
	}

	/**
	 * How far {@link utcAt} may be off without anybody being wrong, milliseconds: what the slow oscillator counted since
	 * the last measurement, at the most that it is off. A board that asks one server alone could never be set again
	 * where what it is off after a day of sleep had to be confirmed by a second one.
	 */
	slack(ticks: number): number {
		const { sleeps = false } = this.options;
		if (!sleeps || this._fresh || this.last === undefined) return 0;
		return largestSleepRate * (this.even(ticks) - this.last.ticks);
	}

	/** The latest moment that an earlier boot knew: no earlier time can be true. */
	get knownUntil(): number | undefined {
		return this.before(this.options.boot);
	}

	/** Whether the time is known and what has waited for it can be sent, this boot's samples or those before. */
	get synchronized(): boolean {
		return this._fresh || this.anchored;
	}

	/** Whether this boot has its anchor: then the samples that it told by ticks have their times. */
	get anchored(): boolean {
		return this.anchors.some(({ boot }) => boot === this.options.boot);
	}

	/** Whether the time was measured since the board woke or started. */
	get fresh(): boolean {
		return this._fresh;
	}

	/** Whether the rate of the ticks is known, so that the clock can be left alone for a day. */
	get steady(): boolean {
		return this.rate.rate !== undefined;
	}

	/**
	 * When a sample is taken now, in whole milliseconds. Within a boot the times rise: where a measurement set the
	 * clock back by up to a second they stand, a millisecond each; a larger step back is told as it is. Where no
	 * measurement has come for longer than the ticks can be believed, it is told as an estimate.
	 */
	sampleTime(): SampleTime {
		const { boot, time, sleeps = false } = this.options;
		const ticks = time.ticks();
		const known = sleeps && !this._fresh ? undefined : this.utcAt(ticks);
		if (known === undefined) return { boot, ticks: Math.round(this.even(ticks)) };
		const utc = Math.round(known);
		const held = utc <= this.lastSample && utc >= this.lastSample - heldStep;
		this.lastSample = held ? this.lastSample + 1 : utc;
		// mutation: estimate-after-last-sync
		const estimated = !sleeps && ticks - (this.last?.ticks ?? ticks) > this.believed;
		return estimated ? { utc: this.lastSample, estimated } : { utc: this.lastSample };
	}

	/**
	 * The true time of a stored sample, in whole milliseconds of Unix time: once given, the same for ever.
	 * `undefined` while it is not known; `estimated` where its boot never learned the time, or counted it for too long.
	 */
	resolve(time: SampleTime): { readonly utc: number; readonly estimated: boolean } | undefined {
		if ("utc" in time) return { utc: time.utc, estimated: time.estimated ?? false };
		const anchor = this.anchors.find(({ boot }) => boot === time.boot);
		if (anchor !== undefined)
			return {
				utc: Math.round(timeOf(anchor, time.ticks)),
				estimated: time.ticks < anchor.estimatedBefore,
			};
		if (time.boot !== this.options.boot) this.unplaced = true;
		return undefined;
	}

	/** Takes a measurement that was found good. The boot's first is on flash before it is used. */
	set(measurement: Measurement): void {
		const { boot, sleeps = false } = this.options;
		const { utc } = measurement;
		const ticks = this.even(measurement.ticks);
		if (sleeps && !this.anchored && this.isFull()) {
			this.setAlone({ utc, ticks });
			return;
		}
		const estimatedBefore = this.estimatedBefore(ticks);
		if (!sleeps) this.rate = learnRate(this.rate, measurement);
		else if (!this._fresh)
			this.rate = {
				// mutation: learn-sleep-rate
				rate: this.sleepRate({ utc, ticks }),
				base: undefined,
			};
		this.ahead = measurement.ticks - ticks;
		this.wokeAt = measurement.ticks;
		this._fresh = true;
		this.last = { utc, ticks };
		const rate = this.rate.rate ?? 0;
		const line = { start: utc - ticks * (1 + rate), rate };
		const own = this.anchors.find((anchor) => anchor.boot === boot);
		const anchor = own ?? { boot, ...line, until: utc, estimatedBefore };
		// mutation: record-anchor
		this.keep(withAnchor(this.anchors, { ...anchor, until: utc }, boot));
		this.line = line;
	}

	/** The board is about to sleep: what it has counted awake is kept, so that one rate holds for all its ticks. */
	rest(): void {
		const { sleeps = false, time } = this.options;
		const ticks = time.ticks();
		const ahead = ticks - this.even(ticks);
		if (!sleeps || Math.abs(ahead - this.ahead) < worthKeeping) return;
		this.ahead = ahead;
		this.wokeAt = ticks;
		this.keep(this.anchors);
	}

	/** Whether there is no room for another anchor, not even when those go that no reading needs any more. */
	private isFull(): boolean {
		if (this.anchors.length < mostAnchors) return false;
		this.anchors = this.needed(this.options.oldestBoot?.() ?? 0);
		return this.anchors.length >= mostAnchors;
	}

	/**
	 * Sets the clock and keeps nothing of it. On a board that sleeps each measurement ends a boot, so where readings
	 * wait long the table fills. Another boot's anchor must not give way then: ticks go on over the boots of such a
	 * board, and one without its anchor cannot be placed by how long it lasted. So this boot waits for its anchor, and
	 * goes on, until there is room; the measurement before it stays the one that its ticks count from.
	 */
	private setAlone({ utc, ticks }: Pick<Measurement, "utc" | "ticks">): void {
		const rate = this.sleepRate({ utc, ticks }) ?? 0;
		this.line = { start: utc - ticks * (1 + rate), rate };
		this._fresh = true;
	}

	/**
	 * Gives boots that never learned the time their place, from one pass over the waiting readings in order of
	 * their sequence; does nothing, and reads none, when no boot is without. To be called after {@link set}.
	 */
	estimate(waiting: Iterable<{ readonly time: SampleTime }>): void {
		const now = this.now();
		if (now === undefined || !this.unplaced) return;
		const { boot, log } = this.options;
		let oldest = boot;
		/** Whether the very first has no time, and keeps all others from being sent. */
		let urgent: boolean | undefined;
		const known = {
			resolve: (time: SampleTime) => {
				if ("boot" in time) oldest = Math.min(oldest, time.boot);
				const utc = this.resolve(time)?.utc;
				urgent ??= utc === undefined;
				return utc;
			},
			before: (of: number) => this.before(of),
			// A boot that waits for its anchor has its beginning all the same.
			after: (of: number) =>
				this.anchors.find((anchor) => anchor.boot > of)?.start ?? this.line?.start ?? now,
			rate: this.rate.rate ?? 0,
		};
		const all = placeBoots(this.placeable(waiting), known, placedAtOnce);
		// Where some are left, the next reading of theirs that is asked for brings the next pass.
		this.unplaced = false;
		let anchors = this.needed(oldest);
		// What was measured does not give way to what is estimated, unless nothing could be sent any more.
		const placed = all.slice(0, Math.max(urgent ? 1 : 0, mostAnchors - anchors.length));
		for (const anchor of placed) anchors = withAnchor(anchors, anchor, boot);
		if (anchors.length === this.anchors.length && placed.length === 0) return;
		this.keep(anchors);
		if (placed.length === 0) return;
		const who = placed.length === 1 ? "a boot" : `${placed.length} boots`;
		log(`time: ${who} never learned it; the readings are placed between their neighbours`);
	}

	/** Up to what waits for this boot's own anchor, which will give it a better time than its neighbours could. */
	private *placeable(
		waiting: Iterable<{ readonly time: SampleTime }>,
	): Generator<{ readonly time: SampleTime }> {
		const own = this.anchored ? undefined : this.options.boot;
		for (const reading of waiting) {
			if ("boot" in reading.time && reading.time.boot === own) return;
			yield reading;
		}
	}

	/** Forgets the anchors of boots before this one: of those no reading waits any more. */
	forgetBoots(before: number): void {
		const anchors = this.needed(before);
		if (anchors.length < this.anchors.length) this.keep(anchors);
	}

	/** From the oldest boot on; two older ones stay as landmarks: for what is placed next, and for the next boot. */
	private needed(oldest: number): readonly Anchor[] {
		const { boot } = this.options;
		const newestBefore = (limit: number) => this.anchors.findLast((anchor) => anchor.boot < limit);
		const landmarks = [newestBefore(oldest), newestBefore(boot)];
		return this.anchors.filter((anchor) => anchor.boot >= oldest || landmarks.includes(anchor));
	}

	private before(boot: number): number | undefined {
		return this.anchors.findLast((anchor) => anchor.boot < boot)?.until;
	}

	/**
	 * Ticks as a board that sleeps would have counted them all asleep: then one rate leads from any two of a boot to the
	 * time between them, however long it was awake in the meantime and counted by its crystal, which is true.
	 */
	private even(ticks: number): number {
		const { sleeps = false } = this.options;
		const rate = this.rate.rate ?? 0;
		// mutation: correct-sleep-drift
		return sleeps ? ticks - this.ahead - ((ticks - this.wokeAt) * rate) / (1 + rate) : ticks;
	}

	/** The time goes on from the last measurement; its rate is that of the sleep before. */
	private resume({ last, ahead, rate = 0 }: ClockRecord): void {
		this.ahead = ahead;
		if (last === undefined) return;
		this.last = last;
		this.line = { start: last.utc - last.ticks * (1 + rate), rate };
	}

	/**
	 * The ticks begin anew, and the last measurement's are none of this boot. What was sampled since the last measurement
	 * of a board that slept has its time from the slow oscillator alone: it was told under the number after that of the
	 * measurement. A board on mains only forgets it: on battery later, it would take it for the last of a boot that never
	 * measured anything.
	 */
	private settle({ last, rate = 0 }: ClockRecord): void {
		const { boot, sleeps = false } = this.options;
		if (last === undefined) return;
		if (!sleeps) {
			this.keep(this.anchors);
			return;
		}
		const asleep = (this.anchors.at(-1)?.boot ?? boot) + 1;
		const start = last.utc - last.ticks * (1 + rate);
		const estimatedBefore = Number.POSITIVE_INFINITY;
		const slept = { boot: asleep, start, rate, until: last.utc, estimatedBefore };
		// Where there is no room it has some of its own: nothing else tells the time of what was sampled last.
		this.keep(asleep < boot ? withAnchor(this.anchors, slept, boot, mostAnchors + 1) : this.anchors);
	}

	/** Ticks up to which it was counted for longer than can be believed, at the boot's first measurement at `ticks`. */
	private estimatedBefore(ticks: number): number {
		const { sleeps = false } = this.options;
		if (!sleeps)
			// mutation: estimate-before-first-sync
			return Math.max(0, Math.ceil((ticks - this.believed) / 1000) * 1000);
		if (this._fresh) return 0;
		const last = this.last;
		// mutation: detect-sleep
		const slept = last === undefined ? ticks > trueBefore : ticks - last.ticks > trueBetween;
		return slept ? Math.ceil((ticks - trueBefore) / 1000) * 1000 : 0;
	}

	/** For how long the ticks of a board that does not sleep are true to a second, milliseconds. */
	private get believed(): number {
		return this.rate.rate === undefined ? trueByCrystal : trueByRate;
	}

	/** How far the ticks were off since the last measurement, most of it asleep. */
	private sleepRate({ utc, ticks }: Pick<Measurement, "utc" | "ticks">): number | undefined {
		const last = this.last;
		if (last === undefined || ticks <= last.ticks) return this.rate.rate;
		const rate = (utc - last.utc) / (ticks - last.ticks) - 1;
		return Math.abs(rate) > largestSleepRate ? this.rate.rate : storableRate(rate);
	}

	private load(): ClockRecord {
		const none = { rate: undefined, last: undefined, ahead: 0, anchors: [] };
		try {
			const bytes = this.options.storage.read(clockKey);
			if (bytes === undefined) return none;
			const record = decodeRecord(new Uint8Array(bytes));
			if (record !== undefined) return record;
			this.options.log("time: what was kept of earlier boots is damaged and is ignored");
		} catch (error) {
			this.options.log(`time: what was kept of earlier boots cannot be read: ${messageOf(error)}`);
		}
		return none;
	}

	/** A storage that fails costs the promise across a reboot, not the time: it is tried again at the next change. */
	private keep(anchors: readonly Anchor[]): void {
		try {
			this.options.storage.write(
				clockKey,
				encodeRecord({ rate: this.rate.rate, last: this.last, ahead: this.ahead, anchors }),
			);
		} catch (error) {
			this.options.log(`time: it cannot be kept for the next boot: ${messageOf(error)}`);
		}
		this.anchors = anchors;
	}
}
