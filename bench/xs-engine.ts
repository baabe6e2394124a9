import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import type { Workload } from "./xs-program";

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

const slotBytes = 32;

/** What the engine counted for one call. */
export interface Metered {
	/** Computrons: XS's own count of work done, the same at every run. */
	readonly compute: number;
	/** Slots of the heap in use afterwards; what can be collected is among them. */
	readonly heap: number;
}

/** An XS engine in a process of its own, with the bench's program in it. */
export class XsEngine {
	private readonly process: ChildProcess;
	private readonly input: Writable;
	private received = Buffer.alloc(0);
	private answered: (message: Buffer) => void = () => {};

	private constructor() {
		this.process = spawn(binary, ["bench"], {
			stdio: ["ignore", "ignore", "inherit", "pipe", "pipe", "ignore", "ignore", "ignore", "ignore"],
		});
		const [, , , input, output] = this.process.stdio as [null, null, null, Writable, Readable];
		this.input = input;
		output.on("data", (data: Buffer) => this.receive(data));
	}

	static async start(): Promise<XsEngine> {
		const engine = new XsEngine();
		await engine.evaluate(await bundle());
		return engine;
	}

	/** Calls one of the program's works; what it begins comes to its end before this resolves. */
	call(name: Workload, count = 0): Promise<Metered> {
		return this.evaluate(`work.${name}(${count})`);
	}

	/** The image of the full flash. */
	async fill(image: Uint8Array): Promise<void> {
		const part = 2 * 1024;
		for (let at = 0; at < image.length; at += part) {
			const digits = Buffer.from(image.subarray(at, at + part)).toString("hex");
			await this.evaluate(`fill(${at}, "${digits}")`);
		}
	}

	collect(): Promise<Metered> {
		return this.evaluate("gc()");
	}

	/** Bytes of all that is alive: slots, of 32 bytes here, and the chunks that hold strings, buffers and arrays. */
	async memory(): Promise<number> {
		const directory = mkdtempSync(join(tmpdir(), "dakkio-xs-"));
		const path = join(directory, "snapshot");
		try {
			const { heap } = await this.collect();
			await this.command(`w${path}`);
			return slotBytes * heap + chunksOf(readFileSync(path));
		} finally {
			rmSync(directory, { recursive: true });
		}
	}

	stop(): void {
		this.process.kill();
	}

	private evaluate(script: string): Promise<Metered> {
		return this.command(`e${script}`);
	}

	/**
	 * The worker takes netstrings: `e` and a script to evaluate, `w` and where to write a snapshot. It answers `.`, the
	 * meter's JSON, a byte 1, the result.
	 */
	private command(command: string): Promise<Metered> {
		const message = Buffer.from(command);
		this.input.write(`${message.length}:`);
		this.input.write(message);
		this.input.write(",");
		return new Promise((resolve, reject) => {
			const died = () => reject(new Error("the process of the XS engine has died"));
			this.process.once("exit", died);
			this.answered = (answer) => {
				this.process.removeListener("exit", died);
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

	private receive(data: Buffer): void {
		this.received = Buffer.concat([this.received, data]);
		const colon = this.received.indexOf(":");
		if (colon < 0) return;
		const length = Number(this.received.toString("latin1", 0, colon));
		if (this.received.length < colon + 1 + length + 1) return;
		const message = this.received.subarray(colon + 1, colon + 1 + length);
		this.received = this.received.subarray(colon + length + 2);
		this.answered(message);
	}
}

/** In a snapshot: parts with a length (themselves included) and a name, one after the other within the first. */
function chunksOf(snapshot: Buffer): number {
	const head = 8;
	for (let at = head; at + head <= snapshot.length; at += snapshot.readUInt32BE(at))
		if (snapshot.toString("latin1", at + 4, at + head) === "BLOC") return snapshot.readUInt32BE(at) - head;
	throw new Error("XS: a snapshot has no chunks");
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
