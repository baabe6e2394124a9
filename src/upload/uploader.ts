import type { Time } from "../boards/board";
import type { SendingPosition } from "../clock/clock";
import { errorMessage } from "../common/error-message";
import type { Destination } from "../dakkio/point";
import { type ExchangeResult, isSuccess } from "../http/exchange-result";
import type { HttpConnection } from "../http/http-connection";
import type { Batch } from "./batch";
import type { CallBudget } from "./call-budget";
import { CallDebt, freeSearchCalls } from "./call-debt";
import { classifyExchange, type UploadAction } from "./classify-exchange";
import { PendingPoints, type PendingPointsOptions } from "./pending-points";
import { type PointSelection, type Refusal, RefusalSearch } from "./refusal-search";
import { maxReachedBackoffMs, retryBackoffMs, settingsProbeIntervalMs } from "./retry-backoff";
import { jsonContentType, serviceHeaders } from "./service-connection";
import { UploadSchedule } from "./upload-schedule";
import type { UploadState } from "./upload-state";

/** When an attempt to upload ended; `failure`: why the service did not take the points, in its words. */
export interface UploadAttempt {
	readonly ticks: number;
	readonly failure: string | undefined;
}

export interface UploaderOptions extends PendingPointsOptions {
	readonly time: Time;
	/** Finds or creates the data source; called before the first point is sent, until it succeeds. `cause`: needs a person. */
	readonly resolveDestination?:
		| ((connection: HttpConnection) => Promise<Destination | { readonly cause: string } | ExchangeResult>)
		| undefined;
	readonly key: string;
	/** For the `User-Agent` header. */
	readonly userAgent: string;
	readonly budget: CallBudget;
	/** The state that an earlier start has saved. */
	readonly keptState: UploadState | undefined;
	/** Saves {@link Uploader.state}, which has what an outage has taught, and points that may not be sent again. */
	saveState(state: UploadState): void;
	/** The time between two regular uploads at `now`, milliseconds. */
	intervalMs(now: number): number;
	/** Makes a connection to the service that keeps the rate limit headers of responses. */
	connect(): HttpConnection;
	/** Whether the network is up. */
	isOnline(): boolean;
	/** Resolves when no other connection is open: the memory suffices for one. */
	claimNetwork?(): Promise<void>;
	/** After each attempt; `reached`: the name was resolved. */
	onAttempt(reached: boolean): void;
	/** {@link Uploader.activity} or {@link Uploader.dueAtTicks} has changed. */
	onChange?(): void;
	/** Uniform in 0 … 1. */
	random(): number;
}

/** See {@link Uploader.sendBatch}. */
type BatchStep = "accepted" | "refused" | "nothing" | "done" | "unsent" | "failed";

/** Maximum random delay of the first upload after a start: spreads devices that regain power together. */
const maxStartDelayMs = 60_000;
/** Interval of checks while pending readings cannot be sent although nothing failed. */
const recheckIntervalMs = 60_000;
const dayMs = 86_400_000;
/** A kept wait that is longer is of a clock that was wrong. */
const maxKeptWaitMs = dayMs;
const serviceFaultRemedy =
	"The service takes none of several points: check the data source's fields in Dakkio.";
const noTimeMessage = "the oldest reading has no time yet; it is kept";
const unreadableMessage = "pending readings cannot be read from flash; ";

/**
 * Sends pending readings to Dakkio: one request at a time, oldest first, acknowledged only after a 2xx. It never gives
 * up and never throws. Decisions are in `classify-exchange` and `refusal-search`, waits in `retry-backoff`,
 * `upload-interval` and `upload-schedule`; the points themselves in `pending-points`.
 */
export class Uploader {
	private readonly options: UploaderOptions;
	private isDestinationKnown: boolean;
	private readonly search = new RefusalSearch();
	private readonly points: PendingPoints;
	private readonly schedule: UploadSchedule;
	private readonly debt: CallDebt;
	private connection: HttpConnection | undefined;
	private isDraining = false;
	/** The last result needs a change of the settings or the service: its cause. */
	private _fault: string | undefined;
	/** See {@link UploadState}. */
	private restarts = 0;
	/** Of the state of before the start, until the time is known. */
	private keptRetryUtc = 0;
	/** What was odd about responses and has been logged today, and the ticks at which that day began. */
	private oddities: { readonly since: number; readonly logged: Set<string> } = {
		since: 0,
		logged: new Set(),
	};
	private _lastAttempt: UploadAttempt | undefined;
	/** The request under way, once its first byte may have been sent. */
	private inFlight: Batch | undefined;
	/** {@link state} has not been saved since it changed. */
	private isStateChanged = false;
	private running: Promise<void> | undefined;
	private stopped = false;
	private isAborted = false;
	private endPause: () => void = () => {};

	constructor(options: UploaderOptions) {
		this.options = options;
		this.isDestinationKnown = options.resolveDestination === undefined;
		this.points = new PendingPoints(options, this.search);
		this.schedule = new UploadSchedule(options);
		this.debt = new CallDebt(options);
		const { keptState } = options;
		if (keptState === undefined) return;
		this.points.reportedDrops = keptState.reportedDrops;
		this.search.resume(keptState);
		this.debt.owed = keptState.owed;
		this.restarts = keptState.restarts;
	}

	/** Starts on mains. `resumed`: after a sleep into setup or an update, in which a person may have mended what failed. */
	start(resumed = false): void {
		const { time, clock } = this.options;
		const maxDelayMs = Math.min(maxStartDelayMs, this.options.intervalMs(clock.now() ?? 0));
		this.schedule.setNotBefore(time.ticks() + this.options.random() * maxDelayMs);
		this.beginRunning(resumed);
	}

	/** Starts on battery. After a deep sleep (`resumed`), ticks have gone on, and the kept state says what is due; else `dueAtTicks`. */
	resume(dueAtTicks: number, resumed: boolean): void {
		// mutation: restore-retry-state
		const kept = resumed ? this.options.keptState : undefined;
		this.schedule.consecutiveFailures = kept?.consecutiveFailures ?? 0;
		this.schedule.beginOnBattery(kept?.dueAtTicks ?? dueAtTicks);
		this.beginRunning(resumed);
	}

	private beginRunning(resumed: boolean): void {
		if (!resumed) this.keptRetryUtc = this.options.keptState?.retryUtc ?? 0;
		this.running ??= this.run();
	}

	/** To be kept over each start. */
	private get state(): UploadState {
		const { time, clock } = this.options;
		const { notBeforeTicks } = this.schedule;
		return {
			...this.search.state,
			dueAtTicks: notBeforeTicks,
			restarts: this.restarts,
			retryUtc: (clock.now() ?? 0) + notBeforeTicks - time.ticks(),
			consecutiveFailures: this.schedule.consecutiveFailures,
			reportedDrops: this.points.reportedDrops,
			owed: this.debt.owed,
		};
	}

	/** Ticks at which the network is needed next; infinite without pending readings. */
	get dueAtTicks(): number {
		return this.schedule.dueAtTicks;
	}

	/** Where sending goes on. */
	get sendingPosition(): SendingPosition {
		return this.points.sendingPosition;
	}

	get activity(): "sending" | "settings fault" | "idle" {
		if (this.isDraining) return "sending";
		return this._fault === undefined ? "idle" : "settings fault";
	}

	/** Whether pending readings should have been sent by now. */
	get isOverdue(): boolean {
		const { time, readings } = this.options;
		const { consecutiveFailures } = this.schedule;
		return readings.length > 0 && (consecutiveFailures > 0 || this.dueAtTicks <= time.ticks());
	}

	/** Why nothing is taken, with the server's words, until a person changes it; `undefined` if nothing is known. */
	get fault(): string | undefined {
		return this._fault;
	}

	/** Of this start; `undefined` before the first has ended. */
	get lastAttempt(): UploadAttempt | undefined {
		return this._lastAttempt;
	}

	/** The user asks to send: pending readings are sent as soon as possible, due or not. */
	sendNow(): void {
		this.keptRetryUtc = 0;
		this.schedule.sendNow();
		this.endPause();
	}

	/** An attempt was abandoned: postpones the next to the ticks that `until` returns for the failures in a row. */
	postpone(until: (failures: number) => number): void {
		this.abandonRequest();
		this.schedule.postponeUntil(until(++this.schedule.consecutiveFailures));
	}

	/**
	 * The request under way will not be waited for, as the board sleeps or restarts. The service may have stored its points:
	 * like after a failure, the next request has fewer.
	 */
	private abandonRequest(): void {
		const batch = this.inFlight;
		if (batch === undefined) return;
		this.inFlight = undefined;
		this.search.failed(batch, this.isFirstFailure);
		this.isStateChanged = true;
	}

	/** The board sleeps or restarts: returns what is kept until then. */
	suspend(): UploadState {
		this.abandonRequest();
		return this.state;
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
		this.isAborted = true;
		this.abandonRequest();
		this.connection?.close();
		this.endPause();
		await this.running;
	}

	/** Conditions have changed: a reading was stored, the network is up, the time is known. */
	wake(): void {
		this.endPause();
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
		const { time, clock, readings } = this.options;
		// mutation: require-pending-readings
		if (readings.length === 0 || !this.options.isOnline() || !clock.synchronized)
			return Number.POSITIVE_INFINITY;
		if (this.keptRetryUtc > 0) this.resumeWait();
		return this.dueAtTicks - time.ticks();
	}

	/** After many restarts in an outage, the wait of before goes on. */
	private resumeWait(): void {
		const wait = this.keptRetryUtc - (this.options.clock.now() ?? 0);
		this.keptRetryUtc = 0;
		if (wait <= 0 || wait > maxKeptWaitMs) return;
		this.schedule.postponeBy(wait);
		this.options.log(
			`upload: the service failed before the restart, too; next try in ${Math.ceil(wait / 1000)} s`,
		);
		this.options.onChange?.();
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
		const { time, clock } = this.options;
		this.schedule.beginUpload(this.options.intervalMs(clock.now() ?? 0));
		this.search.begin(time.ticks());
		this.points.begin();
		this.isDraining = true;
		// mutation: claim-network
		await this.options.claimNetwork?.();
		try {
			if (this.stopped) return;
			this.connection = this.options.connect();
			this.options.onChange?.();
			if (await this.ensureDestination(this.connection)) await this.sendPending(this.connection);
		} catch (error) {
			this.schedule.setNotBefore(time.ticks() + recheckIntervalMs);
			this.options.log(`upload: ${errorMessage(error)}; next try in ${recheckIntervalMs / 1000} s`);
		} finally {
			// mutation: close-connection
			this.connection?.close();
			this.connection = undefined;
			this.schedule.endUpload();
			this.saveChanges();
			this.isDraining = false;
			this.options.onChange?.();
		}
	}

	private async sendPending(connection: HttpConnection): Promise<void> {
		const { readings } = this.options;
		const newest = readings.newestSequence ?? 0;
		let calls = 0;
		let searchCalls = 0;
		let hasRefused = false;
		let step: BatchStep = "nothing";
		while (!this.stopped && (readings.oldestSequence ?? Number.POSITIVE_INFINITY) <= newest) {
			const { isLimited } = this.search;
			step = await this.sendBatch(connection);
			if (step === "done" || step === "unsent") break;
			if (step === "nothing") continue;
			// That of a failure is saved with what the search owes.
			if (step !== "failed") this.saveChanges();
			calls++;
			hasRefused ||= step === "refused";
			// Also where each is taken: after a refusal for size, all may be of one point. A settings fault has its own pace.
			if ((isLimited || hasRefused) && !(step === "failed" && this._fault !== undefined)) searchCalls++;
			// mutation: bound-search
			if (step === "failed" || !this.debt.allows(searchCalls)) break;
			// A service that refuses points goes on to serve: a search that ended here would begin again each time.
			if (step === "accepted" && !hasRefused && this.isPlanUsedUp) break;
			if (step === "refused") await this.pauseUntil(this.schedule.pausedUntilTicks);
		}
		// What is due next was planned by the quota of before; a failure has its own wait.
		if ((step === "accepted" || step === "refused") && this.isPlanUsedUp)
			this.schedule.postponeBy(settingsProbeIntervalMs);
		// A few that are all taken cost nothing; after a failure the next upload may have as many.
		if (searchCalls > (hasRefused || step === "failed" ? 0 : freeSearchCalls))
			this.payForSearch(searchCalls, step === "failed" || step === "unsent");
		if (step === "failed" || step === "unsent") return;
		if (hasRefused && step === "done") this.schedule.waitForNewer();
		// All that is pending is passed over.
		if (calls === 0) this.schedule.postponeBy(recheckIntervalMs);
	}

	private get isPlanUsedUp(): boolean {
		const { budget, clock } = this.options;
		return budget.quotaAt(clock.now() ?? 0).remaining === 0;
	}

	/** Small batches may run ahead of the plan by some calls. After a failure, the wait is at most that of a retry. */
	private payForSearch(calls: number, hasFailed: boolean): void {
		const wait = Math.min(this.debt.add(calls), hasFailed ? maxReachedBackoffMs : Number.POSITIVE_INFINITY);
		const { notBeforeTicks } = this.schedule;
		// mutation: pay-for-search
		this.schedule.postponeBy(wait);
		this.isStateChanged = true;
		if (this.schedule.notBeforeTicks === notBeforeTicks) return;
		this.options.log(
			`upload: small batches have used up the calls that the plan allows; the next one is in ${Math.ceil(wait / 1000)} s`,
		);
	}

	/** As soon as a request has ended, so that a power cut forgets nothing of it. */
	private saveChanges(): void {
		if (!this.isStateChanged) return;
		this.isStateChanged = false;
		this.options.saveState(this.state);
	}

	/** Unlike {@link pause}, nothing but {@link stop} ends it. */
	private async pauseUntil(ticks: number): Promise<void> {
		const { time } = this.options;
		while (!this.stopped && time.ticks() < ticks) await this.pause(ticks - time.ticks());
	}

	/** Resolves the destination; false if that fails, with a retry as for any failure. */
	private async ensureDestination(connection: HttpConnection): Promise<boolean> {
		const { options } = this;
		if (this.isDestinationKnown || options.resolveDestination === undefined) return true;
		const found = await options.resolveDestination(connection);
		if ("bucketId" in found) {
			this.points.destination = found;
			this.isDestinationKnown = true;
			this.search.acceptedList();
			return true;
		}
		this.schedule.pauseRequests();
		if ("cause" in found) {
			options.onAttempt(true);
			this.search.refusedList();
			this.enterFault(found.cause);
			return false;
		}
		if (this.isAborted && found.kind === "failure") return false;
		options.onAttempt(found.kind === "response" || found.phase !== "resolve");
		const action = classifyExchange(found, options.clock.now() ?? 0, options.key);
		if (action.kind === "retry") this.retry(found, action);
		else {
			if (found.kind === "response") this.search.refusedList();
			this.enterFault("cause" in action ? action.cause : "the data source could not be created");
		}
		return false;
	}

	/**
	 * Sends one point now over the caller's connection, for the connection test; `undefined` if none can be sent. A 2xx
	 * acknowledges it; any other result changes nothing.
	 */
	async sendTrial(connection: HttpConnection): Promise<ExchangeResult | undefined> {
		const selection = this.points.select();
		// A service that stores and fails gets it at each test.
		const batch = selection === undefined ? undefined : this.points.plan({ ...selection, maxPoints: 1 });
		if (selection === undefined || batch === undefined) return undefined;
		const result = await this.exchange(connection, batch);
		if (result.kind === "response" && isSuccess(result.status)) this.acknowledge(batch, selection, result);
		this.saveChanges();
		return result;
	}

	/**
	 * Sends the next batch. `done`: nothing more can be sent now; `nothing`: there was nothing to send among points before
	 * some that were passed over; `unsent`: the service has received nothing; `failed`: it has. After both, the next attempt is
	 * scheduled.
	 */
	private async sendBatch(connection: HttpConnection): Promise<BatchStep> {
		const { clock } = this.options;
		const selection = this.points.select();
		if (selection === undefined) return "done";
		const batch = this.points.plan(selection);
		if (batch === undefined) return this.skip(selection);
		const result = await this.exchange(connection, batch);
		if (this.isAborted && result.kind === "failure") return "failed";
		this.options.onAttempt(result.kind === "response" || result.phase !== "resolve");
		const step = this.apply(
			classifyExchange(result, clock.now() ?? 0, this.options.key),
			batch,
			selection,
			result,
		);
		return step === "failed" && !hasReachedServer(result) ? "unsent" : step;
	}

	/** Nothing of this can be sent now: newer points are, if there are others. */
	private skip(selection: PointSelection): "nothing" | "done" | "unsent" {
		const { clock, time, readings } = this.options;
		const { from } = selection;
		const { readableFrom = 0 } = readings;
		if (readableFrom > from) {
			const before = Math.min(selection.before, readableFrom);
			this.options.log(
				`upload: points ${from} to ${before - 1} cannot be read from flash; newer ones are sent, these are read again next time`,
			);
			return this.search.skip({ ...selection, before }) ? "nothing" : "done";
		}
		if (from !== readings.oldestSequence && readings.length > 0)
			return this.search.skip(selection) ? "nothing" : "done";
		this.schedule.setNotBefore(time.ticks() + Math.max(recheckIntervalMs, clock.unsavedWaitMs));
		const isUnreadable = readings.pending().next().done === true;
		const remedy = readings.length === 0 ? "they are skipped until the next boot" : "that is tried again";
		this.options.log(`upload: ${isUnreadable ? unreadableMessage + remedy : noTimeMessage}`);
		return "unsent";
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
			body: () => {
				this.beginRequest(batch);
				return batch.body();
			},
		});
		this.inFlight = undefined;
		if (result.kind === "response")
			// mutation: count-request
			budget.countCall(result.headers, clock.now() ?? 0);
		if (result.kind === "response" && result.oddity !== undefined) this.logOddity(result.oddity);
		return result;
	}

	/** Notes a batch before its first byte is sent: a start after a power cut does not send all of it again. */
	private beginRequest(batch: Batch): void {
		this.inFlight = batch;
		if (batch.pointCount === 1) return;
		this.options.saveState({ ...this.state, ...this.search.stateInDoubt(batch) });
		this.isStateChanged = true;
	}

	/** Once a day each. */
	private logOddity(oddity: string): void {
		const { time } = this.options;
		if (time.ticks() - this.oddities.since >= dayMs)
			this.oddities = { since: time.ticks(), logged: new Set() };
		if (this.oddities.logged.has(oddity)) return;
		this.oddities.logged.add(oddity);
		this.options.log(`upload: ${oddity}; its status counts, the connection is closed`);
	}

	private apply(
		action: UploadAction,
		batch: Batch,
		selection: PointSelection,
		result: ExchangeResult,
	): "accepted" | "refused" | "done" | "failed" {
		// mutation: pause-after-refusal
		if (action.kind !== "acknowledge") this.schedule.pauseRequests();
		if (action.kind !== "acknowledge" && selection.isHeld) return this.strike(selection.from, action);
		switch (action.kind) {
			case "acknowledge":
				this._fault = undefined;
				this.acknowledge(batch, selection, result);
				return "accepted";
			case "refused":
				return this.refuse(batch, { ...action, isContent: true });
			case "retry":
				this.retry(result, action, batch);
				return "failed";
			case "settings fault":
				if (result.kind === "response" && this.search.hasTaken)
					return this.refuse(batch, { isSize: false, isContent: false, cause: action.cause });
				if (result.kind === "response") this.search.refusedAll();
				this.enterFault(action.cause, hasReachedServer(result));
				return "failed";
		}
	}

	private refuse(batch: Batch, refusal: Refusal): "refused" | "failed" {
		// mutation: test-refusal
		this.search.refused(batch, refusal);
		const { cause, isContent } = refusal;
		if (batch.pointCount === 1)
			this.options.log(`${batchName(batch)} refused: ${cause}; kept until another is taken`);
		if (!this.search.isFault) return "refused";
		// The search sends single points by itself.
		this.enterFault(isContent ? `${cause}. ${serviceFaultRemedy}` : cause);
		return "failed";
	}

	/** A held point was refused or not confirmed again. A service that asks for a pause gets it. */
	private strike(
		sequence: number,
		action: Exclude<UploadAction, { readonly kind: "acknowledge" }>,
	): "refused" | "done" {
		const { cause } = action;
		// mutation: count-strike
		const isProven = this.search.strike(sequence, action.kind !== "retry");
		if (isProven) this.points.quarantine({ sequence, cause });
		else this.options.log(`point ${sequence} not taken again: ${cause}; newer ones are sent`);
		this.isStateChanged = true;
		if (action.kind !== "retry") return "refused";
		this.schedule.postponeBy(action.waitMs ?? 0);
		return "done";
	}

	private acknowledge(batch: Batch, selection: PointSelection, result: ExchangeResult): void {
		const { passedOver, failures, refusals } = this.search;
		const isChanged = passedOver.length > 0 || failures > 0 || refusals > 0;
		const refused = this.search.accepted(selection.from, batch);
		for (const suspect of refused) this.points.quarantine(suspect);
		this.points.acknowledgeSettled();
		// mutation: log-sent-batch
		this.options.log(`sent ${batchName(batch)}: ${result.kind === "response" ? result.status : ""}`);
		this.schedule.consecutiveFailures = 0;
		this.restarts = 0;
		this.recordAttempt(refused.at(-1)?.cause);
		const reportsDrops = batch.quarantineDrops !== undefined;
		if (reportsDrops) this.points.reportedDrops = batch.quarantineDrops;
		if (isChanged || this.search.passedOver.length > 0 || reportsDrops) this.isStateChanged = true;
	}

	private retry(
		result: ExchangeResult,
		{ cause, waitMs = 0 }: UploadAction & { readonly kind: "retry" },
		batch?: Batch,
	): void {
		this._fault = undefined;
		const hasReached = hasReachedServer(result);
		const isFirst = this.countFailure();
		// mutation: send-less-after-failure
		if (hasReached && batch !== undefined) this.search.failed(batch, isFirst);
		if (hasReached) this.search.failures++;
		const failures = Math.max(this.schedule.consecutiveFailures, hasReached ? this.search.failures : 0);
		const backoff = retryBackoffMs(failures, this.options.random(), hasReached);
		this.scheduleRetry(waitMs + Math.max(backoff, this.search.repeatLimit.waitMs), cause);
		if (hasReached) this.isStateChanged = true;
	}

	private enterFault(cause: string, hasReached = false): void {
		this._fault = cause;
		if (!this.countFailure() && hasReached) this.search.sendLess();
		// mutation: wait-after-settings-fault
		this.scheduleRetry(settingsProbeIntervalMs, cause);
		this.isStateChanged = true;
	}

	/** Whether a failure now is the first in a row. */
	private get isFirstFailure(): boolean {
		return this.schedule.consecutiveFailures === 0 && this.search.failures === 0;
	}

	/** Returns whether it is the first in a row. */
	private countFailure(): boolean {
		const { isFirstFailure } = this;
		this.schedule.consecutiveFailures++;
		return isFirstFailure;
	}

	private recordAttempt(failure: string | undefined): void {
		this._lastAttempt = { ticks: this.options.time.ticks(), failure };
	}

	private scheduleRetry(wait: number, cause: string): void {
		this.recordAttempt(cause);
		const seconds = Math.ceil(this.schedule.retryIn(wait) / 1000);
		this.options.log(
			`not sent: ${cause} (${this.options.readings.length} pending, next try in ${seconds} s)`,
		);
	}
}

/**
 * Whether the server has received a part of the request. It may have stored the points of a whole one: they are sent twice
 * then, so little is sent until a 2xx comes. That also helps if the size was the cause.
 */
function hasReachedServer(result: ExchangeResult): boolean {
	return result.kind === "response" || result.phase === "send" || result.phase === "receive";
}

function batchName({ firstSequence, lastSequence, pointCount }: Batch): string {
	return pointCount === 1
		? `point ${firstSequence}`
		: `${pointCount} points (${firstSequence} to ${lastSequence})`;
}
