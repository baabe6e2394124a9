import { violate } from "./invariants";

const day = 24 * 3_600_000;
/** In any 24 hours: copies of a point, and points stored more than twice. */
const maxCopies = 30;
const maxRepeated = 1_000;
/** Without a 2xx, only points that are tried by themselves are stored more often than this, and these are few. */
const maxBatchCopies = 5;
const maxTested = 10;
/** Of an outage, so many restarts try at once. */
const maxPromptRestarts = 3;

/** The points of the latest request that were stored. */
interface StoredRequest {
	readonly sequences: readonly number[];
	/** When its outcome reached the board; `undefined`: not yet. */
	endedAt: number | undefined;
}

/**
 * Checks how often points are stored in any 24 hours, over restarts. The board cannot know of a single point whose outcome
 * it could not save before its power was cut, and knows nothing without the saved state of its uploads: it may then send
 * whole batches once more.
 */
export class CopyChecker {
	/** Milliseconds of Unix time. */
	private readonly now: () => number;
	/** When points were stored within a day, ordered by the last of these times. */
	private readonly storedAt = new Map<number, number[]>();
	/** Points stored more than twice within a day, with the time of the third-last copy. */
	private readonly repeated = new Map<number, number>();
	/** The same for more than {@link maxBatchCopies} copies since the last 2xx. */
	private readonly tested = new Map<number, number>();
	private confirmedAt = Number.NEGATIVE_INFINITY;
	private storedAtLast = Number.NEGATIVE_INFINITY;
	private latest: StoredRequest | undefined;
	/** When the board was free to send before the end of a wait. */
	private freeAttempts: number[] = [];
	/** Since the service last confirmed a point, and stored some that it did not confirm. */
	private restarts = 0;
	private isStateLost = false;

	constructor(now: () => number) {
		this.now = now;
	}

	/** The service has stored these. */
	onStored(sequences: readonly number[]): void {
		const now = this.now();
		this.forgetBefore(now - day);
		this.latest = { sequences, endedAt: undefined };
		this.storedAtLast = now;
		for (const sequence of sequences) {
			const times = [...this.timesOf(sequence, now - day), now];
			this.storedAt.delete(sequence);
			this.storedAt.set(sequence, times);
			this.classify(sequence, times);
			if (times.length > maxCopies + this.freeAttempts.length)
				violate("few", `${sequence} is stored ${times.length} times`);
		}
		const repeated = countSince(this.repeated, now - day, maxRepeated);
		if (repeated > maxRepeated + this.freeAttempts.length)
			violate("few", `${repeated} points are stored more than twice`);
		const tested = countSince(this.tested, now - day, maxTested);
		if (tested > maxTested) violate("few", `${tested} points are stored more than ${maxBatchCopies} times`);
	}

	/** The board has received a response, or has given up the connection. */
	onOutcome(): void {
		if (this.latest !== undefined) this.latest.endedAt ??= this.now();
	}

	/** The board has received a 2xx. */
	onConfirmed(): void {
		this.confirmedAt = this.now();
		this.restarts = 0;
		this.tested.clear();
	}

	/** The press of a button: the board may try the oldest point at once. */
	onFreeAttempt(): void {
		this.freeAttempts.push(this.now());
	}

	onRestart(): void {
		// Before the first point that is not confirmed, there is no outage.
		if (this.storedAtLast > this.confirmedAt) this.restarts++;
		if (this.restarts <= maxPromptRestarts) this.onFreeAttempt();
	}

	/** The board could not save the outcome of a request in flight, or of one that ends at this moment. It has noted a batch. */
	onPowerLost(): void {
		const { latest } = this;
		this.latest = undefined;
		if (latest === undefined || latest.sequences.length > 1 || (latest.endedAt ?? this.now()) !== this.now())
			return;
		for (const sequence of latest.sequences) {
			const times = this.storedAt.get(sequence)?.slice(0, -1) ?? [];
			this.storedAt.set(sequence, times);
			this.classify(sequence, times);
		}
	}

	/** The saved state of the uploads is gone; in memory it remains until the next start. */
	onStateLost(): void {
		this.isStateLost = true;
		this.restarts = 0;
	}

	/** `hasState`: the saved state of the uploads is there, or there again. */
	onBoot(hasState: boolean): void {
		if (this.isStateLost && !hasState) this.forgetBefore(Number.POSITIVE_INFINITY);
		this.isStateLost = false;
	}

	private timesOf(sequence: number, from: number): readonly number[] {
		return this.storedAt.get(sequence)?.filter((time) => time > from) ?? [];
	}

	private classify(sequence: number, times: readonly number[]): void {
		const unconfirmed = times.filter((time) => time > this.confirmedAt);
		setOrDelete(this.repeated, sequence, times.at(-3));
		setOrDelete(this.tested, sequence, unconfirmed.at(-1 - maxBatchCopies));
	}

	private forgetBefore(from: number): void {
		this.freeAttempts = this.freeAttempts.filter((time) => time > from);
		for (const [sequence, times] of this.storedAt) {
			if ((times.at(-1) ?? from) > from) return;
			this.storedAt.delete(sequence);
			this.repeated.delete(sequence);
			this.tested.delete(sequence);
		}
	}
}

function setOrDelete(map: Map<number, number>, key: number, value: number | undefined): void {
	if (value === undefined) map.delete(key);
	else map.set(key, value);
}

/** How many of these times are later than `from`; those that are not are deleted if there are more than `max`. */
function countSince(times: Map<number, number>, from: number, max: number): number {
	if (times.size <= max) return times.size;
	for (const [key, time] of times) if (time <= from) times.delete(key);
	return times.size;
}
