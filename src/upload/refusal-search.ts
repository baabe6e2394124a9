import { maxBatchPoints } from "../dakkio/rate-limits";
import type { Batch, BatchLimits } from "./batch";

/** A point that was refused by itself, with the server's words. */
export interface SuspectPoint {
	readonly sequence: number;
	readonly cause: string;
}

/** Sequence numbers of points that are stored while older ones are still pending. */
export interface SentAhead {
	readonly first: number;
	readonly last: number;
}

/** Which points the next request has. */
export interface PointSelection extends BatchLimits {
	readonly from: number;
	/** The first sequence number that is left out. */
	readonly before: number;
	/** Older points stay pending whatever the response. */
	readonly isAhead: boolean;
}

/** What a 2xx for a batch settles. */
export interface AcceptedPoints {
	/** Refused shortly before: now it is clear that the points are at fault, and not the service. */
	readonly refused: readonly SuspectPoint[];
	/** All points up to this one are settled. */
	readonly upTo: number;
}

/** Until the server responds 413. Below the default limit of proxies (1 MiB). */
const maxBatchBytes = 384 * 1024;
/** As many single points refused in a row, without a 2xx, are a fault of the service or of the settings. */
const maxSuspects = 3;
/** After a 2xx, as many refusals in a row are taken for those of points before a single point tests the service. */
const trustOfSuccess = 3;

/**
 * Decides which points a request has, and what the responses to several say about a point. Pure.
 *
 * A refusal does not say what is refused: the point or everything. So a refused point stays on flash, as a suspect, and
 * the next points are tried; only when the service takes one of them is the suspect proven. A refused batch is halved
 * while 2xx come between the refusals, and else followed by a single point: about log2 of a batch to find one point, and
 * at most seven requests until a service that refuses everything is known. Then the oldest and the newest point are tried
 * in turn; the newest, once stored, is remembered as sent ahead.
 */
export class RefusalSearch {
	/** Single points refused in a row, without a 2xx. */
	refusals = 0;
	ahead: SentAhead | undefined;
	/** Points of a batch that a server may store once more: 1 after failures, doubled by each 2xx. */
	private maxRisked = maxBatchPoints;
	/** Points of a batch in the search for refused ones. */
	private maxSearched = maxBatchPoints;
	private maxBytes = maxBatchBytes;
	private suspects: readonly SuspectPoint[] = [];
	/** Refusals left until a single point has to test the service. */
	private trust = 0;
	/** The next request is a single point. */
	private isTest = false;
	/** The end of the smallest refused batch: it has a refused point up to here. 0: unknown. */
	private refusedUpTo = 0;
	private lastSuspect = 0;

	/** Points of a batch, at most. */
	get maxPoints(): number {
		return Math.min(this.maxRisked, this.maxSearched);
	}

	/** Continues after a deep sleep. */
	resume(maxPoints: number, refusals: number): void {
		this.maxRisked = maxPoints;
		this.refusals = refusals;
	}

	/** Whether the service refuses everything. */
	get isFault(): boolean {
		return this.refusals >= maxSuspects;
	}

	/** An upload begins: what was refused in an earlier one is tried again, and a limit of size may have changed. */
	begin(): void {
		this.suspects = [];
		this.trust = 0;
		this.isTest = false;
		this.maxBytes = Math.min(maxBatchBytes, 2 * this.maxBytes);
	}

	/** `oldest` and `newest`: of the pending points. `undefined`: nothing more can be learned in this upload. */
	next(oldest: number, newest: number): PointSelection | undefined {
		const { ahead, maxBytes, suspects, isFault } = this;
		const from = Math.max(oldest, (suspects.at(-1)?.sequence ?? 0) + 1);
		const later = ahead === undefined ? newest : ahead.last + 1;
		const hasLater = later > from && later <= newest;
		const maxPoints = this.isTest || isFault ? 1 : this.maxPoints;
		// Behind points that were sent ahead, each group of suspects needs a 2xx for newer ones.
		const needsLater = ahead !== undefined && suspects.length === maxSuspects - 1;
		if (needsLater && !hasLater) return undefined;
		if (needsLater || (isFault && hasLater && this.refusals % 2 === 0))
			return { from: later, before: Number.POSITIVE_INFINITY, maxPoints, maxBytes, isAhead: true };
		return { from, before: ahead?.first ?? Number.POSITIVE_INFINITY, maxPoints, maxBytes, isAhead: false };
	}

	/** A 2xx for a batch. */
	accepted({ firstSequence, lastSequence }: Batch, isAhead: boolean): AcceptedPoints {
		const refused = this.suspects;
		this.suspects = [];
		this.trust = trustOfSuccess;
		this.refusals = 0;
		this.isTest = false;
		this.maxRisked = Math.min(maxBatchPoints, this.maxRisked * 2);
		if (isAhead) {
			this.ahead = { first: this.ahead?.first ?? firstSequence, last: lastSequence };
			return { refused, upTo: refused.at(-1)?.sequence ?? 0 };
		}
		const rest = this.refusedUpTo - lastSequence;
		if (rest > 0) this.maxSearched = Math.min(this.maxSearched, Math.ceil(rest / 2));
		else {
			this.refusedUpTo = 0;
			this.maxSearched = Math.min(maxBatchPoints, this.maxSearched * 2);
		}
		return { refused, upTo: lastSequence };
	}

	/** A refusal of a batch for its content, or for its size. */
	refused(batch: Batch, { isAhead, isSize }: { isAhead: boolean; isSize: boolean }, cause: string): void {
		const { firstSequence, lastSequence, pointCount, bodyBytes } = batch;
		this.trust--;
		if (pointCount > 1) {
			this.isTest = this.trust <= 0 || isAhead;
			if (isSize) this.maxBytes = Math.floor(bodyBytes / 2);
			else if (!isAhead) {
				this.refusedUpTo = lastSequence;
				this.maxSearched = this.isTest ? pointCount : Math.ceil(pointCount / 2);
			}
			return;
		}
		this.refusals++;
		this.refusedUpTo = 0;
		// In a fault, nothing that was refused is a suspect: all of it is tried again.
		if (this.isFault) this.suspects = [];
		else if (!isAhead) this.suspects = [...this.suspects, { sequence: firstSequence, cause }];
		if (isAhead) return;
		this.isTest = this.trust <= 0;
		// The next one may be as far away as this one was.
		this.maxSearched =
			this.lastSuspect === 0
				? maxBatchPoints
				: Math.min(maxBatchPoints, Math.max(1, firstSequence - this.lastSuspect));
		this.lastSuspect = firstSequence;
	}

	/** No usable response, for the second time or more: what the server may have stored is sent again, so little is sent. */
	failedAgain(): void {
		this.maxRisked = 1;
		this.refusedUpTo = 0;
	}

	/** The last sequence number sent ahead, once no older point is pending, so that it can be acknowledged; or 0. */
	takeSentAhead(oldest: number | undefined): number {
		if (this.ahead === undefined || (oldest !== undefined && oldest < this.ahead.first)) return 0;
		const { last } = this.ahead;
		this.ahead = undefined;
		return last;
	}
}
