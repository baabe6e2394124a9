import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { LogLines } from "../../simulator/log-lines";
import { bundleProgram } from "../../simulator/program-bundle";

const root = join(import.meta.dirname, "../..");
/** Of all test files of this process; removed when it ends. */
const bundle = await bundleProgram("simulator/start.ts");

/** What Node runs for `npm start`: compiled before, as it takes less time, or as a user has it. */
const bundled: readonly string[] = [bundle.path];
export const asUsersStart: readonly string[] = ["--import", "tsx", join(root, "simulator/start.ts")];

const running = new Set<StartProcess>();

/** `npm start` as a process of its own, with the state in a folder of the test's. */
export class StartProcess {
	private readonly state: string;
	private readonly child: ChildProcess;
	private readonly output = new LogLines();
	private readonly ended: Promise<unknown>;
	private complaints = "";

	constructor(
		state: string,
		args: readonly string[] = [],
		environment: Readonly<Record<string, string>> = {},
		program = bundled,
	) {
		this.state = state;
		this.child = spawn(process.execPath, [...program, ...args, "--state", state], {
			cwd: root,
			env: { ...process.env, ...environment },
			stdio: ["pipe", "pipe", "pipe"],
		});
		this.ended = once(this.child, "close");
		if (this.child.stdout !== null)
			createInterface({ input: this.child.stdout }).on("line", (line) => this.output.append(line));
		this.child.stderr?.on("data", (data) => (this.complaints += data));
		void this.ended.then(() => {
			running.delete(this);
			this.output.append(`ended: ${this.complaints}`);
		});
		running.add(this);
	}

	get lines(): readonly string[] {
		return this.output.lines;
	}

	get stderr(): string {
		return this.complaints;
	}

	/** Resolves with the first line that matches, past or future; rejects when the process ends without it. */
	async waitForLine(pattern: RegExp): Promise<string> {
		const line = await this.output.waitFor(new RegExp(`${pattern.source}|^ended: `, pattern.flags));
		if (!pattern.test(line)) throw new Error(`no line ${pattern}: ${line}\n${this.lines.join("\n")}`);
		return line;
	}

	/** The text behind a name in what is printed first. */
	async fact(name: string): Promise<string> {
		return (await this.waitForLine(new RegExp(`^${name} +`))).slice(9);
	}

	/** An address in what is printed first. */
	async address(name: string): Promise<URL> {
		const [address = ""] = (await this.fact(name)).split(" ");
		return new URL(address);
	}

	/** As a reader of a pipe that has read enough. */
	closeOutput(): void {
		this.child.stdout?.destroy();
	}

	pressEnter(): void {
		this.child.stdin?.write("\n");
	}

	/** As Ctrl-C does; resolves when the process has ended. */
	async stop(): Promise<void> {
		this.child.kill("SIGINT");
		await this.ended;
	}

	async waitForEnd(): Promise<number | null> {
		await this.ended;
		return this.child.exitCode;
	}

	/** Stops those with their state in this folder. */
	static async stopAll(state: string): Promise<void> {
		await Promise.all([...running].filter((one) => one.state.startsWith(state)).map((one) => one.stop()));
	}
}

/** Calls `use` with a folder for state, and removes it. */
export async function withState<T>(use: (state: string) => Promise<T>): Promise<T> {
	const state = mkdtempSync(join(tmpdir(), "start-"));
	try {
		return await use(state);
	} finally {
		await StartProcess.stopAll(state);
		rmSync(state, { recursive: true, force: true });
	}
}
