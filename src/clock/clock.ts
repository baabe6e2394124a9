import type { Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import { type PersistentKey, writeValue } from "../common/persistent-values";
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
import type { TimeMeasurement } from "./ntp-packet";

/** What a clock keeps over a deep sleep while its record cannot be saved. */
export interface UnsavedClock {
	/** Ticks since which it cannot. */
	readonly sinceTicks: number;
	readonly awakeExcessTicks: number;
}

/** What {@link Clock.estimateUnanchoredBoots} passes over. */
export interface PendingTimes {
	/** The pending readings that can be read now, in sequence order. */
	readable(): Iterable<{ readonly time: SampleTime }>;
	/** Changes with each read that fails: then readings may be missing. */
	readonly failedReads: number;
}

/** Where sending goes on. While old readings cannot be read, later ones are sent, and stay pending behind them. */
export interface SendingPosition {
	/** Of the oldest pending reading that can be read: unread ones are of this boot or before. */
	readonly oldestBoot: number;
	/** Of the first reading that can be sent now. */
	readonly nextBoot: number;
	readonly nextTime: SampleTime | undefined;
}

/** Nothing can be read, or is to be sent. */
export const unknownPosition: SendingPosition = { oldestBoot: 0, nextBoot: 0, nextTime: undefined };

export interface ClockOptions {
	readonly time: Pick<Time, "ticks">;
	/** The number of this boot, higher than that of every boot before. */
	readonly boot: number;
	/** This boot resumes after a deep sleep. */
	readonly resumed: boolean;
	/**
	 * The board sleeps between samples. Its ticks then come from a coarse oscillator, which only the next measurement
	 * corrects: until then samples carry ticks, and get their times from the measurements before and after.
	 */
	readonly sleeps: boolean;
	/** For what was sent, anchors make room when they run out of it. */
	sendingPosition(): SendingPosition;
	/** Persists the clock's record under {@link clockKey}. */
	readonly storage: Pick<KeyValue, "read" | "write">;
	/** {@link Clock.unsavedState} before the deep sleep. */
	readonly keptState?: UnsavedClock | undefined;
	log(line: string): void;
}

const clockKey: PersistentKey = "clock";
const emptyRecord: ClockRecord = {
	drift: undefined,
	lastMeasurement: undefined,
	awakeExcessTicks: 0,
	anchors: [],
};
/** A step back of at most this is hidden: sample times pause until the clock catches up. */
const maxHiddenStepMs = 1_000;
/** Boots placed in one pass: bounds the memory after a brown-out loop of thousands of boots. */
const maxBootsPerPass = 32;
/** The chip's calibrated slow oscillator is not further off: a larger deviation means a set clock. */
const maxSleepDrift = 0.05;
/** Of two measurements that are at most {@link maxCloseMs} apart, round trips may explain as much: a known drift stays. */
const maxMeasurementErrorMs = 250;
const maxCloseMs = 600_000;
/** Where there is no room for the anchors of others, readings that cannot be read keep as many. */
const maxUnreadAnchors = 48;
/**
 * For so long before a boot's first measurement, and after each, ticks of a crystal are accurate to a second: with a
 * learned drift (to 10 ppm), and without (some tens of ppm, with ageing and cold).
 */
const maxExtrapolationCalibratedMs = 100_000_000;
const maxExtrapolationUncalibratedMs = 15_000_000;
/** The awake excess is saved once it has changed by this. */
const minSavedCorrectionMs = 5;
/**
 * For so long, ticks counted asleep are accurate to a second: between two measurements, which give the mean drift, so
 * that only the day's temperature remains (some 100 ppm); and before a measurement for which that mean does not hold,
 * because the two are further apart, or because it is the board's first (1 %, also if the board was awake for much of
 * the time and counted by its crystal).
 */
const maxSleepInterpolationMs = 6 * 3_600_000;
const maxSleepExtrapolationMs = 100_000;
/** Readings wait so long for an anchor that the storage does not take, then get estimates from it. */
const maxUnsavedMs = 3_600_000;

/**
 * The wall-clock time of this board, from its monotonic ticks and measurements of time servers.
 *
 * Each boot's first measurement is persisted as that boot's anchor: it gives the readings taken before it their times,
 * also after a reboot, and these never change. Later measurements correct the clock for later samples.
 */
export class Clock {
	private readonly options: ClockOptions;
	private anchors: readonly Anchor[] = [];
	/** Could not be saved: after a restart the same readings would get other times, so for a while they get none from these. */
	private unsaved: { readonly anchors: readonly Anchor[] } | undefined;
	/** Ticks since which the record cannot be saved, also over sleeps: at each wake, an hour would begin again. */
	private unsavedSinceTicks: number | undefined;
	private driftState: DriftState = { drift: undefined, baseline: undefined };
	/** Maps ticks to the current time, once it is known; each measurement corrects it. */
	private clockModel: Pick<Anchor, "startUtc" | "drift"> | undefined;
	/** Ticks when the board woke. */
	private wokeAtTicks: number;
	/** Ticks counted awake before that which sleep would not have counted; see {@link toSleepTicks}. */
	private awakeExcessTicks = 0;
	/** The last measurement, in ticks that continue in this boot. */
	private lastMeasurement: Pick<TimeMeasurement, "utc" | "ticks"> | undefined;
	/** Whether the time was measured since the board woke or started. */
	private _measuredSinceWake = false;
	/** The time of the last sample. */
	private lastSampleUtc = Number.NEGATIVE_INFINITY;
	/** Whether there may be pending readings of a boot without an anchor. */
	private hasUnanchoredBoots = true;

	constructor(options: ClockOptions) {
		this.options = options;
		const record = this.load();
		this.wokeAtTicks = options.time.ticks();
		this.driftState = { drift: record.drift, baseline: undefined };
		this.anchors = record.anchors;
		if (!options.resumed) {
			this.anchorPreviousBoot(record);
			return;
		}
		const { keptState } = options;
		this.unsavedSinceTicks = keptState?.sinceTicks;
		this.resumeFrom({ ...record, ...keptState });
	}

	/** To be kept over a deep sleep; `undefined` if the record is saved. */
	get unsavedState(): UnsavedClock | undefined {
		const { unsavedSinceTicks: sinceTicks, awakeExcessTicks } = this;
		return sinceTicks === undefined ? undefined : { sinceTicks, awakeExcessTicks };
	}

	/** How long readings wait for an anchor that cannot be saved. 0 if there is none, and on mains, where each try is cheap. */
	get unsavedWaitMs(): number {
		const { unsaved, unsavedSinceTicks, options } = this;
		if (!options.sleeps || unsaved === undefined || unsavedSinceTicks === undefined) return 0;
		return Math.max(0, unsavedSinceTicks + maxUnsavedMs - options.time.ticks());
	}

	/** Milliseconds of Unix time; `undefined` before the first measurement of this boot. */
	now(): number | undefined {
		const utc = this.utcAt(this.options.time.ticks());
		return utc === undefined ? undefined : Math.round(utc);
	}

	/** The time of this boot's ticks as known now, with a fraction; `undefined` while unknown. */
	utcAt(ticks: number): number | undefined {
		return this.clockModel === undefined ? undefined : utcOfTicks(this.clockModel, this.toSleepTicks(ticks));
	}

	/**
	 * How far {@link utcAt} may be off after sleep: the maximum error of the slow oscillator since the last measurement.
	 * Without this tolerance, a board with a single server could not correct the error of a day's sleep.
	 */
	driftToleranceMs(ticks: number): number {
		const { sleeps } = this.options;
		if (!sleeps || this._measuredSinceWake || this.lastMeasurement === undefined) return 0;
		return maxSleepDrift * (this.toSleepTicks(ticks) - this.lastMeasurement.ticks);
	}

	/** The latest moment known to an earlier boot: no earlier time can be true. */
	get lastKnownUtc(): number | undefined {
		return this.lastKnownUtcBefore(this.options.boot);
	}

	/** Whether the time is known well enough to send readings, of this boot or of those before. */
	get synchronized(): boolean {
		return this._measuredSinceWake || this.anchored;
	}

	/** Whether this boot has its anchor, so that its samples with ticks have times. */
	get anchored(): boolean {
		return this.anchors.some(({ boot }) => boot === this.options.boot);
	}

	/** Whether the time was measured since the board woke or started. */
	get measuredSinceWake(): boolean {
		return this._measuredSinceWake;
	}

	/** Whether the drift is known, so that a measurement a day is enough. */
	get driftKnown(): boolean {
		return this.driftState.drift !== undefined;
	}

	/**
	 * The time of a sample taken now, in whole milliseconds. Within a boot the times rise: after a step back of up to a
	 * second they advance by a millisecond each; a larger step back is shown. If the last measurement is too old for the
	 * ticks to be accurate, the time is an estimate.
	 */
	sampleTime(): SampleTime {
		const { boot, time, sleeps } = this.options;
		const ticks = time.ticks();
		const known = sleeps && !this._measuredSinceWake ? undefined : this.utcAt(ticks);
		if (known === undefined) return { boot, ticks: Math.round(this.toSleepTicks(ticks)) };
		const utc = Math.round(known);
		const isHidden = utc <= this.lastSampleUtc && utc >= this.lastSampleUtc - maxHiddenStepMs;
		this.lastSampleUtc = isHidden ? this.lastSampleUtc + 1 : utc;
		// mutation: estimate-after-last-sync
		const estimated = !sleeps && ticks - (this.lastMeasurement?.ticks ?? ticks) > this.maxExtrapolationMs;
		return estimated ? { utc: this.lastSampleUtc, estimated } : { utc: this.lastSampleUtc };
	}

	/**
	 * The time of a stored sample, in whole milliseconds of Unix time; once returned, it never changes. `undefined` while
	 * unknown; `estimated` if its boot was never synchronized, or too long before or after.
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

	/** Applies an accepted measurement. The boot's first is persisted before it gives times to readings stored without. */
	applyMeasurement(measurement: TimeMeasurement): void {
		const { boot, sleeps } = this.options;
		const { utc } = measurement;
		const ticks = this.toSleepTicks(measurement.ticks);
		let anchors = this.latestAnchors;
		const own = anchors.find((anchor) => anchor.boot === boot);
		if (own === undefined) anchors = this.makeRoom(anchors);
		if (sleeps && own === undefined && anchors.length >= maxAnchors) {
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
		const model = modelOf({ utc, ticks }, drift);
		const anchor = own ?? { boot, ...model, lastKnownUtc: utc, estimatedBeforeTicks };
		// mutation: record-anchor
		this.save(addAnchor(anchors, { ...anchor, lastKnownUtc: utc }, boot));
		this.clockModel = model;
	}

	/** Called before sleep: saves the awake excess, so that one drift holds for all ticks of the boot. */
	saveBeforeSleep(): void {
		const { sleeps, time } = this.options;
		const ticks = time.ticks();
		const excessTicks = ticks - this.toSleepTicks(ticks);
		if (!sleeps || Math.abs(excessTicks - this.awakeExcessTicks) < minSavedCorrectionMs) return;
		this.awakeExcessTicks = excessTicks;
		this.wokeAtTicks = ticks;
		this.save(this.latestAnchors);
	}

	/** What the next save has to keep. */
	private get latestAnchors(): readonly Anchor[] {
		return this.unsaved?.anchors ?? this.anchors;
	}

	/**
	 * Sets the clock without persisting it. On a board that sleeps, each measurement ends a boot, so the table fills while
	 * readings stay pending. No other anchor may be evicted then: ticks continue over the boots of such a board, so a boot
	 * without anchor cannot be placed by its duration. Instead this boot goes on without an anchor until there is room,
	 * and its ticks still count from the measurement before.
	 */
	private applyWithoutAnchor({ utc, ticks }: Pick<TimeMeasurement, "utc" | "ticks">): void {
		const drift = this.sleepDrift({ utc, ticks }) ?? 0;
		this.clockModel = modelOf({ utc, ticks }, drift);
		this._measuredSinceWake = true;
	}

	/**
	 * Estimates anchors for boots that were never synchronized, in one pass over the pending readings in sequence order;
	 * reads none if no boot lacks an anchor. Call it after {@link applyMeasurement}.
	 */
	estimateUnanchoredBoots(pending: PendingTimes): void {
		this.retrySave();
		const now = this.now();
		if (now === undefined || !this.hasUnanchoredBoots) return;
		const { boot, log } = this.options;
		// Boots that were sent lack anchors only if the table is full. Before the pass, in which nothing else may read.
		const isFull = this.latestAnchors.length >= maxAnchors;
		const position = isFull ? this.options.sendingPosition() : unknownPosition;
		const { nextTime } = position;
		const { failedReads } = pending;
		let oldest = boot;
		const known = {
			resolve: (time: SampleTime) => {
				if ("boot" in time) oldest = Math.min(oldest, time.boot);
				return this.resolve(time)?.utc;
			},
			lastKnownUtcBefore: (of: number) => this.lastKnownUtcBefore(of),
			// A boot that still waits for its anchor has a known start.
			firstKnownUtcAfter: (of: number) =>
				this.anchors.find((anchor) => anchor.boot > of)?.startUtc ?? this.clockModel?.startUtc ?? now,
			drift: this.driftState.drift ?? 0,
		};
		const all = placeUnanchoredBoots(this.placeableReadings(pending, position), known, maxBootsPerPass);
		// A reading that cannot be read now may need any of the anchors when it can be read again.
		// mutation: keep-anchors-of-unread
		const hasUnread = pending.failedReads !== failedReads;
		// If boots are left, resolving one of their readings triggers the next pass.
		this.hasUnanchoredBoots = hasUnread;
		let anchors = hasUnread ? this.latestAnchors : this.requiredAnchors(oldest);
		// An estimate evicts no measured anchor that is needed, unless nothing could be sent otherwise.
		const isNextUnresolved = nextTime !== undefined && this.resolve(nextTime) === undefined;
		const placed: Anchor[] = [];
		for (const anchor of all) {
			const others = this.makeRoom(anchors, position);
			if (others.length >= maxAnchors && (placed.length > 0 || !isNextUnresolved)) break;
			anchors = addAnchor(others, anchor, boot);
			placed.push(anchor);
		}
		if (anchors.length === this.latestAnchors.length && placed.length === 0) return;
		this.save(anchors);
		if (placed.length === 0 || this.unsaved !== undefined) return;
		log(`time: estimated for ${placed.length} boot(s) that were never synchronized`);
	}

	/**
	 * The readings up to those that wait for this boot's own anchor, which will be better than an estimate; without those that
	 * were sent, and whose anchors have made room for others.
	 */
	private *placeableReadings(
		pending: PendingTimes,
		position: SendingPosition,
	): Generator<{ readonly time: SampleTime }> {
		const own = this.anchored ? undefined : this.options.boot;
		for (const reading of pending.readable()) {
			const { time } = reading;
			if ("boot" in time) {
				if (time.boot === own) return;
				if (isSent(time.boot, position) && this.resolve(time) === undefined) continue;
			}
			yield reading;
		}
	}

	/**
	 * The anchors with room for another one, as far as some are of readings that were sent, and stay pending behind others that
	 * cannot be read; else, of those that cannot be read, if these have most of the table.
	 */
	private makeRoom(anchors: readonly Anchor[], position?: SendingPosition): readonly Anchor[] {
		const excess = anchors.length + 1 - maxAnchors;
		if (excess <= 0) return anchors;
		const current = position ?? this.options.sendingPosition();
		const { oldestBoot, nextBoot } = current;
		// The newest one stays, as a reference.
		const sent = anchors.filter(({ boot }) => isSent(boot, current)).slice(0, -1);
		const unread = anchors.filter(({ boot }) => boot <= oldestBoot && boot < nextBoot);
		const isCrowded = sent.length === 0 && unread.length > maxUnreadAnchors;
		// mutation: make-room-of-sent
		const discarded = (isCrowded ? unread : sent).slice(-excess);
		return anchors.filter((anchor) => !discarded.includes(anchor));
	}

	/** The anchors from the oldest boot on, and two older ones as references: for placement, and for the next boot. */
	private requiredAnchors(oldest: number): readonly Anchor[] {
		const { boot } = this.options;
		const anchors = this.latestAnchors;
		const newestBefore = (limit: number) => anchors.findLast((anchor) => anchor.boot < limit);
		const referenceAnchors = [newestBefore(oldest), newestBefore(boot)];
		return anchors.filter((anchor) => anchor.boot >= oldest || referenceAnchors.includes(anchor));
	}

	private lastKnownUtcBefore(boot: number): number | undefined {
		return this.anchors.findLast((anchor) => anchor.boot < boot)?.lastKnownUtc;
	}

	/**
	 * Converts ticks to what the board would have counted asleep all the time: then one drift applies to any two ticks of
	 * a boot, however long the board was awake in between and counted by its accurate crystal.
	 */
	private toSleepTicks(ticks: number): number {
		const { sleeps } = this.options;
		const drift = this.driftState.drift ?? 0;
		// mutation: correct-sleep-drift
		return sleeps
			? ticks - this.awakeExcessTicks - ((ticks - this.wokeAtTicks) * drift) / (1 + drift)
			: ticks;
	}

	/** Continues from the last measurement, with the drift of the sleep before. */
	private resumeFrom({ lastMeasurement, awakeExcessTicks, drift = 0 }: ClockRecord): void {
		this.awakeExcessTicks = awakeExcessTicks;
		if (lastMeasurement === undefined) return;
		this.lastMeasurement = lastMeasurement;
		this.clockModel = modelOf(lastMeasurement, drift);
	}

	/**
	 * The ticks restart at 0, so the last measurement belongs to the boot before. If that board slept, its samples since
	 * the measurement carry the next boot number and are timed by the slow oscillator only: they get an anchor from it. A
	 * board on mains deletes the measurement: kept, it would be mistaken, after a switch to battery, for the measurement of
	 * a boot that had none.
	 */
	private anchorPreviousBoot({ lastMeasurement, drift = 0 }: ClockRecord): void {
		const { boot, sleeps } = this.options;
		if (lastMeasurement === undefined) return;
		if (!sleeps) {
			this.save(this.anchors);
			return;
		}
		const sleepingBoot = (this.anchors.at(-1)?.boot ?? boot) + 1;
		const estimatedBeforeTicks = Number.POSITIVE_INFINITY;
		const slept = {
			boot: sleepingBoot,
			...modelOf(lastMeasurement, drift),
			lastKnownUtc: lastMeasurement.utc,
			estimatedBeforeTicks,
		};
		// It gets a place beyond the maximum if need be: the last samples have no other source of time.
		this.save(sleepingBoot < boot ? addAnchor(this.anchors, slept, boot, maxAnchors + 1) : this.anchors);
	}

	/** Ticks before which times are too inaccurate, given the boot's first measurement at `ticks`. */
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

	/** How long the ticks of a board that does not sleep stay accurate to a second. */
	private get maxExtrapolationMs(): number {
		return this.driftState.drift === undefined
			? maxExtrapolationUncalibratedMs
			: maxExtrapolationCalibratedMs;
	}

	/** The drift of the ticks since the last measurement, most of it asleep. */
	private sleepDrift({ utc, ticks }: Pick<TimeMeasurement, "utc" | "ticks">): number | undefined {
		const last = this.lastMeasurement;
		const { drift: known } = this.driftState;
		if (last === undefined || ticks <= last.ticks) return known;
		const elapsed = ticks - last.ticks;
		const drift = (utc - last.utc) / elapsed - 1;
		if (Math.abs(drift) > maxSleepDrift) return known;
		// Within seconds, as around an update, round trips look like a drift.
		// mutation: ignore-close-measurements
		const isExplained =
			elapsed < maxCloseMs &&
			known !== undefined &&
			Math.abs(drift - known) * elapsed < maxMeasurementErrorMs;
		return isExplained ? known : quantizeDrift(drift);
	}

	private load(): ClockRecord {
		try {
			return readRecord(this.options.storage);
		} catch (error) {
			this.options.log(`time: the saved clock record cannot be read: ${errorMessage(error)}`);
			return emptyRecord;
		}
	}

	/** If the storage fails, the clock runs on, and the anchors wait for the next change or {@link retrySave}. */
	private save(anchors: readonly Anchor[]): void {
		const { driftState, lastMeasurement, awakeExcessTicks } = this;
		try {
			writeValue(
				this.options.storage,
				clockKey,
				encodeClockRecord({ drift: driftState.drift, lastMeasurement, awakeExcessTicks, anchors }),
			);
			this.anchors = anchors;
			this.unsaved = undefined;
			this.unsavedSinceTicks = undefined;
		} catch (error) {
			this.unsaved = { anchors };
			this.unsavedSinceTicks ??= this.options.time.ticks();
			this.options.log(`time: the clock record cannot be saved: ${errorMessage(error)}`);
		}
	}

	/** A storage that keeps nothing must not hold readings back for good: then their times are estimates. */
	private retrySave(): void {
		const { unsaved } = this;
		if (unsaved === undefined) return;
		this.save(unsaved.anchors);
		const { unsavedSinceTicks: since } = this;
		if (since === undefined || this.options.time.ticks() - since < maxUnsavedMs) return;
		const used = this.anchors;
		this.anchors = unsaved.anchors.map((anchor) =>
			used.some(({ boot }) => boot === anchor.boot)
				? anchor
				: { ...anchor, estimatedBeforeTicks: Number.POSITIVE_INFINITY },
		);
		this.unsaved = { anchors: this.anchors };
	}
}

/** The newest boot whose time is saved; 0 if none is, or none can be read. */
export function newestAnchoredBoot(storage: Pick<KeyValue, "read">): number {
	try {
		return readRecord(storage).anchors.at(-1)?.boot ?? 0;
	} catch {
		return 0;
	}
}

/** Throws what the storage throws, or if the record is damaged. */
function readRecord(storage: Pick<KeyValue, "read">): ClockRecord {
	const bytes = storage.read(clockKey);
	if (bytes === undefined) return emptyRecord;
	const record = decodeClockRecord(new Uint8Array(bytes));
	if (record === undefined) throw new Error("it is damaged");
	return record;
}

/** Whether all readings of a boot that can be read were sent, and stay pending behind others. */
function isSent(boot: number, { oldestBoot, nextBoot }: SendingPosition): boolean {
	return boot > oldestBoot && boot < nextBoot;
}

/** When the ticks began, by a measurement and their drift. */
function modelOf({ utc, ticks }: Pick<TimeMeasurement, "utc" | "ticks">, drift: number) {
	return { startUtc: utc - ticks * (1 + drift), drift };
}
