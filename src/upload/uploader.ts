import type { Time } from "../boards/board";
import type { Clock } from "../clock/clock";
import { batchPoints, limitHeaders } from "../dakkio/limits";
import type { Destination, TimedReading } from "../dakkio/point";
import type { HttpConnection, Outcome } from "../http/exchange";
import type { ReadingLog } from "../store/reading-log";
import type { Attempts } from "./attempts";
import { type Batch, type BatchLimits, planBatch } from "./batch";
import type { Budget } from "./budget";
import { type Decision, decide } from "./decide";
import type { Quarantine } from "./quarantine";
import { probeInterval, retryWait } from "./retry";

export interface UploaderOptions {
	readonly time: Time;
	readonly clock: Clock;
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly destination: Destination;
	/** The data source is yet to be found or made: called before the first point is sent, until it gives one. */
	findDestination?(connection: HttpConnection): Promise<Destination | Outcome>;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly agent: string;
	readonly budget: Budget;
	/** From one regular upload to the next, milliseconds, as the budget allows it at this time. */
	interval(now: number): number;
	/** Gives times to readings of boots that never learned it, as far as one pass can. */
	estimate(): void;
	/** A connection to the service that keeps {@link limitHeaders} of its answers. */
	connect(): HttpConnection;
	/** Whether the network can be used. */
	online(): boolean;
	/** After each attempt: whether it got as far as a resolved name. */
	onAttempt(reached: boolean): void;
	/** {@link Uploader.activity} or {@link Uploader.dueAt} has changed. */
	onChange?(): void;
	/** Uniform in 0 … 1. */
	random(): number;
	log(line: string): void;
}

/** The headers of an answer that the uploader needs. */
export const answerHeaders = limitHeaders;

/** Until the server says otherwise (413). Within what a proxy takes by default (1 MiB). */
const largestBody = 384 * 1024;
const smallestBody = 2 * 1024;
/** How long the first upload after a start waits at most, milliseconds: a street that has power again spreads out. */
const longestStartDelay = 60_000;
/** When something waits that cannot be sent, although nothing has failed: look again after this, milliseconds. */
const lookAgain = 60_000;
const noTime = "the oldest reading has no time yet; it is kept";
const nothingReadable = "what waits cannot be read from flash, and is left out until the next start";

/**
 * Brings what waits on flash to Dakkio: one request in flight, oldest first, acknowledged on 2xx alone. Never
 * gives up and never throws; what it decides is in `decide`, how long it waits in `retry` and `pace`.
 */
export class Uploader {
	private readonly options: UploaderOptions;
	/** `undefined` until it is found. */
	private destination: Destination | undefined;
	private limits: BatchLimits = { points: batchPoints, bytes: largestBody };
	private failures = 0;
	/** Ticks before which nothing is sent. */
	private notBefore = 0;
	/** On battery: what has failed is not tried again before the next regular upload. */
	private sparing = false;
	private connection: HttpConnection | undefined;
	/** What was answered last can be mended by other settings alone. */
	private settingsFault = false;
	private running: Promise<void> | undefined;
	private stopped = false;
	private _wake: () => void = () => {};

	constructor(options: UploaderOptions) {
		this.options = options;
		this.destination = options.findDestination === undefined ? options.destination : undefined;
	}

	start(): void {
		const { time, clock, interval, random } = this.options;
		this.begin(time.ticks() + random() * Math.min(longestStartDelay, interval(clock.now() ?? 0)));
	}

	/** Starts where another left off before a deep sleep: on battery, where a failure costs as much as an upload. */
	resume({ dueAt, failures, points }: Attempts): void {
		this.limits = { ...this.limits, points };
		this.failures = failures;
		this.sparing = true;
		this.begin(dueAt);
	}

	/** What the next one has to know to go on. */
	get attempts(): Attempts {
		return { dueAt: this.notBefore, failures: this.failures, points: this.limits.points };
	}

	/** Ticks at which the network is needed next; without end while nothing waits. */
	get dueAt(): number {
		return this.options.readings.length === 0 ? Number.POSITIVE_INFINITY : this.notBefore;
	}

	get activity(): "sending" | "settings fault" | "idle" {
		if (this.connection !== undefined) return "sending";
		return this.settingsFault ? "settings fault" : "idle";
	}

	/** A person asks for it: what waits is sent as soon as it can be, due or not. */
	sendNow(): void {
		this.notBefore = this.options.time.ticks();
		this._wake();
	}

	/** An attempt was given up: the next one waits until the ticks that `until` gives for so many failures in a row. */
	postpone(until: (failures: number) => number): void {
		this.failures++;
		this.notBefore = Math.max(this.notBefore, until(this.failures));
	}

	/** Begins nothing more; resolves when what is under way has come to its own end. */
	async finish(): Promise<void> {
		this.stopped = true;
		this._wake();
		await this.running;
	}

	/** Ends what is under way; resolves when nothing is. */
	async stop(): Promise<void> {
		this.stopped = true;
		this.connection?.close();
		this._wake();
		await this.running;
	}

	/** Something has changed: a reading was stored, the network is there, the time is known. */
	wake(): void {
		this._wake();
	}

	private begin(notBefore: number): void {
		this.notBefore = notBefore;
		this.running ??= this.run();
	}

	private async run(): Promise<void> {
		while (!this.stopped) {
			const wait = this.untilDue();
			if (wait > 0) await this.pause(wait);
			else await this.drain();
		}
	}

	/** Milliseconds until something can be sent; without end while there is nothing, no network or no time. */
	private untilDue(): number {
		const { time, clock, readings, online } = this.options;
		// mutation: require-pending-readings
		if (readings.length === 0 || !online() || !clock.synchronized) return Number.POSITIVE_INFINITY;
		return this.notBefore - time.ticks();
	}

	private pause(wait: number): Promise<void> {
		const { time } = this.options;
		return new Promise((resolve) => {
			const timer = wait === Number.POSITIVE_INFINITY ? undefined : time.set(() => this._wake(), wait);
			this._wake = () => {
				// mutation: cancel-wait-timer
				time.clear(timer);
				this._wake = () => {};
				resolve();
			};
		});
	}

	/** Sends all that waits now over one connection. */
	private async drain(): Promise<void> {
		const { time, clock, readings, interval, log } = this.options;
		const newest = readings.newest ?? 0;
		this.notBefore = this.nextRegular(interval(clock.now() ?? 0));
		this.connection = this.options.connect();
		this.options.onChange?.();
		try {
			if (!(await this.prepare(this.connection))) return;
			while (!this.stopped && (readings.oldest ?? Number.POSITIVE_INFINITY) <= newest) {
				if (!(await this.sendBatch(this.connection))) break;
			}
		} catch (error) {
			this.notBefore = time.ticks() + lookAgain;
			log(
				`upload: ${error instanceof Error ? error.message : String(error)}; it is tried again in ${lookAgain / 1000} s`,
			);
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
	private nextRegular(pace: number): number {
		return Math.max(this.notBefore, this.options.time.ticks() - pace / 2) + pace;
	}

	/** Whether it is known where to send to. What the service answers in its place is waited out as always. */
	private async prepare(connection: HttpConnection): Promise<boolean> {
		const { findDestination, onAttempt, clock } = this.options;
		if (this.destination !== undefined || findDestination === undefined) return true;
		const found = await findDestination(connection);
		if ("bucketId" in found) {
			this.destination = found;
			return true;
		}
		if (this.stopped && found.kind === "failure") return false;
		onAttempt(found.kind === "answer" || found.step !== "resolve");
		const decision = decide(found, 1, clock.now() ?? 0);
		if (decision.kind === "retry") {
			this.failures++;
			this.wait((decision.wait ?? 0) + retryWait(this.failures, this.options.random()), decision.cause);
		} else {
			this.settingsFault = true;
			this.wait(probeInterval, "cause" in decision ? decision.cause : "the data source could not be made");
		}
		return false;
	}

	/**
	 * One batch now, over a connection of somebody who wants to see what comes of it; `undefined` when nothing waits
	 * that can be sent. It is acknowledged as always; anything but a good answer changes nothing.
	 */
	async trial(connection: HttpConnection): Promise<Outcome | undefined> {
		const batch = this.plan() ?? this.planWithEstimates();
		if (batch === undefined) return undefined;
		const outcome = await this.exchange(connection, batch);
		const decision = decide(outcome, batch.points, 0);
		if (decision.kind === "acknowledge") this.apply(decision, batch, outcome);
		return outcome;
	}

	/** Whether the next batch may follow at once. */
	private async sendBatch(connection: HttpConnection): Promise<boolean> {
		const { clock, time, log } = this.options;
		const batch = this.plan() ?? this.planWithEstimates();
		if (batch === undefined) {
			this.notBefore = time.ticks() + lookAgain;
			log(`upload: ${this.options.readings.length === 0 ? nothingReadable : noTime}`);
			return false;
		}
		const outcome = await this.exchange(connection, batch);
		if (this.stopped && outcome.kind === "failure") return false;
		this.options.onAttempt(outcome.kind === "answer" || outcome.step !== "resolve");
		return this.apply(decide(outcome, batch.points, clock.now() ?? 0), batch, outcome);
	}

	private async exchange(connection: HttpConnection, batch: Batch): Promise<Outcome> {
		const { key, agent, clock, budget } = this.options;
		// mutation: send-batch
		const answered = await connection.exchange({
			method: "POST",
			path: batch.path,
			headers: [
				["User-Agent", agent],
				["X-API-Key", key],
				["Content-Type", "application/json"],
			],
			body: () => batch.body(),
		});
		if (answered.kind === "answer")
			// mutation: count-request
			budget.count(answered.headers, clock.now() ?? 0);
		// mutation: redact-api-key
		return withoutSecret(answered, key);
	}

	private plan(): Batch | undefined {
		const destination = this.destination ?? this.options.destination;
		return planBatch((from) => this.timed(from), destination, this.limits);
	}

	/** The oldest reading has no time: it is of a boot that never learned it. */
	private planWithEstimates(): Batch | undefined {
		this.options.estimate();
		return this.plan();
	}

	private apply(decision: Decision, batch: Batch, outcome: Outcome): boolean {
		this.settingsFault = decision.kind === "settings fault";
		switch (decision.kind) {
			case "acknowledge":
				// mutation: acknowledge-batch
				this.options.readings.acknowledge(batch.last);
				// mutation: log-sent-batch
				this.options.log(`sent ${name(batch)}: ${outcome.kind === "answer" ? outcome.status : ""}`);
				this.succeeded();
				return true;
			case "quarantine":
				this.quarantine(batch, decision.cause);
				this.succeeded();
				return true;
			case "split":
				this.limits = { ...this.limits, points: Math.ceil(batch.points / 2) };
				return true;
			case "too large":
				this.limits = { ...this.limits, bytes: Math.max(smallestBody, batch.body().length / 2) };
				return true;
			case "retry":
				// mutation: count-failure
				this.failures++;
				if (this.failures > 1 && mayBeTooMuch(outcome))
					this.limits = { ...this.limits, points: Math.ceil(batch.points / 2) };
				this.wait((decision.wait ?? 0) + retryWait(this.failures, this.options.random()), decision.cause);
				return false;
			case "settings fault":
				// mutation: wait-after-settings-fault
				this.wait(probeInterval, decision.cause);
				return false;
		}
	}

	private succeeded(): void {
		this.failures = 0;
		// After a refused point has been isolated, or an answer has got through again, batches grow again.
		this.limits = { ...this.limits, points: Math.min(batchPoints, this.limits.points * 2) };
	}

	private wait(wait: number, cause: string): void {
		const { time, readings, log } = this.options;
		const soonest = this.sparing ? this.notBefore : 0;
		const now = time.ticks();
		this.notBefore = Math.max(soonest, now + wait);
		const seconds = Math.ceil((this.notBefore - now) / 1000);
		log(`not sent: ${cause} (${readings.length} waiting, next try in ${seconds} s)`);
	}

	private quarantine(batch: Batch, cause: string): void {
		const { quarantine, readings, log } = this.options;
		const destination = this.destination ?? this.options.destination;
		for (const timed of this.timed(batch.first)) {
			if (timed.reading.sequence > batch.last) break;
			// mutation: quarantine-reading
			quarantine.add(timed, destination, cause);
		}
		readings.acknowledge(batch.last);
		log(`refused: ${name(batch)}: ${cause}; kept in quarantine (${quarantine.length} there)`);
	}

	private *timed(from: number | undefined): Generator<TimedReading> {
		const { readings, clock } = this.options;
		for (const reading of readings.waiting(from)) {
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
function mayBeTooMuch(outcome: Outcome): boolean {
	return outcome.kind === "answer" ? outcome.status >= 500 : outcome.sent;
}

/** A server that repeats the key in its answer does not bring it into the log. */
function withoutSecret(outcome: Outcome, secret: string): Outcome {
	return outcome.kind === "answer" ? { ...outcome, body: outcome.body.replaceAll(secret, "…") } : outcome;
}

function name({ first, last, points }: Batch): string {
	return points === 1 ? `point ${first}` : `${points} points (${first} to ${last})`;
}
