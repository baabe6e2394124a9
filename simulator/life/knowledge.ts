import { firmwareVersion } from "../../src/version";
import type { NtpFault } from "../ntp/answer";
import type { Told } from "./ledger";

/** A clock that is known is not moved by more than this on one server's word, milliseconds. */
const largestStep = 5 * 60_000;
/**
 * Between two answers of a time server a board on battery counts true time for so long, milliseconds, and before the
 * first for so long. A little less than the firmware's own bounds: its slow oscillator counts otherwise than the world.
 */
const trueBetween = 5.8 * 3_600_000;
const trueBefore = 90_000;
/**
 * A crystal counts true time for so long before the first answer and after each, milliseconds: even if its rate was never
 * learned, and where it surely was, because answers came for so long.
 */
const trueByCrystal = 14_000_000;
const trueByRate = 95_000_000;
const surelyLearned = 5 * 86_400_000;
/** No crystal is further off: a part of what it has counted since the last answer. */
const largestCrystalRate = 200e-6;
/** A context for readings without a time is for no longer than this, milliseconds: each is judged by its own age. */
const longestOpen = 3_600_000;
/** No slow oscillator is further off: an estimate that lies between two answers keeps within this part of their distance. */
const largestRate = 0.05;

/** What a board tells of itself with each reading, and what it can know of the time, as the world sees it. */
export class Knowledge {
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
	private learnedAt: number | undefined;
	private firstLearnedAt: number | undefined;
	/** Since the board woke. */
	private fresh = false;
	/** A server has lied to it, in this boot or in the one before. */
	private _misled: "no" | "now" | "before" = "no";
	private current: Told | undefined;
	private madeAt = 0;
	/** Of this boot, or since the last answer: what will be known with the next. */
	private open: Told[] = [];
	private readonly openedAt = new WeakMap<Told, number>();

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
	boot(resetReason: string): void {
		this.resetReason = resetReason;
		this.stretch += this.sleeps ? 2 : 1;
		this.bootedAt = this.now();
		this.learnedAt = this.firstLearnedAt = undefined;
		this.fresh = false;
		this._misled = this._misled === "now" ? "before" : "no";
		this.open = [];
		this.current = undefined;
	}

	/** It wakes from deep sleep. */
	wake(): void {
		if (this.fresh) this.stretch++;
		this.fresh = false;
		this.current = undefined;
	}

	/** Whether the board knows the time; `undefined` when it depends on whom it believes. */
	get known(): boolean | undefined {
		if (this._misled !== "no") return undefined;
		return this.learnedAt !== undefined;
	}

	/** Whether what it takes for the time may be wrong. */
	get misled(): boolean {
		return this._misled !== "no";
	}

	/** An answer of a time server has reached the board; `all`: every other would say the same. */
	hear(fault: NtpFault | undefined, all: boolean): void {
		if (fault === undefined) this.learn();
		else if (fault.kind === "offset" && (all || !this.doubts(fault.milliseconds))) this.hearLie();
	}

	private doubts(milliseconds: number): boolean {
		return this.learnedAt !== undefined && this._misled === "no" && Math.abs(milliseconds) > largestStep;
	}

	/** What it has kept of the time is lost. */
	forget(): void {
		this.bootedAt = Number.NEGATIVE_INFINITY;
		if (this.sleeps) this.learnedAt = undefined;
		this.current = undefined;
	}

	/** What a reading that is stored now has to tell. */
	told(): Told {
		const first = this.resetReason;
		if (this.isOutdated()) this.current = undefined;
		if (first !== undefined || this.current === undefined) this.current = this.make(first);
		const told = this.current;
		if (first !== undefined) this.current = undefined;
		this.resetReason = undefined;
		return told;
	}

	private isOutdated(): boolean {
		const time = this.current?.time;
		if (time === "known") return this.isStale();
		return time === "may be estimated" && this.now() - this.madeAt > longestOpen;
	}

	/** Whether no answer has come for longer than a board that does not sleep surely counts true time. */
	private isStale(): boolean {
		const learnedAt = this.learnedAt;
		if (this.sleeps || learnedAt === undefined) return false;
		const isLearned = learnedAt - (this.firstLearnedAt ?? learnedAt) > surelyLearned;
		return this.now() - learnedAt > (isLearned ? trueByRate : trueByCrystal);
	}

	private make(resetReason: string | undefined): Told {
		const learnedAt = this.learnedAt;
		const isLearned = learnedAt !== undefined && (!this.sleeps || this.fresh);
		const isKnown = isLearned && !this.isStale();
		const time = this._misled !== "no" ? "misled" : isKnown ? "known" : "may be estimated";
		this.madeAt = this.now();
		const counted = this.madeAt + longestOpen - (learnedAt ?? this.madeAt);
		const told: Told = {
			...this.device,
			firmwareVersion,
			resetReason,
			stretch: this.stretch,
			time,
			bound: isLearned ? largestCrystalRate * counted + 1_000 : Number.POSITIVE_INFINITY,
		};
		if (time === "may be estimated" && !isLearned) {
			this.open.push(told);
			this.openedAt.set(told, this.madeAt);
		}
		return told;
	}

	private learn(): void {
		const now = this.now();
		const counted = now - (this.learnedAt ?? this.bootedAt);
		for (const told of this.open) {
			const age = now - (this.openedAt.get(told) ?? 0);
			const slept = counted < (this.learnedAt === undefined ? trueBefore : trueBetween);
			const isTrue = this.sleeps ? slept : age < trueByCrystal;
			told.bound = largestRate * counted + 1_000;
			if (isTrue && this._misled === "no") told.time = "known";
		}
		// A board that does not sleep learns once in a boot what its ticks mean.
		this.learnedAt = now;
		this.firstLearnedAt ??= now;
		this.fresh = true;
		this.open = [];
		this.current = undefined;
	}

	private hearLie(): void {
		this._misled = "now";
		for (const told of this.open) told.time = "misled";
		this.open = [];
		this.current = undefined;
		this.learnedAt ??= this.now();
		this.firstLearnedAt = undefined;
		this.fresh = true;
	}
}
