import type { PromiseName } from "./promises";
import type { Scenario, Trouble } from "./scenario";

/** How a scenario fails; `at`: milliseconds of Unix time. */
export interface Failure {
	readonly promise: PromiseName | "other";
	readonly message: string;
	readonly at: number | undefined;
}

export interface ShrinkOptions {
	/** Plays a scenario; `undefined` when it goes well. */
	play(scenario: Scenario): Promise<Failure | undefined>;
	/** Whether there is time for another try. */
	more(): boolean;
	/** A smaller one was found. */
	onSmaller?(scenario: Scenario): void;
}

export interface Shrunk {
	readonly scenario: Scenario;
	readonly failure: Failure;
	/** How many scenarios were played for it. */
	readonly tries: number;
}

const hour = 3_600_000;
const day = 24 * hour;

/** The smallest scenario that can be found that breaks the same promise: fewer troubles, a shorter and plainer life. */
export async function shrink(failing: Scenario, failure: Failure, options: ShrinkOptions): Promise<Shrunk> {
	const search = new Search(failing, failure, options);
	let before: Scenario | undefined;
	while (before !== search.best && options.more()) {
		before = search.best;
		await search.cutEnd();
		await search.dropTroubles();
		await search.cutBeginning();
		await search.plain();
		await search.shorten();
	}
	return { scenario: search.best, failure: search.failure, tries: search.tries };
}

class Search {
	best: Scenario;
	failure: Failure;
	tries = 0;
	private readonly options: ShrinkOptions;

	constructor(best: Scenario, failure: Failure, options: ShrinkOptions) {
		this.best = best;
		this.failure = failure;
		this.options = options;
	}

	/** What comes after the failure has no part in it. */
	async cutEnd(): Promise<void> {
		const { at } = this.failure;
		if (at === undefined) return;
		const seen = at - this.best.startedAt;
		for (const length of [seen + hour, seen + day, seen + 3 * day].map(Math.ceil))
			if (length < this.best.length * 0.95 && (await this.try(cutTo(this.best, length)))) return;
	}

	/** Nor has, mostly, what comes long before the first trouble. */
	async cutBeginning(): Promise<void> {
		const first = Math.min(...this.best.troubles.map(({ from }) => from));
		for (const left of [hour, 6 * hour, day, 3 * day]) {
			const shift = Math.floor((first - left) / hour) * hour;
			if (!Number.isFinite(shift) || shift < day / 2) return;
			if (await this.try(startLater(this.best, shift))) return;
		}
	}

	/** Delta debugging (Zeller and Hildebrandt, 2002): halves, quarters, and so on down to single ones are left out. */
	async dropTroubles(): Promise<void> {
		for (let parts = 2; this.best.troubles.length > 0; ) {
			const { troubles } = this.best;
			const size = Math.max(1, Math.ceil(troubles.length / parts));
			let dropped = false;
			for (let from = 0; from < troubles.length && !dropped; from += size) {
				const rest = [...troubles.slice(0, from), ...troubles.slice(from + size)];
				dropped = await this.try({ ...this.best, troubles: rest });
			}
			if (dropped) parts = Math.max(2, parts - 1);
			else if (size === 1) return;
			else parts *= 2;
		}
	}

	/** Everything as in the plainest of boards. */
	async plain(): Promise<void> {
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

	/** Troubles that last shorter. */
	async shorten(): Promise<void> {
		for (let index = 0; index < this.best.troubles.length; index++) {
			for (;;) {
				const trouble = this.best.troubles[index];
				const lasts = (trouble?.to ?? 0) - (trouble?.from ?? 0);
				if (trouble === undefined || lasts < 1_000) break;
				const shorter = { ...trouble, to: Math.round(trouble.from + lasts / 2) };
				if (!(await this.try({ ...this.best, troubles: this.best.troubles.with(index, shorter) }))) break;
			}
		}
	}

	/** Whether it breaks the same promise; then it is the best. */
	private async try(scenario: Scenario): Promise<boolean> {
		if (!this.options.more()) return false;
		this.tries++;
		const failure = await this.options.play(scenario);
		if (failure?.promise !== this.failure.promise) return false;
		this.best = scenario;
		this.failure = failure;
		this.options.onSmaller?.(scenario);
		return true;
	}
}

function cutTo(scenario: Scenario, length: number): Scenario {
	const troubles = scenario.troubles
		.filter(({ from }) => from < length)
		.map((trouble) => ({ ...trouble, to: Math.min(length, trouble.to) }));
	return { ...scenario, length, troubles };
}

function startLater(scenario: Scenario, shift: number): Scenario {
	const earlier = ({ from, to, ...what }: Trouble) =>
		({ from: from - shift, to: to - shift, ...what }) as Trouble;
	return {
		...scenario,
		startedAt: scenario.startedAt + shift,
		length: scenario.length - shift,
		troubles: scenario.troubles.map(earlier),
	};
}
