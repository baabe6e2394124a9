import { firmwareVersion } from "../../src/version";
import type { NtpFault } from "../ntp/ntp-response";
import type { ExpectedContext } from "./ledger";

/** A clock that is known is not moved by more than this on one server's word, milliseconds. */
const maxStepMs = 5 * 60_000;
/**
 * Between two answers of a time server a board on battery counts true time for so long, milliseconds, and before the
 * first for so long. A little less than the firmware's own bounds: its slow oscillator counts otherwise than the world.
 */
const accurateBetweenMs = 5.8 * 3_600_000;
const accurateBeforeMs = 90_000;
/**
 * A crystal counts true time for so long before the first answer and after each, milliseconds: even if its rate was never
 * learned, and where it surely was, because answers came for so long.
 */
const accurateByCrystalMs = 14_000_000;
const accurateByRateMs = 95_000_000;
const rateLearnedMs = 5 * 86_400_000;
/** No crystal is further off: a part of what it has counted since the last answer. */
const maxCrystalRate = 200e-6;
/** A context for readings without a time is for no longer than this, milliseconds: each is judged by its own age. */
const maxContextMs = 3_600_000;
/** No slow oscillator is further off: an estimate that lies between two answers keeps within this part of their distance. */
const maxSleepRate = 0.05;

/** What a board tells of itself with each reading, and what it can know of the time, as the world sees it. */
export class DeviceModel {
	private readonly now: () => number;
	private sleeps = false;
	private device: { readonly deviceId: string; readonly location: string };
	/** With the next reading. */
	private resetReason: string | undefined;
	/**
	 * Counts the stretches of ticks that one answer of a time server gives their time: boots, and from sleep to sleep. The
	 * sleep that a start has ended is one of its own.
	 */
	private stretch = 0;
	private bootedAt = 0;
	/** When a time server's good answer came, in this boot; and when the first one came that still holds. */
	private synchronizedAt: number | undefined;
	private firstSynchronizedAt: number | undefined;
	/** Since the board woke. */
	private isFresh = false;
	/** A server has lied to it, in this boot or in the one before. */
	private _isMisled: "no" | "now" | "before" = "no";
	private current: ExpectedContext | undefined;
	private madeAt = 0;
	/** Of this boot, or since the last answer: what will be known with the next. */
	private openContexts: ExpectedContext[] = [];
	private readonly openedAt = new WeakMap<ExpectedContext, number>();

	/** `now`: milliseconds of Unix time. */
	constructor(serial: string, now: () => number) {
		this.device = { deviceId: `ESP32-${serial}`, location: "" };
		this.now = now;
	}

	/** What the settings say. */
	configure({ location, sleeps }: { location: string; sleeps: boolean }): void {
		this.device = { ...this.device, location };
		this.sleeps = sleeps;
		this.current = undefined;
	}

	/** A boot begins. */
	onBoot(resetReason: string): void {
		this.resetReason = resetReason;
		this.stretch += this.sleeps ? 2 : 1;
		this.bootedAt = this.now();
		this.synchronizedAt = this.firstSynchronizedAt = undefined;
		this.isFresh = false;
		this._isMisled = this._isMisled === "now" ? "before" : "no";
		this.openContexts = [];
		this.current = undefined;
	}

	/** It wakes from deep sleep. */
	onWake(): void {
		if (this.isFresh) this.stretch++;
		this.isFresh = false;
		this.current = undefined;
	}

	/** Whether the board knows the time; `undefined` when it depends on whom it believes. */
	get isTimeKnown(): boolean | undefined {
		if (this._isMisled !== "no") return undefined;
		return this.synchronizedAt !== undefined;
	}

	/** Whether what it takes for the time may be wrong. */
	get isMisled(): boolean {
		return this._isMisled !== "no";
	}

	/** An answer of a time server has reached the board; `all`: every other would say the same. */
	onTimeResponse(fault: NtpFault | undefined, all: boolean): void {
		if (fault === undefined) this.onGoodTime();
		else if (fault.kind === "offset" && (all || !this.isDisputed(fault.milliseconds))) this.onWrongTime();
	}

	private isDisputed(milliseconds: number): boolean {
		return this.synchronizedAt !== undefined && this._isMisled === "no" && Math.abs(milliseconds) > maxStepMs;
	}

	/** What it has kept of the time is lost. */
	onClockLost(): void {
		this.bootedAt = Number.NEGATIVE_INFINITY;
		if (this.sleeps) this.synchronizedAt = undefined;
		this.current = undefined;
	}

	/** What a reading that is stored now has to tell. */
	expectedContext(): ExpectedContext {
		const first = this.resetReason;
		if (this.isOutdated()) this.current = undefined;
		if (first !== undefined || this.current === undefined) this.current = this.makeContext(first);
		const told = this.current;
		if (first !== undefined) this.current = undefined;
		this.resetReason = undefined;
		return told;
	}

	private isOutdated(): boolean {
		const time = this.current?.time;
		if (time === "known") return this.isStale();
		return time === "may be estimated" && this.now() - this.madeAt > maxContextMs;
	}

	/** Whether no answer has come for longer than a board that does not sleep surely counts true time. */
	private isStale(): boolean {
		const learnedAt = this.synchronizedAt;
		if (this.sleeps || learnedAt === undefined) return false;
		const isLearned = learnedAt - (this.firstSynchronizedAt ?? learnedAt) > rateLearnedMs;
		return this.now() - learnedAt > (isLearned ? accurateByRateMs : accurateByCrystalMs);
	}

	private makeContext(resetReason: string | undefined): ExpectedContext {
		const learnedAt = this.synchronizedAt;
		const isLearned = learnedAt !== undefined && (!this.sleeps || this.isFresh);
		const isKnown = isLearned && !this.isStale();
		const time = this._isMisled !== "no" ? "misled" : isKnown ? "known" : "may be estimated";
		this.madeAt = this.now();
		const counted = this.madeAt + maxContextMs - (learnedAt ?? this.madeAt);
		const told: ExpectedContext = {
			...this.device,
			firmwareVersion,
			resetReason,
			stretch: this.stretch,
			time,
			bound: isLearned ? maxCrystalRate * counted + 1_000 : Number.POSITIVE_INFINITY,
		};
		if (time === "may be estimated" && !isLearned) {
			this.openContexts.push(told);
			this.openedAt.set(told, this.madeAt);
		}
		return told;
	}

	private onGoodTime(): void {
		const now = this.now();
		const counted = now - (this.synchronizedAt ?? this.bootedAt);
		for (const told of this.openContexts) {
			const age = now - (this.openedAt.get(told) ?? 0);
			const slept = counted < (this.synchronizedAt === undefined ? accurateBeforeMs : accurateBetweenMs);
			const isTrue = this.sleeps ? slept : age < accurateByCrystalMs;
			told.bound = maxSleepRate * counted + 1_000;
			if (isTrue && this._isMisled === "no") told.time = "known";
		}
		// A board that does not sleep learns once in a boot what its ticks mean.
		this.synchronizedAt = now;
		this.firstSynchronizedAt ??= now;
		this.isFresh = true;
		this.openContexts = [];
		this.current = undefined;
	}

	private onWrongTime(): void {
		this._isMisled = "now";
		for (const told of this.openContexts) told.time = "misled";
		this.openContexts = [];
		this.current = undefined;
		this.synchronizedAt ??= this.now();
		this.firstSynchronizedAt = undefined;
		this.isFresh = true;
	}
}
