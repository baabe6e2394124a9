import { maxBatchPoints } from "../dakkio/rate-limits";
import type { Batch, BatchLimits } from "./batch";
import { addRange, type Gap, gapFrom, type PassedOver, removePoint } from "./passed-over";
import { RepeatLimit, type Repeats } from "./repeat-limit";

/** A point that was refused by itself, with the server's words. */
export interface SuspectPoint {
	readonly sequence: number;
	readonly cause: string;
}

/** What is kept over each start. */
export interface SearchState {
	/** Maximum points of a batch, reduced after failures. 1 … 65,535. */
	readonly maxPoints: number;
	/** Single points refused in a row. */
	readonly refusals: number;
	/** Failures in a row of a service that was reached. */
	readonly failures: number;
	readonly repeats: Repeats;
	/** Refusals of everything that are not about content, since another point was first tried in place of the same one. */
	readonly frontRefusals: number;
	/** Points that are passed over while older ones are pending. */
	readonly passedOver: readonly PassedOver[];
}

/** Which points the next request has. */
export interface PointSelection extends BatchLimits, Gap {
	/** A held point, tried again. */
	readonly isHeld: boolean;
}

/** What a refusal is about. */
export interface Refusal {
	readonly isSize: boolean;
	/** The content: the point is at fault as soon as the service takes another one. */
	readonly isContent: boolean;
	readonly cause: string;
}

/** Until the server responds 413. Below the default limit of proxies (1 MiB). */
const maxBatchBytes = 384 * 1024;
/** After so many failures that each were followed by a 2xx, the next one is likely to be, too: one of two servers is out of order. */
const flappingFailures = 3;
/** As many single points refused in a row, without a 2xx, are a fault of the service or of the settings. */
const maxSuspects = 3;
/** After a 2xx, as many refusals in a row are taken for those of points before a single point tests the service. */
const trustOfSuccess = 3;
/** After so many failures in a row, more than a day, the oldest point may be what the service fails at: another is tried in turn. */
const maxStuckFailures = 30;
/** The same of a service that has failed at single points before. */
const maxStuckAgain = 6;
/** After so many refusals of everything that are not about content, the first point is held if another is taken. */
const minFrontRefusals = 5;
/** A held point that is refused so often, hourly and just after a 2xx for others, is at fault. */
const maxStrikes = 6;
const heldIntervalMs = 3_600_000;
/** Of a gap, the first point may prove suspects, or one of those up to 511 after it. */
const witnessSteps = 10;
/** Kept over restarts, 17 bytes each; a few more if the service refuses runs of newer points. */
const maxPassedOver = 16;

/**
 * Decides which points a request has, and what the responses to several say about a point. Pure.
 *
 * A refusal does not say what is refused: the point or everything. So a refused point stays on flash, as a suspect, and
 * the next points are tried; only when the service takes one of them is the suspect proven. A refused batch is halved
 * while 2xx come between the refusals, and else followed by a single point: about log2 of a batch to find one point, and
 * at most seven requests until a service that refuses everything is known. Then the oldest and one of the newest points
 * are tried in turn.
 *
 * A refusal that is not about content (401, 404, 418), or no usable response, says less: a part of the service may be at
 * fault for a while. Such a point is held: newer points pass it, it is tried again hourly, and proven by its strikes.
 */
export class RefusalSearch {
	/** Single points refused in a row, without a 2xx. */
	refusals = 0;
	/** Failures in a row of a service that was reached. */
	failures = 0;
	/** In order. */
	passedOver: readonly PassedOver[] = [];
	/** Points of a batch that a server may store once more: 1 after failures, doubled by each 2xx. */
	private maxRisked = maxBatchPoints;
	readonly repeatLimit = new RepeatLimit();
	/** Failures in a row that each were followed by a 2xx. */
	private singleFailures = 0;
	/** Points of a batch in the search for refused ones. */
	private maxSearched = maxBatchPoints;
	private maxBytes = maxBatchBytes;
	private suspects: readonly (SuspectPoint & Refusal)[] = [];
	/** Refusals left until a single point has to test the service. */
	private trust = 0;
	/** The next request is a single point. */
	private isTest = false;
	/** The end of the smallest refused batch: it has a refused point up to here. 0: unknown. */
	private refusedUpTo = 0;
	private lastSuspect = 0;
	private newest = 0;
	/** How many points had to prove suspects and were refused. */
	private refusedWitnesses = 0;
	/** The service has taken points in this upload. */
	private _hasTaken = false;
	/** This upload has nothing more to send before this point. */
	private walkedTo = 0;
	/** Held points after this one are tried again in this upload. */
	private retriedTo = Number.POSITIVE_INFINITY;
	private retriesHeldAtTicks = 0;
	/** A held point that was just refused, and is tried once more. */
	private retriedTwice = 0;
	private beganTicks = 0;
	/** Whether the last selection tries another point than the first of those that are left, and whether there is one. */
	private isElsewhere = false;
	private hasElsewhere = true;
	/** The service has failed at points again and again, and taken others. */
	private hasHeld = false;
	/** The first point of those that are left, when another was last tried in its place. */
	private passedFront = 0;
	private frontRefusals = 0;

	/** Points of a batch, at most. */
	get maxPoints(): number {
		return Math.min(this.maxRisked, this.maxSearched);
	}

	/** Whether batches are smaller than what a good service takes. */
	get isLimited(): boolean {
		return this.maxBytes < maxBatchBytes || this.maxPoints < maxBatchPoints;
	}

	get hasTaken(): boolean {
		return this._hasTaken;
	}

	get state(): SearchState {
		const { maxPoints, nextRefusals: refusals, failures, frontRefusals, passedOver } = this;
		const { repeats } = this.repeatLimit;
		return { maxPoints, refusals, failures, repeats, frontRefusals, passedOver };
	}

	/** Continues after a start. */
	resume({ maxPoints, refusals, failures, repeats, frontRefusals, passedOver }: SearchState): void {
		this.maxRisked = maxPoints;
		this.refusals = refusals;
		this.failures = failures;
		this.frontRefusals = frontRefusals;
		// mutation: resume-repeats
		this.repeatLimit.repeats = repeats;
		// mutation: keep-sent-ahead
		this.passedOver = passedOver;
		// The count is not kept over a deep sleep: any other one, after each 2xx.
		this.refusedWitnesses = Math.imul(passedOver.at(-1)?.last ?? 0, 0x9e3779b1) >>> 20;
	}

	/**
	 * Refusals with which the next upload begins. After a 2xx in this upload, a fault concerns certain points and not the
	 * service: the next upload tries the oldest first, as a 2xx for newer ones may have to prove them.
	 */
	private get nextRefusals(): number {
		return this._hasTaken && this.isFault ? 0 : this.refusals;
	}

	/** Whether the service refuses everything. */
	get isFault(): boolean {
		return this.refusals >= maxSuspects;
	}

	/** An upload begins: what was refused in an earlier one is tried again, and a limit of size may have changed. */
	begin(ticks: number): void {
		this.suspects = [];
		this.trust = 0;
		this.isTest = false;
		this.refusals = this.nextRefusals;
		this._hasTaken = false;
		this.walkedTo = 0;
		this.hasElsewhere = true;
		this.maxBytes = Math.min(maxBatchBytes, 2 * this.maxBytes);
		this.beganTicks = ticks;
		this.repeatLimit.begin(ticks);
		this.retriedTo = ticks < this.retriesHeldAtTicks ? Number.POSITIVE_INFINITY : 0;
	}

	/** `oldest` and `newest`: of the pending points. `undefined`: nothing more can be learned in this upload. */
	next(oldest: number, newest: number): PointSelection | undefined {
		this.newest = newest;
		const end = Math.max(oldest, (this.passedOver.at(-1)?.last ?? 0) + 1);
		const start = Math.max(oldest, this.walkedTo, (this.suspects.at(-1)?.sequence ?? 0) + 1);
		let { from, before } = this.pass(start);
		const elsewhere = this.elsewhere(from, newest, end);
		this.isElsewhere = elsewhere !== undefined;
		if (elsewhere !== undefined) ({ from, before } = this.pass(elsewhere));
		// Before what was passed over, each group of suspects needs a 2xx for newer ones.
		else if (this.suspects.length === maxSuspects - 1 && from <= newest)
			({ from, before } = this.pass(this.witness(from, newest)));
		// Without room for more gaps: next to the last one. If that is refused as well, it closes no gap either.
		else if (!this.hasRoom && this.suspects.length === 1) ({ from, before } = this.pass(Math.max(from, end)));
		if (!this.mayPass(oldest, from)) {
			const held = this.nextHeld();
			if (held !== undefined || (this._hasTaken && this.isFull)) return held;
			({ from, before } = this.pass(Math.max(from, end)));
		}
		if (from > newest) return this.nextHeld();
		const maxPoints = this.isTest || this.isFault ? 1 : this.maxPoints;
		return { from, before, maxPoints, maxBytes: this.maxBytes, isHeld: false };
	}

	/** Nothing of this can be sent in this upload: the numbers are unused, or the time is unknown. False: nor can others. */
	skip({ before }: PointSelection): boolean {
		if (this.isElsewhere) {
			this.suspects = [];
			this.hasElsewhere = false;
			return true;
		}
		// Without newer ones, held points are tried: as long as they stay, there may be no room for the times of others.
		const isLast = this.walkedTo === Number.POSITIVE_INFINITY;
		this.walkedTo = Math.max(this.walkedTo, before);
		// mutation: try-held-without-newer
		return (
			!isLast && (before < Number.POSITIVE_INFINITY || this.passedOver.some(({ strikes }) => strikes > 0))
		);
	}

	/** A 2xx for points from `from` on: returns the points refused shortly before, which are now proven to be at fault. */
	accepted(from: number, { lastSequence }: Batch): readonly SuspectPoint[] {
		const proven = this.suspects.filter(({ isContent }) => isContent);
		for (const { sequence, isContent } of this.suspects) this.passOver(sequence, sequence, isContent ? 0 : 1);
		// mutation: settle-batch
		this.passOver(from, lastSequence, 0);
		// The batches were refused for the size of this point.
		if (proven.some(({ isSize }) => isSize)) this.maxBytes = maxBatchBytes;
		this.suspects = [];
		this.trust = trustOfSuccess;
		this._hasTaken = true;
		if (!this.isElsewhere) this.frontRefusals = 0;
		if (this.failures > 0) this.singleFailures = this.failures === 1 ? this.singleFailures + 1 : 0;
		// mutation: end-outage
		this.refusals = this.failures = 0;
		this.isTest = false;
		const { repeats, maxPoints } = this.repeatLimit;
		const limit = lastSequence < repeats.upTo ? maxPoints : maxBatchPoints;
		this.maxRisked = Math.min(limit, this.maxRisked * 2);
		const rest = this.refusedUpTo - lastSequence;
		if (rest > 0) this.maxSearched = Math.min(this.maxSearched, Math.ceil(rest / 2));
		else {
			this.refusedUpTo = 0;
			this.maxSearched = Math.min(maxBatchPoints, this.maxSearched * 2);
		}
		return proven;
	}

	/** A refusal of a batch. */
	refused(batch: Batch, refusal: Refusal): void {
		const { firstSequence, lastSequence, pointCount, bodyBytes } = batch;
		this.trust--;
		this.isTest = this.trust <= 0;
		if (pointCount > 1) {
			if (refusal.isSize) this.maxBytes = Math.floor(bodyBytes / 2);
			else {
				this.refusedUpTo = lastSequence;
				this.maxSearched = this.isTest ? pointCount : Math.ceil(pointCount / 2);
			}
			return;
		}
		// The same one says no more, as long as newer ones can be tried.
		if (this.isFault || firstSequence !== this.lastSuspect || firstSequence === this.newest) this.refusals++;
		this.refusedUpTo = 0;
		if (refusal.isContent) this.frontRefusals = 0;
		// In a fault, nothing that was refused is a suspect: all of it is tried again.
		if (this.isFault) this.refusedWitnesses++;
		this.suspects = this.isFault ? [] : [...this.suspects, { sequence: firstSequence, ...refusal }];
		// The next one may be as far away as this one was.
		this.maxSearched =
			this.lastSuspect === 0
				? maxBatchPoints
				: Math.min(maxBatchPoints, Math.max(1, firstSequence - this.lastSuspect));
		this.lastSuspect = firstSequence;
	}

	/** A refusal that is not about content, and no point was taken in this upload: of everything, as far as is known. */
	refusedAll(): void {
		this.refusals = Math.max(maxSuspects, this.refusals + 1);
		this.frontRefusals++;
		this.suspects = [];
	}

	/** The list of data sources was refused: restarts are counted as after a refused point, but nothing is known of points. */
	refusedList(): void {
		this.refusals = Math.max(1, this.refusals);
	}

	/** Ends what {@link refusedList} counted. More than one refusal is of points, and stays. */
	acceptedList(): void {
		if (this.refusals === 1) this.refusals = 0;
	}

	/** A held point was refused again, or not confirmed, just after the service took others; whether it is proven now. */
	strike(sequence: number, isRefusal: boolean): boolean {
		this.hasHeld = true;
		// Twice at once: of a service that refuses each second request, one of the two is taken.
		const isFirstTry = isRefusal && this.retriedTwice !== sequence;
		this.retriedTwice = isFirstTry ? sequence : 0;
		if (isFirstTry) {
			this.retriedTo = sequence - 1;
			return false;
		}
		const strikes = 1 + (this.passedOver.find(({ first }) => first === sequence)?.strikes ?? 0);
		this.passOver(sequence, sequence, strikes < maxStrikes ? strikes : 0);
		return strikes >= maxStrikes;
	}

	/** A proven point could not be kept elsewhere, which may have cost others there: it stays pending, and has to be proven again. */
	hold(sequence: number): void {
		this.passedOver = removePoint(this.passedOver, sequence);
		this.passOver(sequence, sequence, 1);
	}

	/**
	 * The server may have stored the batch, and it is sent again, so little is sent: after a first failure (`isFirst`) a
	 * quarter of it, or the same if a 2xx has followed each of the last failures, then the oldest point by itself.
	 */
	failed(batch: Batch, isFirst: boolean): void {
		const { pointCount } = batch;
		// The points before one that was tried elsewhere have not been sent.
		if (!this.isElsewhere) this.repeatLimit.add(batch);
		this.sendLess();
		if (isFirst)
			this.maxRisked = Math.min(
				this.repeatLimit.maxPoints,
				this.singleFailures >= flappingFailures ? pointCount : Math.ceil(pointCount / 4),
			);
	}

	/** The state to continue with if it is never known whether this batch was stored. */
	stateInDoubt(batch: Batch): SearchState {
		return {
			...this.state,
			maxPoints: Math.min(this.maxPoints, Math.ceil(batch.pointCount / 4)),
			repeats: this.repeatLimit.inDoubt(batch),
		};
	}

	/** The next request has the oldest point by itself. */
	sendLess(): void {
		this.maxRisked = 1;
		this.refusedUpTo = 0;
	}

	/** All points up to the one that it returns are settled; 0: none. They are passed over until they are not pending. */
	takeSettled(oldest: number | undefined): number {
		this.repeatLimit.forgetBefore(oldest);
		this.passedOver = this.passedOver.filter(({ last }) => oldest !== undefined && last >= oldest);
		const [next] = this.passedOver;
		return oldest === undefined || next === undefined || next.strikes > 0 || next.first > oldest
			? 0
			: next.last;
	}

	/** The first point from `start` on that is not passed over, and the next one that is. */
	private pass(start: number): Gap {
		return gapFrom(this.passedOver, start);
	}

	/**
	 * Of a service that refuses everything, or fails at the point `front` for more than a day: where another point is
	 * tried, in turn.
	 */
	private elsewhere(front: number, newest: number, end: number): number | undefined {
		const { passedOver } = this;
		const hasHeld = this.hasHeld || passedOver.some(({ strikes }) => strikes > 0);
		const isStuck = this.failures >= (hasHeld ? maxStuckAgain : maxStuckFailures);
		const turn = this.refusals + this.failures;
		// Of a service that fails in turn, at random: else the same point would always get the failure.
		const isOwnTurn = this.failures === 0 ? turn % 2 !== 0 : Math.imul(turn, 0x9e3779b1) > 0;
		if (!this.hasElsewhere || (!isStuck && !this.isFault) || isOwnTurn) return undefined;
		// Another each time, where many points are refused; at least one is left to prove the suspects that follow.
		const step = Math.floor(turn / 4) % 8;
		const isNewest = end <= front || step === 7 || (turn % 4 === 0 && passedOver.length < 2 * maxPassedOver);
		const further = passedOver.length < 4 * maxPassedOver ? 2 ** step - 1 : 0;
		const from = isNewest ? Math.max(end, front + 1, newest - (step || 8)) : Math.min(newest, end + further);
		if (from === front || Math.max(from, end) > newest) return undefined;
		if (this.passedFront > 0 && front !== this.passedFront) this.frontRefusals = 0;
		this.passedFront = front;
		if (this.isFault ? this.frontRefusals >= minFrontRefusals : isStuck)
			this.suspects = [{ sequence: front, cause: "", isSize: false, isContent: false }];
		return from;
	}

	/**
	 * The point that has to prove the suspects before `from`: another one after each that was refused, or a run of refused
	 * points there would keep the suspects indefinitely. Of all gaps in turn, and half of the time of the newest points: the
	 * first one, the next, then further and further ones.
	 */
	private witness(from: number, newest: number): number {
		const gaps = [];
		for (let gap = this.pass(from); gap.from <= newest; gap = this.pass(gap.before)) gaps.push(gap);
		// Its own one follows the suspects directly: where a run of points is refused, it is the worst.
		if (gaps.length > 1) gaps.shift();
		const isNewest = this.refusedWitnesses % 2 === 1;
		const turn = Math.floor(this.refusedWitnesses / 2);
		const gap = isNewest ? gaps.at(-1) : gaps[turn % gaps.length];
		if (gap === undefined) return from;
		const step = isNewest ? turn : Math.floor(turn / gaps.length);
		return Math.min(newest, gap.before - 1, gap.from + 2 ** (step % witnessSteps) - 1);
	}

	/** Held points have to be settled before there may be more of them. */
	private get isFull(): boolean {
		return this.passedOver.length >= 2 * maxPassedOver && this.passedOver.some(({ strikes }) => strikes > 0);
	}

	private get hasRoom(): boolean {
		return this.passedOver.length < maxPassedOver - 1;
	}

	/** Whether what the points from `from` on leave behind can be remembered. */
	private mayPass(oldest: number, from: number): boolean {
		const { suspects, passedOver } = this;
		const isFront = from - suspects.length === oldest && suspects.every(({ isContent }) => isContent);
		return (
			this.hasRoom || isFront || passedOver.some(({ last, strikes }) => last === from - 1 && strikes === 0)
		);
	}

	private nextHeld(): PointSelection | undefined {
		if (!this._hasTaken && this.walkedTo < Number.POSITIVE_INFINITY) return undefined;
		const held = this.passedOver.find(({ first, strikes }) => strikes > 0 && first > this.retriedTo);
		if (held === undefined) return undefined;
		this.retriedTo = held.first;
		this.retriesHeldAtTicks = this.beganTicks + heldIntervalMs;
		return { from: held.first, before: held.first + 1, maxPoints: 1, maxBytes: maxBatchBytes, isHeld: true };
	}

	private passOver(first: number, last: number, strikes: number): void {
		this.passedOver = addRange(this.passedOver, { first, last, strikes });
	}
}
