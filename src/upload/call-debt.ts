import type { Time } from "../boards/board";
import type { Clock } from "../clock/clock";
import type { CallBudget } from "./call-budget";

/** How many calls of small batches the plan has not allowed yet, at these ticks. */
export interface OwedCalls {
	readonly calls: number;
	readonly ticks: number;
}

/** A search for refused points may run ahead of the plan by as many calls, enough to find two points in a batch of 1,000. */
export const freeSearchCalls = 32;
/** But each upload can make as many calls: a small plan affords that twice a day. */
const minSearchCalls = 8;
const maxSearchWaitMs = 12 * 3_600_000;

export interface CallDebtOptions {
	readonly time: Time;
	readonly clock: Clock;
	readonly budget: CallBudget;
}

/** What batches that are smaller than what a good service takes have cost, and how long the plan takes to allow it. */
export class CallDebt {
	owed: OwedCalls = { calls: 0, ticks: 0 };
	private readonly options: CallDebtOptions;

	constructor(options: CallDebtOptions) {
		this.options = options;
	}

	/** Whether an upload that has made so many calls in a search may make one more. */
	allows(calls: number): boolean {
		return calls < minSearchCalls || this.waitMs(calls) <= maxSearchWaitMs;
	}

	/** Adds calls; returns how long to wait for the plan, milliseconds. */
	add(calls: number): number {
		const callMs = this.callMs();
		const debtMs = this.waitMs(calls);
		this.owed = { calls: debtMs / callMs, ticks: this.options.time.ticks() };
		return Math.min(maxSearchWaitMs, debtMs - freeSearchCalls * callMs);
	}

	/** How long the plan takes to allow what is owed and `calls` more, milliseconds. */
	private waitMs(calls: number): number {
		const { owed } = this;
		const callMs = this.callMs();
		const passedMs = Math.max(0, this.options.time.ticks() - owed.ticks);
		return calls * callMs + Math.max(0, owed.calls * callMs - passedMs);
	}

	private callMs(): number {
		const { budget, clock } = this.options;
		return budget.callIntervalMs(clock.now() ?? 0);
	}
}
