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
import type { UploadState } from "./upload-state";

export interface UploaderOptions {
	readonly time: Time;
	readonly clock: Clock;
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly destination: Destination;
	/** The data source is yet to be found or made: called before the first point is sent, until it gives one. */
	resolveDestination?(connection: HttpConnection): Promise<Destination | ExchangeResult>;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly userAgent: string;
	readonly budget: CallBudget;
	/** From one regular upload to the next, milliseconds, as the budget allows it at this time. */
	intervalMs(now: number): number;
	/** Gives times to readings of boots that never learned it, as far as one pass can. */
	estimateUnanchoredBoots(): void;
	/** A connection to the service that keeps the rate limit headers of its answers. */
	connect(): HttpConnection;
	/** Whether the network can be used. */
	isOnline(): boolean;
	/** After each attempt: whether it got as far as a resolved name. */
	onAttempt(reached: boolean): void;
	/** {@link Uploader.activity} or {@link Uploader.dueAtTicks} has changed. */
	onChange?(): void;
	/** Uniform in 0 … 1. */
	random(): number;
	log(line: string): void;
}

/** Until the server says otherwise (413). Within what a proxy takes by default (1 MiB). */
const maxBatchBytes = 384 * 1024;
const minBatchBytes = 2 * 1024;
/** How long the first upload after a start waits at most, milliseconds: a street that has power again spreads out. */
const maxStartDelayMs = 60_000;
/** When something waits that cannot be sent, although nothing has failed: look again after this, milliseconds. */
const recheckIntervalMs = 60_000;
const noTimeMessage = "the oldest reading has no time yet; it is kept";
const unreadableMessage = "what waits cannot be read from flash, and is left out until the next start";

/**
 * Brings what waits on flash to Dakkio: one request in flight, oldest first, acknowledged on 2xx alone. Never
 * gives up and never throws; what it decides is in `decide`, how long it waits in `retry` and `pace`.
 */
export class Uploader {
	private readonly options: UploaderOptions;
	/** `undefined` until it is found. */
	private destination: Destination | undefined;
	private limits: BatchLimits = { maxPoints: maxBatchPoints, maxBytes: maxBatchBytes };
	private consecutiveFailures = 0;
	/** Ticks before which nothing is sent. */
	private notBeforeTicks = 0;
	/** On battery: what has failed is not tried again before the next regular upload. */
	private waitsForRegularUpload = false;
	private connection: HttpConnection | undefined;
	/** What was answered last can be mended by other settings alone. */
	private hasSettingsFault = false;
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

	/** Starts where another left off before a deep sleep: on battery, where a failure costs as much as an upload. */
	resume({ dueAtTicks, consecutiveFailures, maxPoints }: UploadState): void {
		this.limits = { ...this.limits, maxPoints };
		this.consecutiveFailures = consecutiveFailures;
		this.waitsForRegularUpload = true;
		this.begin(dueAtTicks);
	}

	/** What the next one has to know to go on. */
	get state(): UploadState {
		return {
			dueAtTicks: this.notBeforeTicks,
			consecutiveFailures: this.consecutiveFailures,
			maxPoints: this.limits.maxPoints,
		};
	}

	/** Ticks at which the network is needed next; without end while nothing waits. */
	get dueAtTicks(): number {
		return this.options.readings.length === 0 ? Number.POSITIVE_INFINITY : this.notBeforeTicks;
	}

	get activity(): "sending" | "settings fault" | "idle" {
		if (this.connection !== undefined) return "sending";
		return this.hasSettingsFault ? "settings fault" : "idle";
	}

	/** A person asks for it: what waits is sent as soon as it can be, due or not. */
	sendNow(): void {
		this.notBeforeTicks = this.options.time.ticks();
		this.endPause();
	}

	/** An attempt was given up: the next one waits until the ticks that `until` gives for so many failures in a row. */
	postpone(until: (failures: number) => number): void {
		this.consecutiveFailures++;
		this.notBeforeTicks = Math.max(this.notBeforeTicks, until(this.consecutiveFailures));
	}

	/** Begins nothing more; resolves when what is under way has come to its own end. */
	async finish(): Promise<void> {
		this.stopped = true;
		this.endPause();
		await this.running;
	}

	/** Ends what is under way; resolves when nothing is. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.close();
		this.endPause();
		await this.running;
	}

	/** Something has changed: a reading was stored, the network is there, the time is known. */
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

	/** Milliseconds until something can be sent; without end while there is nothing, no network or no time. */
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

	/** Sends all that waits now over one connection. */
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
			log(`upload: ${errorMessage(error)}; it is tried again in ${recheckIntervalMs / 1000} s`);
		} finally {
			// mutation: close-connection
			this.connection.close();
			this.connection = undefined;
			this.options.onChange?.();
		}
	}

	/**
	 * Counted on from when this upload was due, not from when it began: a board that sleeps is online some seconds after
	 * it woke, and would find at its next wake, an interval later, that those seconds are not over. What comes late by
	 * more than half an interval is not made up for.
	 */
	private nextRegularTicks(intervalMs: number): number {
		return Math.max(this.notBeforeTicks, this.options.time.ticks() - intervalMs / 2) + intervalMs;
	}

	/** Whether it is known where to send to. What the service answers in its place is waited out as always. */
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
		const decision = classifyExchange(found, 1, clock.now() ?? 0);
		if (decision.kind === "retry") {
			this.consecutiveFailures++;
			this.scheduleRetry(
				(decision.waitMs ?? 0) + retryBackoffMs(this.consecutiveFailures, this.options.random()),
				decision.cause,
			);
		} else {
			this.hasSettingsFault = true;
			this.scheduleRetry(
				settingsProbeIntervalMs,
				"cause" in decision ? decision.cause : "the data source could not be made",
			);
		}
		return false;
	}

	/**
	 * One batch now, over a connection of somebody who wants to see what comes of it; `undefined` when nothing waits
	 * that can be sent. It is acknowledged as always; anything but a good answer changes nothing.
	 */
	async sendTrial(connection: HttpConnection): Promise<ExchangeResult | undefined> {
		const batch = this.planNext() ?? this.planAfterEstimating();
		if (batch === undefined) return undefined;
		const outcome = await this.exchange(connection, batch);
		const decision = classifyExchange(outcome, batch.pointCount, 0);
		if (decision.kind === "acknowledge") this.applyAction(decision, batch, outcome);
		return outcome;
	}

	/** Whether the next batch may follow at once. */
	private async sendBatch(connection: HttpConnection): Promise<boolean> {
		const { clock, time, log } = this.options;
		const batch = this.planNext() ?? this.planAfterEstimating();
		if (batch === undefined) {
			this.notBeforeTicks = time.ticks() + recheckIntervalMs;
			log(`upload: ${this.options.readings.length === 0 ? unreadableMessage : noTimeMessage}`);
			return false;
		}
		const outcome = await this.exchange(connection, batch);
		if (this.stopped && outcome.kind === "failure") return false;
		this.options.onAttempt(outcome.kind === "response" || outcome.phase !== "resolve");
		return this.applyAction(classifyExchange(outcome, batch.pointCount, clock.now() ?? 0), batch, outcome);
	}

	private async exchange(connection: HttpConnection, batch: Batch): Promise<ExchangeResult> {
		const { key, userAgent, clock, budget } = this.options;
		// mutation: send-batch
		const answered = await connection.exchange({
			method: "POST",
			path: batch.path,
			headers: [
				["User-Agent", userAgent],
				["X-API-Key", key],
				["Content-Type", "application/json"],
			],
			body: () => batch.body(),
		});
		if (answered.kind === "response")
			// mutation: count-request
			budget.countCall(answered.headers, clock.now() ?? 0);
		// mutation: redact-api-key
		return redactSecret(answered, key);
	}

	private planNext(): Batch | undefined {
		const destination = this.destination ?? this.options.destination;
		return planBatch((from) => this.timedReadings(from), destination, this.limits);
	}

	/** The oldest reading has no time: it is of a boot that never learned it. */
	private planAfterEstimating(): Batch | undefined {
		this.options.estimateUnanchoredBoots();
		return this.planNext();
	}

	private applyAction(decision: UploadAction, batch: Batch, outcome: ExchangeResult): boolean {
		this.hasSettingsFault = decision.kind === "settings fault";
		switch (decision.kind) {
			case "acknowledge":
				// mutation: acknowledge-batch
				this.options.readings.acknowledge(batch.lastSequence);
				// mutation: log-sent-batch
				this.options.log(`sent ${batchName(batch)}: ${outcome.kind === "response" ? outcome.status : ""}`);
				this.recordSuccess();
				return true;
			case "quarantine":
				this.quarantineBatch(batch, decision.cause);
				this.recordSuccess();
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
				if (this.consecutiveFailures > 1 && shouldShrinkBatch(outcome))
					this.limits = { ...this.limits, maxPoints: Math.ceil(batch.pointCount / 2) };
				this.scheduleRetry(
					(decision.waitMs ?? 0) + retryBackoffMs(this.consecutiveFailures, this.options.random()),
					decision.cause,
				);
				return false;
			case "settings fault":
				// mutation: wait-after-settings-fault
				this.scheduleRetry(settingsProbeIntervalMs, decision.cause);
				return false;
		}
	}

	private recordSuccess(): void {
		this.consecutiveFailures = 0;
		// After a refused point has been isolated, or an answer has got through again, batches grow again.
		this.limits = { ...this.limits, maxPoints: Math.min(maxBatchPoints, this.limits.maxPoints * 2) };
	}

	private scheduleRetry(wait: number, cause: string): void {
		const { time, readings, log } = this.options;
		const soonest = this.waitsForRegularUpload ? this.notBeforeTicks : 0;
		const now = time.ticks();
		this.notBeforeTicks = Math.max(soonest, now + wait);
		const seconds = Math.ceil((this.notBeforeTicks - now) / 1000);
		log(`not sent: ${cause} (${readings.length} waiting, next try in ${seconds} s)`);
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
 * The server had the whole request, or failed over it. What it may have kept comes twice then, so less and less is
 * sent until an answer gets through; and where the size was the reason, that was the cure.
 */
function shouldShrinkBatch(outcome: ExchangeResult): boolean {
	return outcome.kind === "response" ? outcome.status >= 500 : outcome.fullySent;
}

/** A server that repeats the key in its answer does not bring it into the log. */
function redactSecret(outcome: ExchangeResult, secret: string): ExchangeResult {
	return outcome.kind === "response" ? { ...outcome, body: outcome.body.replaceAll(secret, "…") } : outcome;
}

function batchName({ firstSequence, lastSequence, pointCount }: Batch): string {
	return pointCount === 1
		? `point ${firstSequence}`
		: `${pointCount} points (${firstSequence} to ${lastSequence})`;
}
