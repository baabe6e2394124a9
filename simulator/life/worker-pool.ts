import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Mutation } from "../mutation/mutation";
import type { ProgramBundle } from "../program-bundle";
import type { LifeResult, LifeTask, WorkerMessage } from "./worker";
import { bundleWorker } from "./worker-bundle";

export interface WorkerPoolOptions {
	/** Default: one per processor. */
	readonly workers?: number;
	/** A mutation of the firmware or the simulator. */
	readonly mutation?: Mutation;
	/** Called with days of simulated time as they pass. */
	onDays?(days: number): void;
	/** A failing scenario has been shrunk. */
	onShrunk?(faults: number): void;
}

/** No stack traces for frequent exceptions, and a large nursery for short-lived objects. */
const nodeOptions = [
	"--stack-trace-limit=0",
	"--single-threaded-gc",
	"--min-semi-space-size=64",
	"--max-semi-space-size=64",
];

/** Worker processes that play lives. */
export class WorkerPool {
	private readonly options: WorkerPoolOptions;
	private readonly bundle: ProgramBundle;
	private readonly idle: ChildProcess[] = [];
	private readonly waiters: ((worker: ChildProcess) => void)[] = [];
	private readonly workers: ChildProcess[] = [];

	private constructor(options: WorkerPoolOptions, bundle: ProgramBundle) {
		this.options = options;
		this.bundle = bundle;
	}

	/** Rejects if the mutation does not apply. */
	static async start(options: WorkerPoolOptions = {}): Promise<WorkerPool> {
		const pool = new WorkerPool(options, await bundleWorker(options.mutation));
		for (let i = 0; i < (options.workers ?? availableParallelism()); i++) pool.spawn();
		return pool;
	}

	get size(): number {
		return this.workers.length;
	}

	/** Plays a life when a worker is idle. Rejects if the worker dies. */
	async play(task: LifeTask): Promise<LifeResult> {
		const worker = await this.takeWorker();
		try {
			return await this.runTask(worker, task);
		} finally {
			const next = this.waiters.shift();
			if (next === undefined) this.idle.push(worker);
			else next(worker);
		}
	}

	/** Kills all workers. */
	stop(): void {
		for (const worker of this.workers) worker.kill();
		this.bundle.remove();
	}

	private spawn(): void {
		const worker = fork(this.bundle.path, [], {
			execArgv: nodeOptions,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
		});
		this.workers.push(worker);
		this.idle.push(worker);
	}

	private takeWorker(): Promise<ChildProcess> {
		const worker = this.idle.pop();
		if (worker !== undefined) return Promise.resolve(worker);
		return new Promise((resolve) => this.waiters.push(resolve));
	}

	private runTask(worker: ChildProcess, task: LifeTask): Promise<LifeResult> {
		const { onDays, onShrunk } = this.options;
		return new Promise((resolve, reject) => {
			const died = () => {
				worker.removeListener("message", heard);
				reject(new Error("the worker process died"));
			};
			const heard = (message: WorkerMessage) => {
				if (message.kind === "days") onDays?.(message.days);
				else if (message.kind === "smaller") onShrunk?.(message.faults);
				else {
					worker.removeListener("message", heard);
					worker.removeListener("exit", died);
					resolve(message.result);
				}
			};
			worker.on("message", heard);
			worker.once("exit", died);
			worker.send(task);
		});
	}
}
