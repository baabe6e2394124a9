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

export const howToGetXs = "npm ci --prefix host-tests/xsnap (Linux, with a C compiler)";

export function hasXs(): boolean {
	return existsSync(binary);
}

const slotBytes = 32;

/** The engine's counts for a call. */
export interface Metered {
	/** XS's count of work done, exactly repeatable. */
	readonly compute: number;
	/** Slots of the heap in use after the call, including garbage. */
	readonly heap: number;
}

/** An XS engine in its own process, with the bench's program. */
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

	/** `program`: a file of the project. */
	static async start(program = "bench/xs-program.ts"): Promise<XsEngine> {
		const engine = new XsEngine();
		await engine.evaluate(await bundle(program));
		return engine;
	}

	/** Calls a function of the program, and waits until everything it started has ended. */
	call(name: Workload, count = 0): Promise<Metered> {
		return this.evaluate(`work.${name}(${count})`);
	}

	/** Whether an expression of the program's state is true. */
	async isTrue(condition: string): Promise<boolean> {
		try {
			await this.evaluate(`if (!(${condition})) throw new RangeError("false")`);
			return true;
		} catch (error) {
			if (!String(error).includes("RangeError: false")) throw error;
			return false;
		}
	}

	/** The value of an expression of the program's state. */
	async numberOf(expression: string): Promise<number> {
		try {
			await this.evaluate(`throw new RangeError("= " + (${expression}))`);
		} catch (error) {
			const [, digits] = /= (\d+)$/.exec(String(error)) ?? [];
			if (digits !== undefined) return Number(digits);
			throw error;
		}
		throw new Error(`XS: no value of ${expression}`);
	}

	/** The image of the full flash. */
	async fill(image: Uint8Array): Promise<void> {
		const part = 2 * 1024;
		for (let at = 0; at < image.length; at += part) {
			const digits = Buffer.from(image.subarray(at, at + part)).toString("hex");
			await this.evaluate(`fill(${at}, "${digits}")`);
		}
	}

	/** Rejects with what the script throws. */
	run(script: string): Promise<Metered> {
		return this.evaluate(script);
	}

	collect(): Promise<Metered> {
		return this.evaluate("gc()");
	}

	/** Bytes of everything alive: slots (32 bytes here) and the chunks of strings, buffers and arrays. */
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
	 * The worker reads netstrings: `e` and a script to evaluate, `w` and the path of a snapshot to write. It responds with `.`,
	 * the meter's JSON, a byte 1, and the result.
	 */
	private command(command: string): Promise<Metered> {
		const message = Buffer.from(command);
		this.input.write(`${message.length}:`);
		this.input.write(message);
		this.input.write(",");
		return new Promise((resolve, reject) => {
			const died = () => reject(new Error("the XS process died"));
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

/** A snapshot consists of parts within the first part: length (including itself), name, content. */
function chunksOf(snapshot: Buffer): number {
	const head = 8;
	for (let at = head; at + head <= snapshot.length; at += snapshot.readUInt32BE(at))
		if (snapshot.toString("latin1", at + 4, at + head) === "BLOC") return snapshot.readUInt32BE(at) - head;
	throw new Error("XS: a snapshot has no chunks");
}

interface PluginBuild {
	onResolve(
		options: { readonly filter: RegExp },
		resolve: (request: { readonly importer: string }) => { readonly path: string } | undefined,
	): void;
}

interface Bundler {
	build(options: object): Promise<{ readonly outputFiles: readonly { readonly text: string }[] }>;
}

async function bundle(program: string): Promise<string> {
	const esbuild: Bundler = createRequire(join(installed, "package.json"))("esbuild");
	const { outputFiles } = await esbuild.build({
		entryPoints: [join(root, program)],
		bundle: true,
		write: false,
		format: "iife",
		target: "es2022",
		logLevel: "silent",
		plugins: [checksumPlugin],
	});
	return outputFiles[0]?.text ?? "";
}

/** The checksums are C on a chip: see `xs-checksum.ts`. */
const checksumPlugin = {
	name: "checksums",
	setup(build: PluginBuild) {
		const path = join(root, "bench", "xs-checksum.ts");
		build.onResolve({ filter: /\/crc(24|32)$/ }, ({ importer }) =>
			importer === path ? undefined : { path },
		);
	},
};
