import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import type { Mutation } from "../mutation/mutation";
import { type Bundle, bundleWorker } from "./bundle";
import type { Message, Result, Task } from "./worker";

export interface FleetOptions {
	/** Processes; as many as there are processors when left out. */
	readonly workers?: number;
	/** A change of the firmware or of its board. */
	readonly mutation?: Mutation;
	/** So many days of lives have passed. */
	onDays?(days: number): void;
	/** A scenario that failed has been made smaller. */
	onSmaller?(troubles: number): void;
}

/** For a worker: no stack of what is thrown a million times, and room for what is soon garbage. */
const nodeOptions = [
	"--stack-trace-limit=0",
	"--single-threaded-gc",
	"--min-semi-space-size=64",
	"--max-semi-space-size=64",
];

/** Processes that play lives side by side, each its own. */
export class Fleet {
	private readonly options: FleetOptions;
	private readonly bundle: Bundle;
	private readonly idle: ChildProcess[] = [];
	private readonly waiting: ((worker: ChildProcess) => void)[] = [];
	private readonly all: ChildProcess[] = [];

	private constructor(options: FleetOptions, bundle: Bundle) {
		this.options = options;
		this.bundle = bundle;
	}

	/** Rejects when a patch does not fit. */
	static async start(options: FleetOptions = {}): Promise<Fleet> {
		const fleet = new Fleet(options, await bundleWorker(options.mutation));
		for (let i = 0; i < (options.workers ?? availableParallelism()); i++) fleet.spawn();
		return fleet;
	}

	get size(): number {
		return this.all.length;
	}

	/** Plays a life as soon as a process is free. Rejects when the process dies. */
	async play(task: Task): Promise<Result> {
		const worker = await this.free();
		try {
			return await this.ask(worker, task);
		} finally {
			const next = this.waiting.shift();
			if (next === undefined) this.idle.push(worker);
			else next(worker);
		}
	}

	/** Ends all processes, whatever they do. */
	stop(): void {
		for (const worker of this.all) worker.kill();
		this.bundle.remove();
	}

	private spawn(): void {
		const worker = fork(this.bundle.path, [], {
			execArgv: nodeOptions,
			stdio: ["ignore", "inherit", "inherit", "ipc"],
		});
		this.all.push(worker);
		this.idle.push(worker);
	}

	private free(): Promise<ChildProcess> {
		const worker = this.idle.pop();
		if (worker !== undefined) return Promise.resolve(worker);
		return new Promise((resolve) => this.waiting.push(resolve));
	}

	private ask(worker: ChildProcess, task: Task): Promise<Result> {
		const { onDays, onSmaller } = this.options;
		return new Promise((resolve, reject) => {
			const died = () => {
				worker.removeListener("message", heard);
				reject(new Error("the process that played a life has died"));
			};
			const heard = (message: Message) => {
				if (message.kind === "days") onDays?.(message.days);
				else if (message.kind === "smaller") onSmaller?.(message.troubles);
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
