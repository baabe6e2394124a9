import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/**
 * Compiles a program in C, its folder among those of its includes; `undefined` without a C compiler. The program ends at an
 * access out of bounds, if the sanitizers are installed.
 */
export function compileProgram(source: string): string | undefined {
	const directory = mkdtempSync(join(tmpdir(), "dakkio-program-"));
	process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
	const program = join(directory, "program");
	const sanitize = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
	for (const options of [sanitize, []])
		try {
			execFileSync("cc", ["-O2", "-I", dirname(source), ...options, "-o", program, source], {
				stdio: ["ignore", "ignore", options === sanitize ? "ignore" : "inherit"],
			});
			return program;
		} catch (error) {
			if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
			if (options !== sanitize) throw error;
		}
	return undefined;
}
