import { CopyChecker } from "./copy-checker";
import { violate } from "./invariants";
import { isRefusal } from "./scenario";
import type { DeliveredResponse } from "./simulated-service";

/** The outcome of an attempt, as far as the board can know it. */
type AttemptResult =
	/** Success, or a request to send less immediately. */
	| "good"
	/** No response, or a request to try again. */
	| "retry"
	/** Only the user can fix it. */
	| "settings fault"
	/** Half a response: the firmware may interpret it either way. */
	| "unclear";

interface UploadAttempt {
	/** The service has received the request, or part of it. */
	reached: boolean;
	readonly beganAt: number;
	/** `undefined` while the attempt is in progress. */
	endedAt: number | undefined;
	result: AttemptResult;
}

export interface UplinkOptions {
	/** Milliseconds of Unix time. */
	now(): number;
	/** Relative error of the board's clock during a wait. */
	readonly tolerance: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** Limits of a random wait. */
const minWaitMs = second;
const maxWaitMs = 15 * minute;
/** The same after failures that may have stored points. */
const maxReachedWaitMs = 2 * hour;
/** A service that refuses so many single points in a row is at fault. */
const maxRefusals = 3;
/** From the end of a connection to the lookup for the next one of the same upload, at most. */
const maxReconnectMs = 5 * second;
/** Between two attempts after a settings fault. */
const probeIntervalMs = hour;
/** Limits of a wait that the service requests. */
const minRequestedWaitMs = second;
const maxRequestedWaitMs = 6 * hour;
/** A DNS lookup times out after this. */
const nameTimeoutMs = 10 * second;
/** Sums of consecutive random waits; a correct firmware falls below them once in hundreds of millions of cases. */
const minWaitSums = Object.freeze([
	{ after: 0, count: 10, minSumMs: 60 * second },
	{ after: 9, count: 8, minSumMs: 5 * minute },
]);

/** Observes the attempts to reach the service and checks the waits between them. */
export class UplinkChecker {
	/** A pending DNS lookup lasts at least and at most this long. */
	static readonly minLookupMs = nameTimeoutMs - second;
	static readonly maxLookupMs = nameTimeoutMs + second;

	private readonly options: UplinkOptions;
	private currentAttempt: UploadAttempt | undefined;
	private connections = 0;
	/** No attempt since the last wake. */
	private noAttemptSinceWake = false;
	/** The saved state is gone, and no attempt was made since. */
	private isFaultUnknown = false;
	/** When the pending DNS lookup began. */
	private lookupAt: number | undefined;
	/** Waits after consecutive failures, milliseconds. */
	private waits: number[] = [];
	/** The service has requested a wait until then. */
	private requestedUntil = 0;
	private requestedWaitMs = 0;
	/** Since when the board has been able to send; `undefined` while it is not. */
	private readySince: number | undefined;
	/** Pending readings may be lost, so that there may be nothing to send. */
	private mayBeEmpty = false;
	/** When the board received a refusal that no request has followed yet. */
	private refusedAt = Number.NEGATIVE_INFINITY;
	/** Single points refused in a row, without a 2xx; NaN: unknown. */
	private refusals = 0;
	/** The same, but for one that is refused again: it counts only while it is the newest, which only the board knows. */
	private distinctRefusals = 0;
	private lastRefused = 0;
	/** The board has received a 2xx in this upload: a refusal or failure may be of a point that is held back. */
	private hasTaken = false;
	private readonly copyChecker: CopyChecker;

	constructor(options: UplinkOptions) {
		this.options = options;
		this.copyChecker = new CopyChecker(() => options.now());
	}

	/** Whether an attempt is in progress; `undefined` while only the firmware knows. */
	get isSending(): boolean | undefined {
		if (this.connections > 0) return true;
		if (this.lookupAt === undefined) return false;
		const waited = this.options.now() - this.lookupAt;
		if (waited < UplinkChecker.minLookupMs) return true;
		return waited < UplinkChecker.maxLookupMs ? undefined : false;
	}

	/** Whether the last outcome since the wake was a settings fault; `undefined`: unclear. */
	get hasSettingsFault(): boolean | undefined {
		if (this.isFaultUnknown) return undefined;
		const result = this.noAttemptSinceWake ? "good" : this.currentAttempt?.result;
		return result === "unclear" ? undefined : result === "settings fault";
	}

	/** The board looks up the service's name. Begins an attempt unless one is in progress. */
	onLookup(): void {
		const now = this.options.now();
		if (this.lookupAt !== undefined && now - this.lookupAt < minWaitMs / 2)
			violate("single", "it looks up the service twice at once");
		this.lookupAt = now;
		this.noAttemptSinceWake = false;
		this.isFaultUnknown = false;
		const before = this.currentAttempt;
		if (before !== undefined && before.endedAt === undefined && this.connections === 0) before.endedAt = now;
		if (now - (before?.endedAt ?? now) > maxReconnectMs) this.hasTaken = false;
		if (before !== undefined && before.result !== "good") this.checkWait(before, now);
		if (before?.result === "good") this.waits = [];
		this.mayBeEmpty = false;
		this.currentAttempt = { reached: false, beganAt: now, endedAt: undefined, result: "retry" };
	}

	onResolved(found: boolean): void {
		this.lookupAt = undefined;
		if (!found) this.end("retry");
	}

	onOpen(): void {
		this.lookupAt = undefined;
		this.connections++;
		if (this.connections > 1) violate("single", "two connections are open at once");
	}

	/** TLS is up. */
	onAccepted(): void {
		if (this.currentAttempt !== undefined) this.currentAttempt.reached = true;
	}

	/** A request begins to arrive. */
	onRequestBegin(): void {
		const passed = this.options.now() - this.refusedAt;
		if (passed < minWaitMs * (1 - this.options.tolerance) - 5)
			violate("paced", `it sent another request ${Math.round(passed)} ms after a refusal`);
	}

	/** The service has stored these. */
	onStored(sequences: readonly number[]): void {
		this.copyChecker.onStored(sequences);
	}

	onClose(trust: boolean): void {
		this.connections--;
		this.copyChecker.onOutcome();
		this.end(trust ? "settings fault" : undefined);
	}

	/** A response has begun that will be incomplete or unusable. */
	onIncompleteResponse(): void {
		if (this.currentAttempt !== undefined) this.currentAttempt.result = "unclear";
	}

	onResponse({ status, waitMs, reset, sequences }: DeliveredResponse): void {
		const now = this.options.now();
		const isSuccess = status >= 200 && status < 300;
		this.copyChecker.onOutcome();
		if (isRefusal(status)) this.countRefusal(sequences);
		// After a settings fault the firmware needs no further refusals to know that everything is refused.
		else if (resultOfStatus(status) === "settings fault") this.refusals = this.distinctRefusals = Number.NaN;
		if (this.currentAttempt !== undefined) this.currentAttempt.result = this.resultOf(status);
		this.refusedAt = isSuccess ? Number.NEGATIVE_INFINITY : now;
		if (isSuccess) {
			this.waits = [];
			this.refusals = this.distinctRefusals = 0;
			this.hasTaken = true;
			this.copyChecker.onConfirmed();
		}
		const requestedMs = waitMs ?? (status === 429 && reset !== undefined ? reset - now : undefined);
		if (requestedMs === undefined || resultOfStatus(status) !== "retry") return;
		this.requestedWaitMs = Math.min(maxRequestedWaitMs, Math.max(minRequestedWaitMs, requestedMs));
		this.requestedUntil = now + this.requestedWaitMs;
	}

	/**
	 * Of a service that takes others at the same time, the board holds a point back and goes on; its own attempts at that
	 * point count nothing.
	 */
	private mayHold(status: number): boolean {
		return !isRefusal(status) && this.hasTaken;
	}

	private countRefusal(sequences: readonly number[] | undefined): void {
		const [first, ...others] = sequences ?? [];
		if (first === undefined) this.refusals = this.distinctRefusals = Number.NaN;
		else if (others.length === 0) {
			this.refusals++;
			if (first !== this.lastRefused) this.distinctRefusals++;
			this.lastRefused = first;
		}
	}

	private resultOf(status: number): AttemptResult {
		if (status >= 300 && this.mayHold(status)) return "unclear";
		if (!isRefusal(status)) return resultOfStatus(status);
		if (Number.isNaN(this.refusals)) return "unclear";
		// The firmware continues with fewer points, or with another one.
		if (this.refusals < maxRefusals) return "good";
		if (this.distinctRefusals < maxRefusals) return "unclear";
		// The last one may be of a point that is held back.
		return this.hasTaken ? "unclear" : "settings fault";
	}

	setReady(ready: boolean): void {
		this.readySince = ready ? (this.readySince ?? this.options.now()) : undefined;
	}

	/** Pending readings may be lost. */
	onDataLost(): void {
		this.mayBeEmpty = true;
	}

	/** The board has restarted. `isStateKept`: its storage takes what it has to remember. */
	onRestart(isStateKept: boolean): void {
		if (isStateKept) this.copyChecker.onRestart();
		else this.copyChecker.onFreeAttempt();
		this.forgetWaits();
	}

	/** The board may try at once: the user has requested it. */
	resetWaits(): void {
		this.copyChecker.onFreeAttempt();
		this.forgetWaits();
	}

	private forgetWaits(): void {
		this.isFaultUnknown = false;
		this.waits = [];
		this.refusals = this.distinctRefusals = Number.NaN;
		this.refusedAt = Number.NEGATIVE_INFINITY;
		this.hasTaken = false;
		this.requestedUntil = 0;
		this.connections = 0;
		this.lookupAt = undefined;
		this.currentAttempt = undefined;
	}

	onPowerLost(): void {
		this.copyChecker.onPowerLost();
		this.forgetWaits();
	}

	/** The saved state of the uploads is gone: there may be failures that the board no longer knows of. */
	onStateLost(): void {
		this.copyChecker.onStateLost();
		this.forgetWaits();
		// Until it restarts, the board has it in memory.
		this.isFaultUnknown = true;
	}

	/** `hasState`: the saved state of the uploads is there. */
	onBoot(hasState: boolean): void {
		this.copyChecker.onBoot(hasState);
	}

	/** Sleep closes everything. */
	onSleep(): void {
		this.connections = 0;
		this.lookupAt = undefined;
		this.hasTaken = false;
		this.noAttemptSinceWake = true;
		this.end(undefined);
	}

	/** Whether an attempt is overdue. */
	check(): void {
		if (this.currentAttempt === undefined) return;
		const { endedAt, result, beganAt, reached } = this.currentAttempt;
		if (result === "good" || result === "unclear" || this.connections > 0) return;
		this.checkMaxWait(endedAt ?? beganAt + nameTimeoutMs, { result, reached }, this.options.now());
	}

	private end(result: AttemptResult | undefined): void {
		if (this.currentAttempt === undefined || this.currentAttempt.endedAt !== undefined) return;
		this.currentAttempt.endedAt = this.options.now();
		this.currentAttempt.result = result ?? this.currentAttempt.result;
	}

	private checkWait({ beganAt, endedAt, result, reached }: UploadAttempt, now: number): void {
		// Only the firmware knows when it gave up a DNS lookup.
		const end = endedAt === now ? Math.min(now, beganAt + nameTimeoutMs) : (endedAt ?? now);
		const wait = now - end;
		const { tolerance } = this.options;
		const minWait = (requested: number) => requested * (1 - tolerance) - second;
		if (result === "unclear") return;
		if (wait < minWaitMs * (1 - tolerance) - 5)
			violate("paced", `it retried ${Math.round(wait)} ms after a failed attempt`);
		if (result === "settings fault" && wait < minWait(probeIntervalMs))
			violate("paced", `it retried ${seconds(wait)} after a settings fault`);
		if (now < this.requestedUntil - this.requestedWaitMs * tolerance - second)
			violate(
				"paced",
				`it retried ${seconds(this.requestedUntil - now)} before the time requested by the service`,
			);
		this.checkMaxWait(end, { result, reached }, now);
		this.waits.push(wait);
		this.checkGrowth();
	}

	private checkMaxWait(
		end: number,
		{ result, reached }: Pick<UploadAttempt, "result" | "reached">,
		now: number,
	): void {
		const { tolerance } = this.options;
		if (this.readySince === undefined || this.mayBeEmpty) return;
		const since = Math.max(end, this.readySince, this.requestedUntil);
		const retryMs = reached ? maxReachedWaitMs : maxWaitMs;
		const maxMs = (result === "settings fault" ? probeIntervalMs : retryMs) * (1 + tolerance) + minute;
		if (now - since > maxMs)
			violate("paced", `it has not retried for ${seconds(now - since)} after a failed attempt`);
	}

	private checkGrowth(): void {
		for (const { after, count, minSumMs } of minWaitSums) {
			const waits = this.waits.slice(Math.max(after, this.waits.length - count));
			if (waits.length < count || (after === 0 && this.waits.length !== count)) continue;
			const sum = waits.reduce((total, wait) => total + wait, 0);
			if (sum < minSumMs) violate("paced", `the last ${count} waits lasted only ${seconds(sum)} together`);
		}
	}
}

/** How the firmware has to interpret a status. */
function resultOfStatus(status: number): AttemptResult {
	if (status >= 200 && status < 300) return "good";
	if (status === 408 || status === 425 || status === 429 || status >= 500) return "retry";
	return "settings fault";
}

function seconds(milliseconds: number): string {
	return `${Math.round(milliseconds / second)} s`;
}
