import type { Time } from "../boards/board";
import type { Clock } from "../clock/clock";
import { errorMessage } from "../common/error-message";
import type { Destination, TimedReading } from "../dakkio/point";
import { maxBatchPoints } from "../dakkio/rate-limits";
import type { ExchangeResult } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import type { ReadingLog } from "../store/reading-log";
import { type Batch, type BatchLimits, planBatch } from "./batch";
import type { CallBudget } from "./call-budget";
import { classifyExchange, type UploadAction } from "./classify-exchange";
import type { Quarantine } from "./quarantine";
import { retryBackoffMs, settingsProbeIntervalMs } from "./retry-backoff";
import { jsonContentType, serviceHeaders } from "./service-connection";
import type { UploadState } from "./upload-state";

/** When an attempt to upload ended; `failure`: why the service did not take the points, in its words. */
export interface UploadAttempt {
	readonly ticks: number;
	readonly failure: string | undefined;
}

export interface UploaderOptions {
	readonly time: Time;
	readonly clock: Clock;
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly destination: Destination;
	/** Finds or creates the data source; called before the first point is sent, until it succeeds. */
	resolveDestination?(connection: HttpConnection): Promise<Destination | ExchangeResult>;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly userAgent: string;
	readonly budget: CallBudget;
	/** The time between two regular uploads at `now`, milliseconds. */
	intervalMs(now: number): number;
	/** Estimates times for readings of boots that were never synchronized, in one pass. */
	estimateUnanchoredBoots(): void;
	/** Makes a connection to the service that keeps the rate limit headers of responses. */
	connect(): HttpConnection;
	/** Whether the network is up. */
	isOnline(): boolean;
	/** After each attempt; `reached`: the name was resolved. */
	onAttempt(reached: boolean): void;
	/** {@link Uploader.activity} or {@link Uploader.dueAtTicks} has changed. */
	onChange?(): void;
	/** Uniform in 0 … 1. */
	random(): number;
	log(line: string): void;
}

/** Until the server responds 413. Below the default limit of proxies (1 MiB). */
const maxBatchBytes = 384 * 1024;
const minBatchBytes = 2 * 1024;
/** Maximum random delay of the first upload after a start: spreads devices that regain power together. */
const maxStartDelayMs = 60_000;
/** Interval of checks while pending readings cannot be sent although nothing failed. */
const recheckIntervalMs = 60_000;
const noTimeMessage = "the oldest reading has no time yet; it is kept";
const unreadableMessage = "pending readings cannot be read from flash; they are skipped until the next boot";

/**
 * Sends pending readings to Dakkio: one request at a time, oldest first, acknowledged only after a 2xx. It never gives
 * up and never throws. Decisions are in `classify-exchange`, waits in `retry-backoff` and `upload-interval`.
 */
export class Uploader {
	private readonly options: UploaderOptions;
	/** `undefined` until it is resolved. */
	private destination: Destination | undefined;
	private limits: BatchLimits = { maxPoints: maxBatchPoints, maxBytes: maxBatchBytes };
	private consecutiveFailures = 0;
	/** Ticks before which nothing is sent. */
	private notBeforeTicks = 0;
	/** On battery, a failed upload is not retried before the next regular one. */
	private waitsForRegularUpload = false;
	private connection: HttpConnection | undefined;
	/** The last result needs a change of the settings. */
	private hasSettingsFault = false;
	private _lastAttempt: UploadAttempt | undefined;
	private running: Promise<void> | undefined;
	private stopped = false;
	private endPause: () => void = () => {};

	constructor(options: UploaderOptions) {
		this.options = options;
		this.destination = options.resolveDestination === undefined ? options.destination : undefined;
	}

	start(): void {
		const { time, clock, intervalMs, random } = this.options;
		this.begin(time.ticks() + random() * Math.min(maxStartDelayMs, intervalMs(clock.now() ?? 0)));
	}

	/** Starts with the state from before a deep sleep: on battery, where a failure costs as much as an upload. */
	resume({ dueAtTicks, consecutiveFailures, maxPoints }: UploadState): void {
		this.limits = { ...this.limits, maxPoints };
		this.consecutiveFailures = consecutiveFailures;
		this.waitsForRegularUpload = true;
		this.begin(dueAtTicks);
	}

	/** To be kept over a deep sleep. */
	get state(): UploadState {
		return {
			dueAtTicks: this.notBeforeTicks,
			consecutiveFailures: this.consecutiveFailures,
			maxPoints: this.limits.maxPoints,
		};
	}

	/** Ticks at which the network is needed next; infinite without pending readings. */
	get dueAtTicks(): number {
		return this.options.readings.length === 0 ? Number.POSITIVE_INFINITY : this.notBeforeTicks;
	}

	get activity(): "sending" | "settings fault" | "idle" {
		if (this.connection !== undefined) return "sending";
		return this.hasSettingsFault ? "settings fault" : "idle";
	}

	/** Of this start; `undefined` before the first has ended. */
	get lastAttempt(): UploadAttempt | undefined {
		return this._lastAttempt;
	}

	/** The user asks to send: pending readings are sent as soon as possible, due or not. */
	sendNow(): void {
		this.notBeforeTicks = this.options.time.ticks();
		this.endPause();
	}

	/** An attempt was abandoned: postpones the next to the ticks that `until` returns for the failures in a row. */
	postpone(until: (failures: number) => number): void {
		this.consecutiveFailures++;
		this.notBeforeTicks = Math.max(this.notBeforeTicks, until(this.consecutiveFailures));
	}

	/** Starts nothing more; resolves when the upload in progress has ended by itself. */
	async finish(): Promise<void> {
		this.stopped = true;
		this.endPause();
		await this.running;
	}

	/** Aborts the upload in progress; resolves when it has ended. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.close();
		this.endPause();
		await this.running;
	}

	/** Conditions have changed: a reading was stored, the network is up, the time is known. */
	wake(): void {
		this.endPause();
	}

	private begin(notBefore: number): void {
		this.notBeforeTicks = notBefore;
		this.running ??= this.run();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const wait = this.untilDueMs();
			if (wait > 0) await this.pause(wait);
			else await this.drain();
		}
	}

	/** Milliseconds until an upload is due; infinite without pending readings, network or time. */
	private untilDueMs(): number {
		const { time, clock, readings, isOnline } = this.options;
		// mutation: require-pending-readings
		if (readings.length === 0 || !isOnline() || !clock.synchronized) return Number.POSITIVE_INFINITY;
		return this.notBeforeTicks - time.ticks();
	}

	private pause(wait: number): Promise<void> {
		const { time } = this.options;
		return new Promise((resolve) => {
			const timer = wait === Number.POSITIVE_INFINITY ? undefined : time.set(() => this.endPause(), wait);
			this.endPause = () => {
				// mutation: cancel-wait-timer
				time.clear(timer);
				this.endPause = () => {};
				resolve();
			};
		});
	}

	/** Sends all readings that are pending now over one connection. */
	private async drain(): Promise<void> {
		const { time, clock, readings, intervalMs, log } = this.options;
		const newest = readings.newestSequence ?? 0;
		this.notBeforeTicks = this.nextRegularTicks(intervalMs(clock.now() ?? 0));
		this.connection = this.options.connect();
		this.options.onChange?.();
		try {
			if (!(await this.ensureDestination(this.connection))) return;
			while (!this.stopped && (readings.oldestSequence ?? Number.POSITIVE_INFINITY) <= newest) {
				if (!(await this.sendBatch(this.connection))) break;
			}
		} catch (error) {
			this.notBeforeTicks = time.ticks() + recheckIntervalMs;
			log(`upload: ${errorMessage(error)}; next try in ${recheckIntervalMs / 1000} s`);
		} finally {
			// mutation: close-connection
			this.connection.close();
			this.connection = undefined;
			this.options.onChange?.();
		}
	}

	/**
	 * Counted from when this upload was due, not from when it began: a board that sleeps is online some seconds after it
	 * wakes, and at its next wake, an interval later, those seconds would be missing. A delay of more than half an interval
	 * is not made up for.
	 */
	private nextRegularTicks(intervalMs: number): number {
		return Math.max(this.notBeforeTicks, this.options.time.ticks() - intervalMs / 2) + intervalMs;
	}

	/** Resolves the destination; false if that fails, with a retry as for any failure. */
	private async ensureDestination(connection: HttpConnection): Promise<boolean> {
		const { resolveDestination, onAttempt, clock } = this.options;
		if (this.destination !== undefined || resolveDestination === undefined) return true;
		const found = await resolveDestination(connection);
		if ("bucketId" in found) {
			this.destination = found;
			return true;
		}
		if (this.stopped && found.kind === "failure") return false;
		onAttempt(found.kind === "response" || found.phase !== "resolve");
		const action = classifyExchange(found, 1, clock.now() ?? 0);
		if (action.kind === "retry") {
			this.consecutiveFailures++;
			this.scheduleRetry(
				(action.waitMs ?? 0) + retryBackoffMs(this.consecutiveFailures, this.options.random()),
				action.cause,
			);
		} else {
			this.hasSettingsFault = true;
			this.scheduleRetry(
				settingsProbeIntervalMs,
				"cause" in action ? action.cause : "the data source could not be created",
			);
		}
		return false;
	}

	/**
	 * Sends one batch now over the caller's connection, for the connection test; `undefined` if nothing can be sent. A 2xx
	 * acknowledges it; any other result changes nothing.
	 */
	async sendTrial(connection: HttpConnection): Promise<ExchangeResult | undefined> {
		const batch = this.planNext() ?? this.planAfterEstimating();
		if (batch === undefined) return undefined;
		const result = await this.exchange(connection, batch);
		const action = classifyExchange(result, batch.pointCount, 0);
		if (action.kind === "acknowledge") this.applyAction(action, batch, result);
		return result;
	}

	/** Sends the next batch; whether another may follow at once. */
	private async sendBatch(connection: HttpConnection): Promise<boolean> {
		const { clock, time, log } = this.options;
		const batch = this.planNext() ?? this.planAfterEstimating();
		if (batch === undefined) {
			this.notBeforeTicks = time.ticks() + recheckIntervalMs;
			log(`upload: ${this.options.readings.length === 0 ? unreadableMessage : noTimeMessage}`);
			return false;
		}
		const result = await this.exchange(connection, batch);
		if (this.stopped && result.kind === "failure") return false;
		this.options.onAttempt(result.kind === "response" || result.phase !== "resolve");
		return this.applyAction(classifyExchange(result, batch.pointCount, clock.now() ?? 0), batch, result);
	}

	private async exchange(connection: HttpConnection, batch: Batch): Promise<ExchangeResult> {
		const { key, userAgent, clock, budget } = this.options;
		// mutation: authenticate-request
		const headers = serviceHeaders(userAgent, key);
		// mutation: send-batch
		const result = await connection.exchange({
			method: "POST",
			path: batch.path,
			headers: [...headers, jsonContentType],
			body: () => batch.body(),
		});
		if (result.kind === "response")
			// mutation: count-request
			budget.countCall(result.headers, clock.now() ?? 0);
		return result;
	}

	private planNext(): Batch | undefined {
		const destination = this.destination ?? this.options.destination;
		return planBatch((from) => this.timedReadings(from), destination, this.limits);
	}

	/** If the oldest reading has no time, its boot was never synchronized. */
	private planAfterEstimating(): Batch | undefined {
		this.options.estimateUnanchoredBoots();
		return this.planNext();
	}

	private applyAction(action: UploadAction, batch: Batch, result: ExchangeResult): boolean {
		this.hasSettingsFault = action.kind === "settings fault";
		switch (action.kind) {
			case "acknowledge":
				// mutation: acknowledge-batch
				this.options.readings.acknowledge(batch.lastSequence);
				// mutation: log-sent-batch
				this.options.log(`sent ${batchName(batch)}: ${result.kind === "response" ? result.status : ""}`);
				this.recordSuccess();
				return true;
			case "quarantine":
				this.quarantineBatch(batch, action.cause);
				this.recordSuccess(action.cause);
				return true;
			case "split":
				this.limits = { ...this.limits, maxPoints: Math.ceil(batch.pointCount / 2) };
				return true;
			case "too large":
				this.limits = { ...this.limits, maxBytes: Math.max(minBatchBytes, batch.bodyBytes / 2) };
				return true;
			case "retry":
				// mutation: count-failure
				this.consecutiveFailures++;
				if (this.consecutiveFailures > 1 && shouldShrinkBatch(result))
					this.limits = { ...this.limits, maxPoints: Math.ceil(batch.pointCount / 2) };
				this.scheduleRetry(
					(action.waitMs ?? 0) + retryBackoffMs(this.consecutiveFailures, this.options.random()),
					action.cause,
				);
				return false;
			case "settings fault":
				// mutation: wait-after-settings-fault
				this.scheduleRetry(settingsProbeIntervalMs, action.cause);
				return false;
		}
	}

	/** `refusal`: why the service does not keep the points that it has answered. */
	private recordSuccess(refusal?: string): void {
		this.recordAttempt(refusal);
		this.consecutiveFailures = 0;
		// Batches grow again after a rejected point was isolated or a response arrived.
		this.limits = { ...this.limits, maxPoints: Math.min(maxBatchPoints, this.limits.maxPoints * 2) };
	}

	private recordAttempt(failure: string | undefined): void {
		this._lastAttempt = { ticks: this.options.time.ticks(), failure };
	}

	private scheduleRetry(wait: number, cause: string): void {
		this.recordAttempt(cause);
		const { time, readings, log } = this.options;
		const soonest = this.waitsForRegularUpload ? this.notBeforeTicks : 0;
		const now = time.ticks();
		this.notBeforeTicks = Math.max(soonest, now + wait);
		const seconds = Math.ceil((this.notBeforeTicks - now) / 1000);
		log(`not sent: ${cause} (${readings.length} pending, next try in ${seconds} s)`);
	}

	private quarantineBatch(batch: Batch, cause: string): void {
		const { quarantine, readings, log } = this.options;
		const destination = this.destination ?? this.options.destination;
		for (const timed of this.timedReadings(batch.firstSequence)) {
			if (timed.reading.sequence > batch.lastSequence) break;
			// mutation: quarantine-reading
			quarantine.add(timed, destination, cause);
		}
		readings.acknowledge(batch.lastSequence);
		log(`refused: ${batchName(batch)}: ${cause}; kept in quarantine (${quarantine.length} there)`);
	}

	private *timedReadings(from: number | undefined): Generator<TimedReading> {
		const { readings, clock } = this.options;
		for (const reading of readings.pending(from)) {
			const time = clock.resolve(reading.time);
			if (time === undefined) return;
			yield {
				reading,
				// mutation: reading-time
				utc: time.utc,
				estimated: time.estimated,
			};
		}
	}
}

/**
 * Whether the server may have stored the points without a response: they are sent twice then, so batches shrink until a
 * response arrives. It also helps if the size was the cause.
 */
function shouldShrinkBatch(result: ExchangeResult): boolean {
	return result.kind === "response" ? result.status >= 500 : result.fullySent;
}

function batchName({ firstSequence, lastSequence, pointCount }: Batch): string {
	return pointCount === 1
		? `point ${firstSequence}`
		: `${pointCount} points (${firstSequence} to ${lastSequence})`;
}
