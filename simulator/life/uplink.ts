import { broken } from "./promises";
import type { Answered } from "./service";

/** What is taken of an attempt to reach the service when it has ended. */
type Verdict =
	/** The last that the board heard was that all is well, or that it should send less at once. */
	| "good"
	/** Nothing was heard, or that it should come again. */
	| "retry"
	/** Only a person can mend it. */
	| "settings fault"
	/** Half of an answer was heard: it is the firmware's to make of it what it can. */
	| "unclear";

interface Attempt {
	readonly beganAt: number;
	/** `undefined` while it is under way. */
	endedAt: number | undefined;
	verdict: Verdict;
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
const floor = second;
const cap = 15 * minute;
/** Between two tries of what only a person can mend. */
const probe = hour;
/** What a service asks for is kept between these. */
const shortestWish = second;
const longestWish = 6 * hour;
/** A name that is not answered is given up after so long, and an exchange as a whole. */
const nameDeadline = 10 * second;
/** With waits by chance, so many in a row that take less together are once in hundreds of millions of times. */
const growth = Object.freeze([
	{ after: 0, count: 10, least: 60 * second },
	{ after: 9, count: 8, least: 5 * minute },
]);

/** What the world sees of the board's attempts to reach the service, and what it has to say of the waits between. */
export class Uplink {
	/** While a name is not answered it is waited for so long surely, and no longer than this. */
	static readonly surelyAsking = nameDeadline - second;
	static readonly surelyDone = nameDeadline + second;

	private readonly options: UplinkOptions;
	private attempt: Attempt | undefined;
	private connections = 0;
	/** Nothing was tried since it woke. */
	private _slept = false;
	/** When the name of the service was asked for and not answered yet. */
	private askedAt: number | undefined;
	/** Waits after the failures in a row, milliseconds. */
	private waits: number[] = [];
	/** The service has asked to be left alone until then. */
	private wishedUntil = 0;
	private wished = 0;
	/** Since when nothing has kept the board from trying; `undefined` while something does. */
	private readySince: number | undefined;
	/** What waits may be lost since it tried last: then there is nothing to try with. */
	private lost = false;

	constructor(options: UplinkOptions) {
		this.options = options;
	}

	/** Whether an attempt is under way; `undefined` while nobody but the firmware can tell. */
	get sending(): boolean | undefined {
		if (this.connections > 0) return true;
		if (this.askedAt === undefined) return false;
		const waited = this.options.now() - this.askedAt;
		if (waited < Uplink.surelyAsking) return true;
		return waited < Uplink.surelyDone ? undefined : false;
	}

	/** Whether the last that the board heard since it woke was something that only a person can mend; `undefined`: unclear. */
	get settingsFault(): boolean | undefined {
		const verdict = this._slept ? "good" : this.attempt?.verdict;
		return verdict === "unclear" ? undefined : verdict === "settings fault";
	}

	/** The board asks for the service's name: an attempt begins, if none is under way. */
	asked(): void {
		const now = this.options.now();
		if (this.askedAt !== undefined && now - this.askedAt < floor / 2)
			broken("single", "it asks for the service twice at once");
		this.askedAt = now;
		this._slept = false;
		const before = this.attempt;
		if (before !== undefined && before.endedAt === undefined && this.connections === 0) before.endedAt = now;
		if (before !== undefined && before.verdict !== "good") this.judgeWait(before, now);
		if (before?.verdict === "good") this.waits = [];
		this.lost = false;
		this.attempt = { beganAt: now, endedAt: undefined, verdict: "retry" };
	}

	resolved(found: boolean): void {
		this.askedAt = undefined;
		if (!found) this.end("retry");
	}

	opened(): void {
		this.askedAt = undefined;
		this.connections++;
		if (this.connections > 1) broken("single", "two connections are open at once");
	}

	closed(trust: boolean): void {
		this.connections--;
		this.end(trust ? "settings fault" : undefined);
	}

	/** An answer is being told, of which not all, or nothing of use, will come. */
	unclear(): void {
		if (this.attempt !== undefined) this.attempt.verdict = "unclear";
	}

	answered({ status, wait, reset }: Answered): void {
		const now = this.options.now();
		if (this.attempt !== undefined) this.attempt.verdict = verdictOf(status);
		if (status >= 200 && status < 300) this.waits = [];
		const wish = wait ?? (status === 429 && reset !== undefined ? reset - now : undefined);
		if (wish === undefined || verdictOf(status) !== "retry") return;
		this.wished = Math.min(longestWish, Math.max(shortestWish, wish));
		this.wishedUntil = now + this.wished;
	}

	/** Nothing keeps the board from trying, or something does. */
	ready(ready: boolean): void {
		this.readySince = ready ? (this.readySince ?? this.options.now()) : undefined;
	}

	/** What waits may be lost. */
	lose(): void {
		this.lost = true;
	}

	/** It may try at once, whatever was before: it has started anew, or somebody has asked it to. */
	forgive(): void {
		this.waits = [];
		this.wishedUntil = 0;
		this.connections = 0;
		this.askedAt = undefined;
		this.attempt = undefined;
	}

	/** Power has gone to sleep: what was open is not any more. */
	slept(): void {
		this.connections = 0;
		this.askedAt = undefined;
		this._slept = true;
		this.end(undefined);
	}

	/** Whether it has tried as it should by now. */
	check(): void {
		const { endedAt, verdict, beganAt } = this.attempt ?? {};
		if (verdict === undefined || verdict === "good" || verdict === "unclear" || this.connections > 0) return;
		this.judgeCap(endedAt ?? (beganAt ?? 0) + nameDeadline, verdict, this.options.now());
	}

	private end(verdict: Verdict | undefined): void {
		if (this.attempt === undefined || this.attempt.endedAt !== undefined) return;
		this.attempt.endedAt = this.options.now();
		this.attempt.verdict = verdict ?? this.attempt.verdict;
	}

	private judgeWait({ beganAt, endedAt, verdict }: Attempt, now: number): void {
		// Where the name was not answered, only the firmware knows when it gave up.
		const end = endedAt === now ? Math.min(now, beganAt + nameDeadline) : (endedAt ?? now);
		const wait = now - end;
		const { tolerance } = this.options;
		const least = (asked: number) => asked * (1 - tolerance) - second;
		if (verdict === "unclear") return;
		if (wait < floor * (1 - tolerance) - 5)
			broken("paced", `it tried again ${Math.round(wait)} ms after an attempt that failed`);
		if (verdict === "settings fault" && wait < least(probe))
			broken("paced", `it tried again ${seconds(wait)} after what only a person can mend`);
		if (now < this.wishedUntil - this.wished * tolerance - second)
			broken(
				"paced",
				`it tried again ${seconds(this.wishedUntil - now)} before the time that the service had named`,
			);
		this.judgeCap(end, verdict, now);
		this.waits.push(wait);
		this.judgeGrowth();
	}

	private judgeCap(end: number, verdict: Verdict, now: number): void {
		const { tolerance } = this.options;
		if (this.readySince === undefined || this.lost) return;
		const since = Math.max(end, this.readySince, this.wishedUntil);
		const most = (verdict === "settings fault" ? probe : cap) * (1 + tolerance) + minute;
		if (now - since > most)
			broken("paced", `it has not tried for ${seconds(now - since)} after an attempt that failed`);
	}

	private judgeGrowth(): void {
		for (const { after, count, least } of growth) {
			const waits = this.waits.slice(Math.max(after, this.waits.length - count));
			if (waits.length < count || (after === 0 && this.waits.length !== count)) continue;
			const sum = waits.reduce((total, wait) => total + wait, 0);
			if (sum < least)
				broken("paced", `the last ${count} waits took ${seconds(sum)} together, and do not grow`);
		}
	}
}

/** What the firmware has to make of a status. */
function verdictOf(status: number): Verdict {
	if (status >= 200 && status < 300) return "good";
	if (status === 408 || status === 425 || status === 429 || status >= 500) return "retry";
	// It goes on at once: with less, or without the one that was refused.
	if (status === 400 || status === 409 || status === 413 || status === 422) return "good";
	return "settings fault";
}

function seconds(milliseconds: number): string {
	return `${Math.round(milliseconds / second)} s`;
}
