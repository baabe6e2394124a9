import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { freePort } from "../simulator/free-port";
import { requireTool, root, type Sdk } from "./sdk";

/** Throws unless the simulator and its tools are installed. */
export function requireSimulator(sdk: Sdk): void {
	if (process.platform !== "linux")
		throw new Error("The simulator runs without a display, which is possible only on Linux.");
	requireTool(sdk, "mcsim", `mcsim is not in the Moddable SDK at ${sdk.path}: build its simulator`);
	requireTool(sdk, "Xvfb", "Xvfb is not installed: apt-get install xvfb");
}

/** A program in the SDK's simulator, on a virtual display. */
export class SdkSimulator {
	private readonly screen: ChildProcess;
	private readonly log: ChildProcess;
	/** Resolves when the program has ended, by itself or by `stop`. */
	readonly ended: Promise<unknown>;

	private constructor(screen: ChildProcess, log: ChildProcess) {
		this.screen = screen;
		this.log = log;
		this.ended = once(log, "close");
	}

	/** Runs a built `mc.so`; `onLine` receives its traces. */
	static async start(sdk: Sdk, program: string, onLine: (line: string) => void): Promise<SdkSimulator> {
		const screen = spawn("Xvfb", ["-displayfd", "3", "-screen", "0", "640x480x24", "-nolisten", "tcp"], {
			stdio: ["ignore", "ignore", "ignore", "pipe"],
		});
		const display = await firstLine(screen.stdio[3] as Readable);
		const port = String(await freePort());
		const logger = join(sdk.path, "tools", "xsbug-log");
		const log = spawn(
			process.execPath,
			[
				"--require",
				join(root, "scripts", "xsbug-loopback.cjs"),
				join(logger, "xsbug-log.js"),
				"mcsim",
				program,
			],
			{
				cwd: logger,
				env: { ...sdk.environment, DISPLAY: `:${display}`, XSBUG_LOG_PORT: port, XSBUG_PORT: port },
				// The debugger ends when its input ends.
				stdio: ["pipe", "pipe", "pipe"],
			},
		);
		const simulator = new SdkSimulator(screen, log);
		for (const output of [log.stdout, log.stderr])
			createInterface({ input: output }).on("line", (line) => {
				const text = stripDebugger(line);
				if (text !== "") onLine(text);
				// The debugger would wait for another program.
				if (text.startsWith("#xsbug-log disconnected")) void simulator.stop();
			});
		return simulator;
	}

	async stop(): Promise<void> {
		// Its signal handler also ends mcsim.
		this.log.kill("SIGINT");
		await this.ended;
		this.screen.kill();
	}
}

/** Removes what the debugger adds to a line of the program. */
function stripDebugger(line: string): string {
	const text = line
		// biome-ignore lint/suspicious/noControlCharactersInRegex: terminal sequences begin with one
		.replace(/\u001b\[[0-9;]*[A-Za-z]/g, "")
		.replace(/^(\(xsdb\) )+/, "")
		.replace(/^\[Thread \d+\] /, "");
	// It also reports exceptions that are caught.
	const noise = /^(xsdb listening|Connected to|SSL: close notify|\(xsdb\)$)| \(\d+\) # Exception: /;
	return noise.test(text) ? "" : text.trimEnd();
}

async function firstLine(stream: Readable): Promise<string> {
	const lines = createInterface({ input: stream });
	const [line] = (await once(lines, "line")) as [string];
	return line.trim();
}
