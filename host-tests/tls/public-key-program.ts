import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { compileProgram } from "../compile-program";

/** The chip's arithmetic of public keys as a program; `undefined` without a C compiler. */
export const compilePublicKeyProgram = (): string | undefined =>
	compileProgram(join(import.meta.dirname, "public-key-program.c"));

export type Call = readonly [name: string, ...args: readonly (number | Uint8Array)[]];

/** What the calls return, and the bytes that they write. */
export function runPublicKeyCalls(
	program: string,
	calls: readonly Call[],
): readonly { readonly returned: number; readonly written: readonly Buffer[] }[] {
	const input = calls
		.map((call) => call.map((part) => (part instanceof Uint8Array ? toHex(part) : part)).join(" "))
		.join("\n");
	const output = execFileSync(program, { input, maxBuffer: 1 << 28, encoding: "utf8" });
	const lines = output.trimEnd().split("\n");
	return lines.map((line) => {
		const [returned, ...written] = line.split(" ");
		return { returned: Number(returned), written: written.map((hex) => Buffer.from(hex, "hex")) };
	});
}

const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
