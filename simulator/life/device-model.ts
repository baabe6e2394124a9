import { firmwareVersion } from "../../src/version";
import type { NtpFault } from "../ntp/ntp-response";
import type { ExpectedContext } from "./ledger";

/** A single server may not step a known clock by more than this, milliseconds. */
const maxStepMs = 5 * 60_000;
/**
 * A board on battery keeps true time for this long between two time responses, and before the first, milliseconds.
 * Slightly less than the firmware's limits, because its slow oscillator deviates from true time.
 */
const accurateBetweenMs = 5.8 * 3_600_000;
const accurateBeforeMs = 90_000;
/**
 * A crystal keeps true time for this long before the first response and after each, milliseconds: with an unknown rate,
 * and with a rate learned from responses over `rateLearnedMs`.
 */
const accurateByCrystalMs = 14_000_000;
const accurateByRateMs = 95_000_000;
const rateLearnedMs = 5 * 86_400_000;
/** Maximum relative error of a crystal. */
const maxCrystalRate = 200e-6;
/** Readings without a time share a context for at most this long, milliseconds, because each is judged by its age. */
const maxContextMs = 3_600_000;
/** Maximum relative error of the slow oscillator. */
const maxSleepRate = 0.05;

/** What a board reports with each reading, and what it can know about the time. */
export class DeviceModel {
	private readonly now: () => number;
	private sleeps = false;
	/** Of the running firmware. */
	private version = firmwareVersion;
	private device: { readonly deviceId: string; readonly location: string };
	/** For the next reading. */
	private resetReason: string | undefined;
	/**
	 * Counts the stretches of ticks that share one time response: boots, and periods between sleeps. A sleep before a start
	 * counts as one.
	 */
	private stretch = 0;
	private bootedAt = 0;
	/** Times of the last good time response in this boot, and of the first one that is still valid. */
	private synchronizedAt: number | undefined;
	private firstSynchronizedAt: number | undefined;
	/** A response has arrived since the last wake. */
	private isFresh = false;
	/** A time server misled the board in this boot (`now`) or the previous one (`before`). */
	private _isMisled: "no" | "now" | "before" = "no";
	private current: ExpectedContext | undefined;
	private madeAt = 0;
	/** Contexts whose times become known with the next response. */
	private openContexts: ExpectedContext[] = [];
	private isUnsaved = false;
	private readonly openedAt = new WeakMap<ExpectedContext, number>();

	/** `now`: milliseconds of Unix time. */
	constructor(serial: string, now: () => number) {
		this.device = { deviceId: `ESP32-${serial}`, location: "" };
		this.now = now;
	}

	configure({ location, sleeps }: { location: string; sleeps: boolean }): void {
		this.device = { ...this.device, location };
		this.sleeps = sleeps;
		this.current = undefined;
	}

	/** The bootloader has started this version. */
	onVersion(version: string): void {
		this.version = version;
	}

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

	onWake(): void {
		if (this.isFresh) this.stretch++;
		this.isFresh = false;
		this.current = undefined;
	}

	/** Whether the board knows the time; `undefined` if it may have been misled. */
	get isTimeKnown(): boolean | undefined {
		if (this._isMisled !== "no") return undefined;
		return this.synchronizedAt !== undefined;
	}

	/** Whether the board's time may be wrong. */
	get isMisled(): boolean {
		return this._isMisled !== "no";
	}

	/** The board has received a time response. `all`: every server gives the same. */
	onTimeResponse(fault: NtpFault | undefined, all: boolean): void {
		if (fault === undefined) this.onGoodTime();
		else if (fault.kind === "offset" && (all || !this.isDisputed(fault.milliseconds))) this.onWrongTime();
	}

	/** Whether the board sees that a single server contradicts its clock. */
	private isDisputed(milliseconds: number): boolean {
		if (this.synchronizedAt === undefined || this._isMisled !== "no") return false;
		// Of the slow oscillator it does not know on which side it is.
		const unknown = this.sleeps ? 2 * maxSleepRate * (this.now() - this.synchronizedAt) : 0;
		return Math.abs(milliseconds) > Math.max(maxStepMs, unknown);
	}

	/** The board lost its clock data. */
	onClockLost(): void {
		this.bootedAt = Number.NEGATIVE_INFINITY;
		if (this.sleeps) this.synchronizedAt = undefined;
		this.current = undefined;
	}

	/** The board cannot save what it learns of the time: what is measured meanwhile may get an estimate. */
	onUnsaved(isUnsaved: boolean): void {
		this.isUnsaved = isUnsaved;
		this.openContexts = [];
		// What it learned meanwhile did not outlive a sleep.
		this.onClockLost();
	}

	/** The context of a reading that is stored now. */
	expectedContext(): ExpectedContext {
		const first = this.resetReason;
		if (this.isOutdated()) this.current = undefined;
		if (first !== undefined || this.current === undefined) this.current = this.makeContext(first);
		const context = this.current;
		if (first !== undefined) this.current = undefined;
		this.resetReason = undefined;
		return context;
	}

	private isOutdated(): boolean {
		const time = this.current?.time;
		if (time === "known") return this.isStale();
		return time === "may be estimated" && this.now() - this.madeAt > maxContextMs;
	}

	/** Whether the last response is too old for a board on mains to keep true time. */
	private isStale(): boolean {
		const learnedAt = this.synchronizedAt;
		if (this.sleeps || learnedAt === undefined) return false;
		const isLearned = learnedAt - (this.firstSynchronizedAt ?? learnedAt) > rateLearnedMs;
		return this.now() - learnedAt > (isLearned ? accurateByRateMs : accurateByCrystalMs);
	}

	private makeContext(resetReason: string | undefined): ExpectedContext {
		const learnedAt = this.synchronizedAt;
		const isLearned = learnedAt !== undefined && (!this.sleeps || this.isFresh) && !this.isUnsaved;
		const isKnown = isLearned && !this.isStale();
		const time = this._isMisled !== "no" ? "misled" : isKnown ? "known" : "may be estimated";
		this.madeAt = this.now();
		const counted = this.madeAt + maxContextMs - (learnedAt ?? this.madeAt);
		const context: ExpectedContext = {
			...this.device,
			firmwareVersion: this.version,
			resetReason,
			stretch: this.stretch,
			time,
			bound: isLearned ? maxCrystalRate * counted + 1_000 : Number.POSITIVE_INFINITY,
		};
		if (time === "may be estimated" && !isLearned && !this.isUnsaved) {
			this.openContexts.push(context);
			this.openedAt.set(context, this.madeAt);
		}
		return context;
	}

	private onGoodTime(): void {
		const now = this.now();
		const counted = now - (this.synchronizedAt ?? this.bootedAt);
		for (const context of this.openContexts) {
			const age = now - (this.openedAt.get(context) ?? 0);
			const slept = counted < (this.synchronizedAt === undefined ? accurateBeforeMs : accurateBetweenMs);
			const isTrue = this.sleeps ? slept : age < accurateByCrystalMs;
			context.bound = maxSleepRate * counted + 1_000;
			if (isTrue && this._isMisled === "no") context.time = "known";
		}
		// On mains, one response per boot suffices to date all its ticks.
		this.synchronizedAt = now;
		this.firstSynchronizedAt ??= now;
		this.isFresh = true;
		this.openContexts = [];
		this.current = undefined;
	}

	private onWrongTime(): void {
		this._isMisled = "now";
		for (const context of this.openContexts) context.time = "misled";
		this.openContexts = [];
		this.current = undefined;
		this.synchronizedAt ??= this.now();
		this.firstSynchronizedAt = undefined;
		this.isFresh = true;
	}
}
