import { PowerLossError } from "../flash";
import type { History } from "./history";
import { Life, type LifeReport } from "./life";
import { BrokenPromiseError } from "./promises";
import type { Scenario } from "./scenario";
import { type Failure, type Shrunk, shrink } from "./shrink";

/** What a worker is asked for. */
export interface Task {
	readonly scenario: Scenario;
	/** Parts that the life's history is told in. */
	readonly parts?: number;
	/** How long a scenario that fails may be made smaller, milliseconds; 0: not at all. */
	readonly shrinkTime: number;
}

/** What it says. */
export type Message =
	/** The days of the life that have passed since the last time. */
	| { readonly kind: "days"; readonly days: number }
	/** A scenario that failed has been made smaller. */
	| { readonly kind: "smaller"; readonly troubles: number }
	| { readonly kind: "done"; readonly result: Result };

/** A life in which every promise was kept. */
export interface Kept {
	readonly report: LifeReport;
	/** The longest time that anything waited without an excuse, milliseconds. */
	readonly longestWait: number;
	readonly moments?: History["moments"];
	/** Milliseconds of computing. */
	readonly computing: number;
}

/** One in which a promise was broken. */
export interface Broken {
	readonly failure: Failure;
	readonly smallest: Shrunk;
	/** Milliseconds of computing, the making smaller not included. */
	readonly computing: number;
}

export type Result = Kept | Broken;

let current: Life | undefined;
process.on("unhandledRejection", (error) => {
	// What a start of the board had under way when it lost its power ends nowhere.
	if (!(error instanceof PowerLossError)) current?.fail(error);
});
process.on("message", (task: Task) => {
	void work(task).then((result) => send({ kind: "done", result }));
});
process.on("disconnect", () => process.exit());

function send(message: Message): void {
	process.send?.(message);
}

async function work({ scenario, parts, shrinkTime }: Task): Promise<Result> {
	const started = process.cpuUsage();
	let passed = 0;
	const life = new Life({
		scenario,
		...(parts === undefined ? {} : { parts }),
		onDay: (at) => {
			const days = at / 86_400_000;
			send({ kind: "days", days: days - passed });
			passed = days;
		},
	});
	const outcome = await play(life);
	const { user, system } = process.cpuUsage(started);
	const computing = (user + system) / 1_000;
	if (!("promise" in outcome))
		return {
			computing,
			report: outcome,
			longestWait: life.longestWait,
			...(life.history === undefined ? {} : { moments: life.history.moments }),
		};
	const until = performance.now() + shrinkTime;
	const smallest = await shrink(scenario, outcome, {
		play: async (smaller) => {
			const again = await play(new Life({ scenario: smaller }));
			return "promise" in again ? again : undefined;
		},
		more: () => performance.now() < until,
		onSmaller: ({ troubles }) => send({ kind: "smaller", troubles: troubles.length }),
	});
	return { computing, failure: outcome, smallest };
}

async function play(life: Life): Promise<LifeReport | Failure> {
	current = life;
	try {
		return await life.run();
	} catch (error) {
		if (error instanceof BrokenPromiseError)
			return { promise: error.promise, message: error.message, at: error.at };
		return {
			promise: "other",
			message: error instanceof Error ? (error.stack ?? error.message) : String(error),
			at: undefined,
		};
	}
}
