import type { Time } from "../boards/board";
import type { ReadingLog } from "../store/reading-log";
import { minBackoffMs, settingsProbeIntervalMs } from "./retry-backoff";

export interface UploadScheduleOptions {
	readonly time: Pick<Time, "ticks">;
	readonly readings: Pick<ReadingLog, "length" | "newestSequence">;
}

/** When the next upload is due, and how soon a request may follow a refused or failed one. All moments are ticks. */
export class UploadSchedule {
	/** Attempts in a row that failed. */
	consecutiveFailures = 0;
	private readonly options: UploadScheduleOptions;
	private _notBeforeTicks = 0;
	/** Even at the press of the button: the last request was refused or failed. */
	private _pausedUntilTicks = 0;
	/** What is pending was refused, up to this point: before these ticks, it is sent only with a newer one. */
	private refusedUntil = { newest: 0, ticks: 0 };
	/** On battery, a failed upload is not retried before the next regular one. */
	private waitsForRegularUpload = false;

	constructor(options: UploadScheduleOptions) {
		this.options = options;
	}

	/** Nothing is sent before. */
	get notBeforeTicks(): number {
		return this._notBeforeTicks;
	}

	/** No further request is made before, in the same upload either. */
	get pausedUntilTicks(): number {
		return this._pausedUntilTicks;
	}

	/** Infinite without pending readings. */
	get dueAtTicks(): number {
		const { readings } = this.options;
		if (readings.length === 0) return Number.POSITIVE_INFINITY;
		const { newest, ticks } = this.refusedUntil;
		return readings.newestSequence === newest ? Math.max(ticks, this.notBeforeTicks) : this.notBeforeTicks;
	}

	/** In place of what was planned. */
	setNotBefore(ticks: number): void {
		this._notBeforeTicks = ticks;
	}

	/** Where a failure costs as much as an upload. */
	beginOnBattery(ticks: number): void {
		this.waitsForRegularUpload = true;
		this.setNotBefore(ticks);
	}

	/** The user asks to send: as soon as possible, due or not. */
	sendNow(): void {
		this._notBeforeTicks = Math.max(this.options.time.ticks(), this._pausedUntilTicks);
		this.refusedUntil = { newest: 0, ticks: 0 };
	}

	/**
	 * An upload begins: plans the next regular one. Counted from when this one was due, not from when it began: a board that
	 * sleeps is online some seconds after it wakes, and at its next wake, an interval later, those seconds would be missing.
	 * A delay of more than half an interval is not made up for.
	 */
	beginUpload(intervalMs: number): void {
		this._notBeforeTicks =
			Math.max(this._notBeforeTicks, this.options.time.ticks() - intervalMs / 2) + intervalMs;
	}

	/** An upload that lasts longer than its interval is followed by the next one at once, but for a request that was refused or failed. */
	endUpload(): void {
		this.postponeUntil(this._pausedUntilTicks);
	}

	/** A request was refused or failed. */
	pauseRequests(): void {
		this._pausedUntilTicks = this.options.time.ticks() + minBackoffMs;
	}

	/** Before an hour has passed, only a new reading makes an upload due: a second refusal of the same says no more. */
	waitForNewer(): void {
		const { readings, time } = this.options;
		this.refusedUntil = {
			newest: readings.newestSequence ?? 0,
			ticks: time.ticks() + settingsProbeIntervalMs,
		};
	}

	postponeUntil(ticks: number): void {
		this._notBeforeTicks = Math.max(this._notBeforeTicks, ticks);
	}

	postponeBy(waitMs: number): void {
		this.postponeUntil(this.options.time.ticks() + waitMs);
	}

	/** The next attempt, whatever was planned; returns after how long, milliseconds. */
	retryIn(waitMs: number): number {
		const now = this.options.time.ticks();
		const soonest = this.waitsForRegularUpload ? this._notBeforeTicks : 0;
		this._notBeforeTicks = Math.max(soonest, now + waitMs);
		return this._notBeforeTicks - now;
	}
}
