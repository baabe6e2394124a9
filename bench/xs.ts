import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Work } from "./xs-program";

const root = join(import.meta.dirname, "..");
const installed = join(root, "host-tests", "xsnap");
const binary = join(
	installed,
	"node_modules/@agoric/xsnap/xsnap-native/xsnap/build/bin/lin/release/xsnap-worker",
);

/** How the engine is got where it is missing. */
export const howToGetXs = "npm ci --prefix host-tests/xsnap (Linux, with a C compiler)";

export function hasXs(): boolean {
	return existsSync(binary);
}

/** What the engine counted for one call. */
export interface Metered {
	/** Computrons: XS's own count of work done, the same at every run. */
	readonly compute: number;
	/** Slots of the heap in use afterwards; what can be collected is among them. */
	readonly heap: number;
}

/** An XS engine in a process of its own, with the bench's program in it. */
export class XsEngine {
	readonly #process: ChildProcess;
	readonly #input: Writable;
	#received = Buffer.alloc(0);
	#answered: (message: Buffer) => void = () => {};

	private constructor() {
		this.#process = spawn(binary, ["bench"], {
			stdio: ["ignore", "ignore", "inherit", "pipe", "pipe", "ignore", "ignore", "ignore", "ignore"],
		});
		const [, , , input, output] = this.#process.stdio as [null, null, null, Writable, Readable];
		this.#input = input;
		output.on("data", (data: Buffer) => this.#receive(data));
	}

	static async start(): Promise<XsEngine> {
		const engine = new XsEngine();
		await engine.#evaluate(await bundle());
		return engine;
	}

	/** Calls one of the program's works, and collects before if asked for. */
	call(name: Work, count = 0): Promise<Metered> {
		return this.#evaluate(`work.${name}(${count})`);
	}

	collect(): Promise<Metered> {
		return this.#evaluate("gc()");
	}

	stop(): void {
		this.#process.kill();
	}

	/** The worker takes netstrings: `e` and a script to evaluate. It answers `.`, the meter's JSON, a byte 1, the result. */
	#evaluate(script: string): Promise<Metered> {
		const message = Buffer.from(`e${script}`);
		this.#input.write(`${message.length}:`);
		this.#input.write(message);
		this.#input.write(",");
		return new Promise((resolve, reject) => {
			this.#answered = (answer) => {
				const text = answer.toString("utf8");
				const end = text.indexOf("\u0001");
				if (!text.startsWith(".") || end < 0) reject(new Error(`XS: ${text.slice(0, 500)}`));
				else {
					const { compute, currentHeapCount } = JSON.parse(text.slice(1, end));
					resolve({ compute, heap: currentHeapCount });
				}
			};
		});
	}

	#receive(data: Buffer): void {
		this.#received = Buffer.concat([this.#received, data]);
		const colon = this.#received.indexOf(":");
		if (colon < 0) return;
		const length = Number(this.#received.toString("latin1", 0, colon));
		if (this.#received.length < colon + 1 + length + 1) return;
		const message = this.#received.subarray(colon + 1, colon + 1 + length);
		this.#received = this.#received.subarray(colon + length + 2);
		this.#answered(message);
	}
}

interface Bundler {
	build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

async function bundle(): Promise<string> {
	const esbuild: Bundler = createRequire(join(installed, "package.json"))("esbuild");
	const { outputFiles } = await esbuild.build({
		entryPoints: [join(root, "bench", "xs-program.ts")],
		bundle: true,
		write: false,
		format: "iife",
		target: "es2022",
		logLevel: "silent",
	});
	return outputFiles[0]?.text ?? "";
}
