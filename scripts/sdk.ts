import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { accessSync, chmodSync, constants, existsSync, lstatSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, delimiter, join, resolve } from "node:path";
import { makeDirectory } from "../boards/node/files";
import { endWithReader, parseArguments, usageProblem } from "../simulator/command-line";
import { errorMessage } from "../src/common/error-message";

/** The project. */
export const root = join(import.meta.dirname, "..");

/** The Moddable SDK on this computer. */
export interface Sdk {
	readonly path: string;
	/** For its tools. */
	readonly environment: NodeJS.ProcessEnv;
	/** Where it builds to, a folder of this user: outside of the project, the same at each start, so a build is quick. */
	readonly output: string;
	/** By this name its tools call the program. */
	readonly name: string;
}

/** Something that has to be installed first; the message says where to get it. */
export class MissingToolError extends Error {}

const platforms: Readonly<Record<string, string>> = { linux: "lin", darwin: "mac", win32: "win" };

/** Throws a {@link MissingToolError} if the SDK or one of its tools is missing. */
export function findSdk(): Sdk {
	const path = process.env.MODDABLE ?? join(homedir(), ".local", "share", "moddable");
	const setUp = 'build it as in step 1 of "A board in ten minutes" in README.md';
	if (!existsSync(join(path, "tools", "mcconfig.js")))
		throw new MissingToolError(`The Moddable SDK is not at ${path} ($MODDABLE): ${setUp}.`);
	const tools = join(path, "build", "bin", platforms[process.platform] ?? "lin", "release");
	const searchPath = [tools, join(root, "node_modules", ".bin"), process.env.PATH ?? ""].join(delimiter);
	const environment = { ...process.env, MODDABLE: path, PATH: searchPath };
	const id = createHash("sha256").update(root).digest("hex").slice(0, 8);
	const sdk = { path, environment, output: join(tmpdir(), `dakkio-esp32-${id}`), name: basename(root) };
	requireTool(sdk, "mcconfig", `the tools of the Moddable SDK at ${path} are not built: ${setUp}`);
	requireTool(sdk, "tsc", "TypeScript 7 is not installed: run `npm ci`");
	return sdk;
}

export function requireTool(sdk: Pick<Sdk, "environment">, tool: string, otherwise: string): void {
	if (!isOnPath(sdk, tool)) throw new MissingToolError(`${otherwise}.`);
}

export function isOnPath({ environment }: Pick<Sdk, "environment">, tool: string): boolean {
	return (environment.PATH ?? "").split(delimiter).some((directory) => {
		try {
			accessSync(join(directory, tool), constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}

/** A tool that failed. */
export class ToolFailedError extends Error {
	/** Its whole output. */
	readonly output: string;

	constructor(tool: string, code: number | null, said: string) {
		super(`${tool} failed (${code}).\n${errorLines(said)}`);
		this.output = said;
	}
}

/** Runs a tool; rejects with a {@link ToolFailedError} when it fails. With `show`, its output is shown as it comes. */
export function run(
	{ environment }: Pick<Sdk, "environment">,
	tool: string,
	args: readonly string[],
	{ directory = root, show = false }: { readonly directory?: string; readonly show?: boolean } = {},
): Promise<string> {
	return new Promise((resolve, reject) => {
		const child = spawn(tool, args, {
			cwd: directory,
			env: environment,
			stdio: [show ? "inherit" : "ignore", "pipe", "pipe"],
		});
		const kill = () => child.kill();
		process.once("exit", kill);
		let said = "";
		const hear = (output: NodeJS.WriteStream) => (data: Buffer) => {
			said += data;
			if (show) output.write(data);
		};
		child.stdout?.on("data", hear(process.stdout));
		child.stderr?.on("data", hear(process.stderr));
		child.on("error", reject);
		child.on("close", (code) => {
			process.removeListener("exit", kill);
			if (code === 0) resolve(said);
			else reject(new ToolFailedError(tool, code, said));
		});
	});
}

/** `mcconfig` for one platform; `program`: the folder with the manifest. */
export function mcconfig(sdk: Sdk, args: readonly string[], show = false, program = "."): Promise<string> {
	requireOwnFolder(sdk.output);
	return run(sdk, "mcconfig", ["-o", sdk.output, ...args, resolve(root, program, "manifest.json")], { show });
}

/** Makes a folder that only this user can open. Throws for one of another user, who could change what is built in it. */
function requireOwnFolder(folder: string): void {
	makeDirectory(folder, 0o700);
	const { uid } = lstatSync(folder);
	if (!lstatSync(folder).isDirectory() || (process.getuid !== undefined && uid !== process.getuid()))
		throw new Error(`${folder} is not this user's folder: remove it.`);
	chmodSync(folder, 0o700);
}

/** A file that a build is about ("error.c" is one), a warning, or a count of the SDK's linker. */
const passingLine = /^# |^\[\d+\/\d+\]|warning: |^### \d/;

/** The errors in a build's output, without C compiler warnings about the SDK. */
function errorLines(output: string): string {
	const lines = output
		.split("\n")
		.filter((line) => !passingLine.test(line) && /error|###|cannot|not found|failed/i.test(line));
	return (lines.length > 0 ? lines : output.split("\n").slice(-30)).join("\n");
}

/**
 * Runs a script; a missing tool or a failure is one message, with exit status 1, and wrong arguments are one sentence, with
 * status 2. Ends when its output is no longer read.
 */
export async function main(script: () => Promise<void>): Promise<void> {
	endWithReader();
	try {
		await script();
	} catch (error) {
		const isUsage = error instanceof Error && "code" in error && /^ERR_PARSE_ARGS/.test(String(error.code));
		const command = `npm run ${process.env.npm_lifecycle_event ?? "…"}`;
		process.stderr.write(`${isUsage ? usageProblem(error, command) : errorMessage(error)}\n`);
		process.exitCode = isUsage ? 2 : 1;
	}
}

/** Runs a script whose only option is `--help`. */
export function mainWithoutOptions(help: string, script: () => Promise<void>): Promise<void> {
	return main(async () => {
		const { values } = parseArguments({ options: { help: { type: "boolean", short: "h" } } });
		if (values.help === true) process.stdout.write(help);
		else await script();
	});
}
