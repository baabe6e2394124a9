import { violate } from "./invariants";
import type { DeliveredResponse } from "./simulated-service";

/** What is taken of an attempt to reach the service when it has ended. */
type AttemptResult =
	/** The last that the board heard was that all is well, or that it should send less at once. */
	| "good"
	/** Nothing was heard, or that it should come again. */
	| "retry"
	/** Only a person can mend it. */
	| "settings fault"
	/** Half of an answer was heard: it is the firmware's to make of it what it can. */
	| "unclear";

interface UploadAttempt {
	readonly beganAt: number;
	/** `undefined` while it is under way. */
	endedAt: number | undefined;
	result: AttemptResult;
}

export interface UplinkOptions {
	/** Milliseconds of Unix time, and since the life began. */
	now(): number;
	/** How much the board's count of milliseconds can be off in a wait: a part of it. */
	readonly tolerance: number;
}

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** No wait is shorter, and a wait by chance is never longer. */
const minWaitMs = second;
const maxWaitMs = 15 * minute;
/** Between two tries of what only a person can mend. */
const probeIntervalMs = hour;
/** What a service asks for is kept between these. */
const minRequestedWaitMs = second;
const maxRequestedWaitMs = 6 * hour;
/** A name that is not answered is given up after so long, and an exchange as a whole. */
const nameTimeoutMs = 10 * second;
/** With waits by chance, so many in a row that take less together are once in hundreds of millions of times. */
const minWaitSums = Object.freeze([
	{ after: 0, count: 10, least: 60 * second },
	{ after: 9, count: 8, least: 5 * minute },
]);

/** What the world sees of the board's attempts to reach the service, and what it has to say of the waits between. */
export class UplinkChecker {
	/** While a name is not answered it is waited for so long surely, and no longer than this. */
	static readonly minLookupMs = nameTimeoutMs - second;
	static readonly maxLookupMs = nameTimeoutMs + second;

	private readonly options: UplinkOptions;
	private currentAttempt: UploadAttempt | undefined;
	private connections = 0;
	/** Nothing was tried since it woke. */
	private _onSleep = false;
	/** When the name of the service was asked for and not answered yet. */
	private lookupAt: number | undefined;
	/** Waits after the failures in a row, milliseconds. */
	private waits: number[] = [];
	/** The service has asked to be left alone until then. */
	private requestedUntil = 0;
	private requestedWaitMs = 0;
	/** Since when nothing has kept the board from trying; `undefined` while something does. */
	private readySince: number | undefined;
	/** What waits may be lost since it tried last: then there is nothing to try with. */
	private mayBeEmpty = false;

	constructor(options: UplinkOptions) {
		this.options = options;
	}

	/** Whether an attempt is under way; `undefined` while nobody but the firmware can tell. */
	get isSending(): boolean | undefined {
		if (this.connections > 0) return true;
		if (this.lookupAt === undefined) return false;
		const waited = this.options.now() - this.lookupAt;
		if (waited < UplinkChecker.minLookupMs) return true;
		return waited < UplinkChecker.maxLookupMs ? undefined : false;
	}

	/** Whether the last that the board heard since it woke was something that only a person can mend; `undefined`: unclear. */
	get hasSettingsFault(): boolean | undefined {
		const verdict = this._onSleep ? "good" : this.currentAttempt?.result;
		return verdict === "unclear" ? undefined : verdict === "settings fault";
	}

	/** The board asks for the service's name: an attempt begins, if none is under way. */
	onLookup(): void {
		const now = this.options.now();
		if (this.lookupAt !== undefined && now - this.lookupAt < minWaitMs / 2)
			violate("single", "it asks for the service twice at once");
		this.lookupAt = now;
		this._onSleep = false;
		const before = this.currentAttempt;
		if (before !== undefined && before.endedAt === undefined && this.connections === 0) before.endedAt = now;
		if (before !== undefined && before.result !== "good") this.checkWait(before, now);
		if (before?.result === "good") this.waits = [];
		this.mayBeEmpty = false;
		this.currentAttempt = { beganAt: now, endedAt: undefined, result: "retry" };
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

	onClose(trust: boolean): void {
		this.connections--;
		this.end(trust ? "settings fault" : undefined);
	}

	/** An answer is being told, of which not all, or nothing of use, will come. */
	onIncompleteResponse(): void {
		if (this.currentAttempt !== undefined) this.currentAttempt.result = "unclear";
	}

	onResponse({ status, waitMs, reset }: DeliveredResponse): void {
		const now = this.options.now();
		if (this.currentAttempt !== undefined) this.currentAttempt.result = resultOfStatus(status);
		if (status >= 200 && status < 300) this.waits = [];
		const wish = waitMs ?? (status === 429 && reset !== undefined ? reset - now : undefined);
		if (wish === undefined || resultOfStatus(status) !== "retry") return;
		this.requestedWaitMs = Math.min(maxRequestedWaitMs, Math.max(minRequestedWaitMs, wish));
		this.requestedUntil = now + this.requestedWaitMs;
	}

	/** Nothing keeps the board from trying, or something does. */
	setReady(ready: boolean): void {
		this.readySince = ready ? (this.readySince ?? this.options.now()) : undefined;
	}

	/** What waits may be lost. */
	onDataLost(): void {
		this.mayBeEmpty = true;
	}

	/** It may try at once, whatever was before: it has started anew, or somebody has asked it to. */
	resetWaits(): void {
		this.waits = [];
		this.requestedUntil = 0;
		this.connections = 0;
		this.lookupAt = undefined;
		this.currentAttempt = undefined;
	}

	/** Power has gone to sleep: what was open is not any more. */
	onSleep(): void {
		this.connections = 0;
		this.lookupAt = undefined;
		this._onSleep = true;
		this.end(undefined);
	}

	/** Whether it has tried as it should by now. */
	check(): void {
		const { endedAt, result, beganAt } = this.currentAttempt ?? {};
		if (result === undefined || result === "good" || result === "unclear" || this.connections > 0) return;
		this.checkMaxWait(endedAt ?? (beganAt ?? 0) + nameTimeoutMs, result, this.options.now());
	}

	private end(verdict: AttemptResult | undefined): void {
		if (this.currentAttempt === undefined || this.currentAttempt.endedAt !== undefined) return;
		this.currentAttempt.endedAt = this.options.now();
		this.currentAttempt.result = verdict ?? this.currentAttempt.result;
	}

	private checkWait({ beganAt, endedAt, result }: UploadAttempt, now: number): void {
		// Where the name was not answered, only the firmware knows when it gave up.
		const end = endedAt === now ? Math.min(now, beganAt + nameTimeoutMs) : (endedAt ?? now);
		const wait = now - end;
		const { tolerance } = this.options;
		const least = (asked: number) => asked * (1 - tolerance) - second;
		if (result === "unclear") return;
		if (wait < minWaitMs * (1 - tolerance) - 5)
			violate("paced", `it tried again ${Math.round(wait)} ms after an attempt that failed`);
		if (result === "settings fault" && wait < least(probeIntervalMs))
			violate("paced", `it tried again ${seconds(wait)} after what only a person can mend`);
		if (now < this.requestedUntil - this.requestedWaitMs * tolerance - second)
			violate(
				"paced",
				`it tried again ${seconds(this.requestedUntil - now)} before the time that the service had named`,
			);
		this.checkMaxWait(end, result, now);
		this.waits.push(wait);
		this.checkGrowth();
	}

	private checkMaxWait(end: number, verdict: AttemptResult, now: number): void {
		const { tolerance } = this.options;
		if (this.readySince === undefined || this.mayBeEmpty) return;
		const since = Math.max(end, this.readySince, this.requestedUntil);
		const most = (verdict === "settings fault" ? probeIntervalMs : maxWaitMs) * (1 + tolerance) + minute;
		if (now - since > most)
			violate("paced", `it has not tried for ${seconds(now - since)} after an attempt that failed`);
	}

	private checkGrowth(): void {
		for (const { after, count, least } of minWaitSums) {
			const waits = this.waits.slice(Math.max(after, this.waits.length - count));
			if (waits.length < count || (after === 0 && this.waits.length !== count)) continue;
			const sum = waits.reduce((total, wait) => total + wait, 0);
			if (sum < least)
				violate("paced", `the last ${count} waits took ${seconds(sum)} together, and do not grow`);
		}
	}
}

/** What the firmware has to make of a status. */
function resultOfStatus(status: number): AttemptResult {
	if (status >= 200 && status < 300) return "good";
	if (status === 408 || status === 425 || status === 429 || status >= 500) return "retry";
	// It goes on at once: with less, or without the one that was refused.
	if (status === 400 || status === 409 || status === 413 || status === 422) return "good";
	return "settings fault";
}

function seconds(milliseconds: number): string {
	return `${Math.round(milliseconds / second)} s`;
}
