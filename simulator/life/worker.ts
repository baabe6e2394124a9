import { PowerLossError } from "../hardware/nor-flash";
import type { History } from "./history";
import { InvariantViolation } from "./invariants";
import { Life, type LifeReport } from "./life";
import type { Scenario } from "./scenario";
import { type LifeFailure, type ShrinkResult, shrink } from "./shrink";

export interface LifeTask {
	readonly scenario: Scenario;
	/** Number of intervals of the history; omitted: no history. */
	readonly parts?: number;
	/** How long to shrink a failing scenario, milliseconds; 0: not at all. */
	readonly shrinkMs: number;
}

export type WorkerMessage =
	/** Days of simulated time since the last message. */
	| { readonly kind: "days"; readonly days: number }
	| { readonly kind: "smaller"; readonly faults: number }
	| { readonly kind: "done"; readonly result: LifeResult };

/** A life without a violation. */
export interface PassedLife {
	readonly report: LifeReport;
	/** Maximum time that a deliverable reading was pending, milliseconds. */
	readonly maxWaitMs: number;
	readonly intervals?: History["intervals"];
	/** CPU time, milliseconds. */
	readonly cpuMs: number;
}

/** A life with a violation. */
export interface FailedLife {
	readonly failure: LifeFailure;
	readonly shrunk: ShrinkResult;
	/** CPU time without shrinking, milliseconds. */
	readonly cpuMs: number;
}

export type LifeResult = PassedLife | FailedLife;

let current: Life | undefined;
process.on("unhandledRejection", (error) => {
	// A start of the board that lost power leaves operations unfinished.
	if (!(error instanceof PowerLossError)) current?.fail(error);
});
process.on("message", (task: LifeTask) => {
	void work(task).then((result) => send({ kind: "done", result }));
});
process.on("disconnect", () => process.exit());

function send(message: WorkerMessage): void {
	process.send?.(message);
}

async function work({ scenario, parts, shrinkMs }: LifeTask): Promise<LifeResult> {
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
	const cpuMs = (user + system) / 1_000;
	if (!("invariant" in outcome))
		return {
			cpuMs,
			report: outcome,
			maxWaitMs: life.maxWaitMs,
			...(life.history === undefined ? {} : { intervals: life.history.intervals }),
		};
	const until = performance.now() + shrinkMs;
	const shrunk = await shrink(scenario, outcome, {
		play: async (smaller) => {
			const again = await play(new Life({ scenario: smaller }));
			return "invariant" in again ? again : undefined;
		},
		hasTime: () => performance.now() < until,
		onShrunk: ({ faults }) => send({ kind: "smaller", faults: faults.length }),
	});
	return { cpuMs, failure: outcome, shrunk };
}

async function play(life: Life): Promise<LifeReport | LifeFailure> {
	current = life;
	try {
		return await life.run();
	} catch (error) {
		if (error instanceof InvariantViolation)
			return { invariant: error.invariant, message: error.message, at: error.at };
		return {
			invariant: "other",
			message: error instanceof Error ? (error.stack ?? error.message) : String(error),
			at: undefined,
		};
	}
}
