import type { InvariantName } from "./invariants";
import type { Scenario, ScenarioFault } from "./scenario";

/** `at`: milliseconds of Unix time. */
export interface LifeFailure {
	readonly invariant: InvariantName | "other";
	readonly message: string;
	readonly at: number | undefined;
}

export interface ShrinkOptions {
	/** Runs a scenario; `undefined`: it passes. */
	play(scenario: Scenario): Promise<LifeFailure | undefined>;
	/** Whether there is time for another attempt. */
	hasTime(): boolean;
	/** A smaller scenario that still fails. */
	onShrunk?(scenario: Scenario): void;
}

export interface ShrinkResult {
	readonly scenario: Scenario;
	readonly failure: LifeFailure;
	/** Number of scenarios run. */
	readonly tries: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** The smallest scenario that violates the same invariant: fewer faults, shorter, with default values. */
export async function shrink(
	failing: Scenario,
	failure: LifeFailure,
	options: ShrinkOptions,
): Promise<ShrinkResult> {
	const search = new Search(failing, failure, options);
	let before: Scenario | undefined;
	while (before !== search.best && options.hasTime()) {
		before = search.best;
		await search.cutEnd();
		await search.dropFaults();
		await search.cutBeginning();
		await search.simplify();
		await search.shortenFaults();
	}
	return { scenario: search.best, failure: search.failure, tries: search.tries };
}

class Search {
	best: Scenario;
	failure: LifeFailure;
	tries = 0;
	private readonly options: ShrinkOptions;

	constructor(best: Scenario, failure: LifeFailure, options: ShrinkOptions) {
		this.best = best;
		this.failure = failure;
		this.options = options;
	}

	/** Removes everything after the failure. */
	async cutEnd(): Promise<void> {
		const { at } = this.failure;
		if (at === undefined) return;
		const seen = at - this.best.startedAt;
		for (const length of [seen + hour, seen + day, seen + 3 * day].map(Math.ceil))
			if (length < this.best.length * 0.95 && (await this.try(cutTo(this.best, length)))) return;
	}

	/** Removes the time before the first fault. */
	async cutBeginning(): Promise<void> {
		const first = Math.min(...this.best.faults.map(({ from }) => from));
		for (const left of [hour, 6 * hour, day, 3 * day]) {
			const shift = Math.floor((first - left) / hour) * hour;
			if (!Number.isFinite(shift) || shift < day / 2) return;
			if (await this.try(startLater(this.best, shift))) return;
		}
	}

	/** Delta debugging (Zeller and Hildebrandt, 2002): removes halves, quarters, and so on, down to single faults. */
	async dropFaults(): Promise<void> {
		for (let parts = 2; this.best.faults.length > 0; ) {
			const { faults } = this.best;
			const size = Math.max(1, Math.ceil(faults.length / parts));
			let dropped = false;
			for (let from = 0; from < faults.length && !dropped; from += size) {
				const rest = [...faults.slice(0, from), ...faults.slice(from + size)];
				dropped = await this.try({ ...this.best, faults: rest });
			}
			if (dropped) parts = Math.max(2, parts - 1);
			else if (size === 1) return;
			else parts *= 2;
		}
	}

	/** Resets values to their defaults. */
	async simplify(): Promise<void> {
		const { ticksFrom, ...wide } = this.best;
		if (ticksFrom !== undefined) await this.try(wide);
		for (const part of [
			{ power: "mains" },
			{ panel: false },
			{ networks: 1 },
			{ drift: 0 },
			{ sleepDrift: 0 },
			{ plan: 1_000_000 },
			{ uploadInterval: "auto" },
			{ sectors: 16 },
			{ interval: 900 },
		] as const satisfies readonly Partial<Scenario>[]) {
			const [[name, value] = []] = Object.entries(part);
			if (this.best[name as keyof Scenario] !== value) await this.try({ ...this.best, ...part });
		}
	}

	/** Shortens faults. */
	async shortenFaults(): Promise<void> {
		for (let index = 0; index < this.best.faults.length; index++) {
			for (;;) {
				const fault = this.best.faults[index];
				const lasts = (fault?.to ?? 0) - (fault?.from ?? 0);
				if (fault === undefined || lasts < 1_000) break;
				const shorter = { ...fault, to: Math.round(fault.from + lasts / 2) };
				if (!(await this.try({ ...this.best, faults: this.best.faults.with(index, shorter) }))) break;
			}
		}
	}

	/** Whether the scenario violates the same invariant; if so, it becomes the smallest. */
	private async try(scenario: Scenario): Promise<boolean> {
		if (!this.options.hasTime()) return false;
		this.tries++;
		const failure = await this.options.play(scenario);
		if (failure?.invariant !== this.failure.invariant) return false;
		this.best = scenario;
		this.failure = failure;
		this.options.onShrunk?.(scenario);
		return true;
	}
}

function cutTo(scenario: Scenario, length: number): Scenario {
	const faults = scenario.faults
		.filter(({ from }) => from < length)
		.map((fault) => ({ ...fault, to: Math.min(length, fault.to) }));
	return { ...scenario, length, faults };
}

function startLater(scenario: Scenario, shift: number): Scenario {
	const earlier = ({ from, to, ...what }: ScenarioFault) =>
		({ from: from - shift, to: to - shift, ...what }) as ScenarioFault;
	return {
		...scenario,
		startedAt: scenario.startedAt + shift,
		length: scenario.length - shift,
		faults: scenario.faults.map(earlier),
	};
}
