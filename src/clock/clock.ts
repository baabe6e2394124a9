import type { Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import type { SampleTime } from "../reading/reading";
import {
	type Anchor,
	addAnchor,
	type ClockRecord,
	decodeClockRecord,
	encodeClockRecord,
	maxAnchors,
	quantizeDrift,
	utcOfTicks,
} from "./anchor";
import { placeUnanchoredBoots } from "./boot-placement";
import { type DriftState, updateDrift } from "./drift";
import type { Measurement } from "./ntp-packet";

export interface ClockOptions {
	readonly time: Pick<Time, "ticks">;
	/** The number of this boot: larger than that of every boot before. */
	readonly boot: number;
	/** This boot goes on after a deep sleep. */
	readonly resumed: boolean;
	/**
	 * The board sleeps between samples. While it does its ticks come from a coarse oscillator, which only the next
	 * measurement puts right: samples are told by ticks until then, and lie between the two measurements.
	 */
	readonly sleeps: boolean;
	/** The boot of the reading that waits longest: asked where the anchors have no room, of older ones none is needed. */
	oldestPendingBoot(): number;
	/** Keeps the anchors under the key `clock`. */
	readonly storage: Pick<KeyValue, "read" | "write">;
	log(line: string): void;
}

export const clockKey = "clock";
/** A step back within this is not shown: the samples' times stand until the clock has come after. Milliseconds. */
const maxHiddenStepMs = 1_000;
/** Boots placed in one pass: bounds the memory that a brown-out loop of thousands costs. */
const maxBootsPerPass = 32;
/** The chip's slow oscillator, calibrated, is not further off: then a clock was set. */
const maxSleepDrift = 0.05;
/**
 * Ticks of a crystal are true to a second for so long before a boot's first measurement, and after each, milliseconds:
 * where its rate was learned (to 10 ppm), and where it was not (some tens of ppm, with ageing and cold).
 */
const maxExtrapolationCalibratedMs = 100_000_000;
const maxExtrapolationUncalibratedMs = 15_000_000;
/** What a board was awake for is kept when it makes so much of a difference, milliseconds. */
const minSavedCorrectionMs = 5;
/**
 * Ticks that were counted asleep are true to a second for so long, milliseconds: between two measurements, which tell
 * the mean rate and leave what the temperature of the day does to it (some 100 ppm); and before one, where that mean
 * does not hold because the two are further apart, or because it is the board's first (1 %, also where a board was
 * awake for much of the time, and counted by its crystal).
 */
const maxSleepInterpolationMs = 6 * 3_600_000;
const maxSleepExtrapolationMs = 100_000;

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
	private driftState: DriftState = { drift: undefined, baseline: undefined };
	/** Tells the present time, once it is known; corrected by each measurement. */
	private clockModel: Pick<Anchor, "startUtc" | "drift"> | undefined;
	/** Ticks since which the board is awake. */
	private wokeAtTicks: number;
	/** Ticks counted awake before that which sleep would not have counted; see {@link #even}. */
	private awakeExcessTicks = 0;
	/** The last measurement whose ticks go on in this boot. */
	private lastMeasurement: Pick<Measurement, "utc" | "ticks"> | undefined;
	/** Measured since the board woke or started. */
	private _measuredSinceWake = false;
	/** The last time given to a sample. */
	private lastSampleUtc = Number.NEGATIVE_INFINITY;
	/** Whether readings may wait whose boot has no time. */
	private hasUnanchoredBoots = true;

	constructor(options: ClockOptions) {
		this.options = options;
		const record = this.load();
		this.wokeAtTicks = options.time.ticks();
		this.driftState = { drift: record.drift, baseline: undefined };
		// A later boot than this one cannot have been: the count began anew, and its anchors are another's.
		const { boot, resumed } = options;
		this.anchors = record.anchors.filter((anchor) => anchor.boot < boot || (resumed && anchor.boot === boot));
		if (resumed) this.resumeFrom(record);
		else this.closePreviousBoot(record);
	}

	/** Milliseconds of Unix time, `undefined` before the first measurement of this boot. */
	now(): number | undefined {
		const utc = this.utcAt(this.options.time.ticks());
		return utc === undefined ? undefined : Math.round(utc);
	}

	/** The time of this boot's ticks as it is known now, with a fraction; `undefined` while it is not. */
	utcAt(ticks: number): number | undefined {
		return this.clockModel === undefined ? undefined : utcOfTicks(this.clockModel, this.toSleepTicks(ticks));
	}

	/**
	 * How far {@link utcAt} may be off without anybody being wrong, milliseconds: what the slow oscillator counted since
	 * the last measurement, at the most that it is off. A board that asks one server alone could never be set again
	 * where what it is off after a day of sleep had to be confirmed by a second one.
	 */
	driftToleranceMs(ticks: number): number {
		const { sleeps } = this.options;
		if (!sleeps || this._measuredSinceWake || this.lastMeasurement === undefined) return 0;
		return maxSleepDrift * (this.toSleepTicks(ticks) - this.lastMeasurement.ticks);
	}

	/** The latest moment that an earlier boot knew: no earlier time can be true. */
	get lastKnownUtc(): number | undefined {
		return this.lastKnownUtcBefore(this.options.boot);
	}

	/** Whether the time is known and what has waited for it can be sent, this boot's samples or those before. */
	get synchronized(): boolean {
		return this._measuredSinceWake || this.anchored;
	}

	/** Whether this boot has its anchor: then the samples that it told by ticks have their times. */
	get anchored(): boolean {
		return this.anchors.some(({ boot }) => boot === this.options.boot);
	}

	/** Whether the time was measured since the board woke or started. */
	get measuredSinceWake(): boolean {
		return this._measuredSinceWake;
	}

	/** Whether the rate of the ticks is known, so that the clock can be left alone for a day. */
	get driftKnown(): boolean {
		return this.driftState.drift !== undefined;
	}

	/**
	 * When a sample is taken now, in whole milliseconds. Within a boot the times rise: where a measurement set the
	 * clock back by up to a second they stand, a millisecond each; a larger step back is told as it is. Where no
	 * measurement has come for longer than the ticks can be believed, it is told as an estimate.
	 */
	sampleTime(): SampleTime {
		const { boot, time, sleeps } = this.options;
		const ticks = time.ticks();
		const known = sleeps && !this._measuredSinceWake ? undefined : this.utcAt(ticks);
		if (known === undefined) return { boot, ticks: Math.round(this.toSleepTicks(ticks)) };
		const utc = Math.round(known);
		const held = utc <= this.lastSampleUtc && utc >= this.lastSampleUtc - maxHiddenStepMs;
		this.lastSampleUtc = held ? this.lastSampleUtc + 1 : utc;
		// mutation: estimate-after-last-sync
		const estimated = !sleeps && ticks - (this.lastMeasurement?.ticks ?? ticks) > this.maxExtrapolationMs;
		return estimated ? { utc: this.lastSampleUtc, estimated } : { utc: this.lastSampleUtc };
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
				utc: Math.round(utcOfTicks(anchor, time.ticks)),
				estimated: time.ticks < anchor.estimatedBeforeTicks,
			};
		if (time.boot !== this.options.boot) this.hasUnanchoredBoots = true;
		return undefined;
	}

	/** Takes a measurement that was found good. The boot's first is on flash before it is used. */
	applyMeasurement(measurement: Measurement): void {
		const { boot, sleeps } = this.options;
		const { utc } = measurement;
		const ticks = this.toSleepTicks(measurement.ticks);
		if (sleeps && !this.anchored && this.isFull()) {
			this.applyWithoutAnchor({ utc, ticks });
			return;
		}
		const estimatedBeforeTicks = this.computeEstimatedBeforeTicks(ticks);
		if (!sleeps) this.driftState = updateDrift(this.driftState, measurement);
		else if (!this._measuredSinceWake)
			this.driftState = {
				// mutation: learn-sleep-rate
				drift: this.sleepDrift({ utc, ticks }),
				baseline: undefined,
			};
		this.awakeExcessTicks = measurement.ticks - ticks;
		this.wokeAtTicks = measurement.ticks;
		this._measuredSinceWake = true;
		this.lastMeasurement = { utc, ticks };
		const drift = this.driftState.drift ?? 0;
		const line = { startUtc: utc - ticks * (1 + drift), drift };
		const own = this.anchors.find((anchor) => anchor.boot === boot);
		const anchor = own ?? { boot, ...line, lastKnownUtc: utc, estimatedBeforeTicks };
		// mutation: record-anchor
		this.save(addAnchor(this.anchors, { ...anchor, lastKnownUtc: utc }, boot));
		this.clockModel = line;
	}

	/** The board is about to sleep: what it has counted awake is kept, so that one rate holds for all its ticks. */
	saveBeforeSleep(): void {
		const { sleeps, time } = this.options;
		const ticks = time.ticks();
		const ahead = ticks - this.toSleepTicks(ticks);
		if (!sleeps || Math.abs(ahead - this.awakeExcessTicks) < minSavedCorrectionMs) return;
		this.awakeExcessTicks = ahead;
		this.wokeAtTicks = ticks;
		this.save(this.anchors);
	}

	/** Whether there is no room for another anchor, not even when those go that no reading needs any more. */
	private isFull(): boolean {
		if (this.anchors.length < maxAnchors) return false;
		this.anchors = this.requiredAnchors(this.options.oldestPendingBoot());
		return this.anchors.length >= maxAnchors;
	}

	/**
	 * Sets the clock and keeps nothing of it. On a board that sleeps each measurement ends a boot, so where readings
	 * wait long the table fills. Another boot's anchor must not give way then: ticks go on over the boots of such a
	 * board, and one without its anchor cannot be placed by how long it lasted. So this boot waits for its anchor, and
	 * goes on, until there is room; the measurement before it stays the one that its ticks count from.
	 */
	private applyWithoutAnchor({ utc, ticks }: Pick<Measurement, "utc" | "ticks">): void {
		const drift = this.sleepDrift({ utc, ticks }) ?? 0;
		this.clockModel = { startUtc: utc - ticks * (1 + drift), drift };
		this._measuredSinceWake = true;
	}

	/**
	 * Gives boots that never learned the time their place, from one pass over the waiting readings in order of
	 * their sequence; does nothing, and reads none, when no boot is without. To be called after {@link applyMeasurement}.
	 */
	estimateUnanchoredBoots(pending: Iterable<{ readonly time: SampleTime }>): void {
		const now = this.now();
		if (now === undefined || !this.hasUnanchoredBoots) return;
		const { boot, log } = this.options;
		let oldest = boot;
		/** Whether the very first has no time, and keeps all others from being sent. */
		let isFirstUnresolved: boolean | undefined;
		const known = {
			resolve: (time: SampleTime) => {
				if ("boot" in time) oldest = Math.min(oldest, time.boot);
				const utc = this.resolve(time)?.utc;
				isFirstUnresolved ??= utc === undefined;
				return utc;
			},
			lastKnownUtcBefore: (of: number) => this.lastKnownUtcBefore(of),
			// A boot that waits for its anchor has its beginning all the same.
			firstKnownUtcAfter: (of: number) =>
				this.anchors.find((anchor) => anchor.boot > of)?.startUtc ?? this.clockModel?.startUtc ?? now,
			drift: this.driftState.drift ?? 0,
		};
		const all = placeUnanchoredBoots(this.placeableReadings(pending), known, maxBootsPerPass);
		// Where some are left, the next reading of theirs that is asked for brings the next pass.
		this.hasUnanchoredBoots = false;
		let anchors = this.requiredAnchors(oldest);
		// What was measured does not give way to what is estimated, unless nothing could be sent any more.
		const placed = all.slice(0, Math.max(isFirstUnresolved ? 1 : 0, maxAnchors - anchors.length));
		for (const anchor of placed) anchors = addAnchor(anchors, anchor, boot);
		if (anchors.length === this.anchors.length && placed.length === 0) return;
		this.save(anchors);
		if (placed.length === 0) return;
		const who = placed.length === 1 ? "a boot" : `${placed.length} boots`;
		log(`time: ${who} never learned it; the readings are placed between their neighbours`);
	}

	/** Up to what waits for this boot's own anchor, which will give it a better time than its neighbours could. */
	private *placeableReadings(
		pending: Iterable<{ readonly time: SampleTime }>,
	): Generator<{ readonly time: SampleTime }> {
		const own = this.anchored ? undefined : this.options.boot;
		for (const reading of pending) {
			if ("boot" in reading.time && reading.time.boot === own) return;
			yield reading;
		}
	}

	/** Forgets the anchors of boots before this one: of those no reading waits any more. */
	discardAnchorsBefore(before: number): void {
		const anchors = this.requiredAnchors(before);
		if (anchors.length < this.anchors.length) this.save(anchors);
	}

	/** From the oldest boot on; two older ones stay as landmarks: for what is placed next, and for the next boot. */
	private requiredAnchors(oldest: number): readonly Anchor[] {
		const { boot } = this.options;
		const newestBefore = (limit: number) => this.anchors.findLast((anchor) => anchor.boot < limit);
		const landmarks = [newestBefore(oldest), newestBefore(boot)];
		return this.anchors.filter((anchor) => anchor.boot >= oldest || landmarks.includes(anchor));
	}

	private lastKnownUtcBefore(boot: number): number | undefined {
		return this.anchors.findLast((anchor) => anchor.boot < boot)?.lastKnownUtc;
	}

	/**
	 * Ticks as a board that sleeps would have counted them all asleep: then one rate leads from any two of a boot to the
	 * time between them, however long it was awake in the meantime and counted by its crystal, which is true.
	 */
	private toSleepTicks(ticks: number): number {
		const { sleeps } = this.options;
		const drift = this.driftState.drift ?? 0;
		// mutation: correct-sleep-drift
		return sleeps
			? ticks - this.awakeExcessTicks - ((ticks - this.wokeAtTicks) * drift) / (1 + drift)
			: ticks;
	}

	/** The time goes on from the last measurement; its rate is that of the sleep before. */
	private resumeFrom({ lastMeasurement, awakeExcessTicks, drift = 0 }: ClockRecord): void {
		this.awakeExcessTicks = awakeExcessTicks;
		if (lastMeasurement === undefined) return;
		this.lastMeasurement = lastMeasurement;
		this.clockModel = { startUtc: lastMeasurement.utc - lastMeasurement.ticks * (1 + drift), drift };
	}

	/**
	 * The ticks begin anew, and the last measurement's are none of this boot. What was sampled since the last measurement
	 * of a board that slept has its time from the slow oscillator alone: it was told under the number after that of the
	 * measurement. A board on mains only forgets it: on battery later, it would take it for the last of a boot that never
	 * measured anything.
	 */
	private closePreviousBoot({ lastMeasurement, drift = 0 }: ClockRecord): void {
		const { boot, sleeps } = this.options;
		if (lastMeasurement === undefined) return;
		if (!sleeps) {
			this.save(this.anchors);
			return;
		}
		const asleep = (this.anchors.at(-1)?.boot ?? boot) + 1;
		const startUtc = lastMeasurement.utc - lastMeasurement.ticks * (1 + drift);
		const estimatedBeforeTicks = Number.POSITIVE_INFINITY;
		const slept = { boot: asleep, startUtc, drift, lastKnownUtc: lastMeasurement.utc, estimatedBeforeTicks };
		// Where there is no room it has some of its own: nothing else tells the time of what was sampled last.
		this.save(asleep < boot ? addAnchor(this.anchors, slept, boot, maxAnchors + 1) : this.anchors);
	}

	/** Ticks up to which it was counted for longer than can be believed, at the boot's first measurement at `ticks`. */
	private computeEstimatedBeforeTicks(ticks: number): number {
		const { sleeps } = this.options;
		if (!sleeps)
			// mutation: estimate-before-first-sync
			return Math.max(0, Math.ceil((ticks - this.maxExtrapolationMs) / 1000) * 1000);
		if (this._measuredSinceWake) return 0;
		const last = this.lastMeasurement;
		// mutation: detect-sleep
		const slept =
			last === undefined ? ticks > maxSleepExtrapolationMs : ticks - last.ticks > maxSleepInterpolationMs;
		return slept ? Math.ceil((ticks - maxSleepExtrapolationMs) / 1000) * 1000 : 0;
	}

	/** For how long the ticks of a board that does not sleep are true to a second, milliseconds. */
	private get maxExtrapolationMs(): number {
		return this.driftState.drift === undefined
			? maxExtrapolationUncalibratedMs
			: maxExtrapolationCalibratedMs;
	}

	/** How far the ticks were off since the last measurement, most of it asleep. */
	private sleepDrift({ utc, ticks }: Pick<Measurement, "utc" | "ticks">): number | undefined {
		const last = this.lastMeasurement;
		if (last === undefined || ticks <= last.ticks) return this.driftState.drift;
		const drift = (utc - last.utc) / (ticks - last.ticks) - 1;
		return Math.abs(drift) > maxSleepDrift ? this.driftState.drift : quantizeDrift(drift);
	}

	private load(): ClockRecord {
		const none = { drift: undefined, lastMeasurement: undefined, awakeExcessTicks: 0, anchors: [] };
		try {
			const bytes = this.options.storage.read(clockKey);
			if (bytes === undefined) return none;
			const record = decodeClockRecord(new Uint8Array(bytes));
			if (record !== undefined) return record;
			this.options.log("time: what was kept of earlier boots is damaged and is ignored");
		} catch (error) {
			this.options.log(`time: what was kept of earlier boots cannot be read: ${errorMessage(error)}`);
		}
		return none;
	}

	/** A storage that fails costs the promise across a reboot, not the time: it is tried again at the next change. */
	private save(anchors: readonly Anchor[]): void {
		try {
			this.options.storage.write(
				clockKey,
				encodeClockRecord({
					drift: this.driftState.drift,
					lastMeasurement: this.lastMeasurement,
					awakeExcessTicks: this.awakeExcessTicks,
					anchors,
				}),
			);
		} catch (error) {
			this.options.log(`time: it cannot be kept for the next boot: ${errorMessage(error)}`);
		}
		this.anchors = anchors;
	}
}
