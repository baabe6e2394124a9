import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Compiles a program in C, its folder among those of its includes; `undefined` without a C compiler. It looks for accesses out of bounds. */
export function compileProgram(source: string): string | undefined {
	const program = join(mkdtempSync(join(tmpdir(), "dakkio-program-")), "program");
	const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
	for (const options of [sanitize, []])
		try {
			execFileSync("cc", ["-O2", "-I", dirname(source), ...options, "-o", program, source], {
				stdio: "ignore",
			});
			return program;
		} catch {
			// Without the sanitizers' libraries, or without a compiler.
		}
	return undefined;
}
