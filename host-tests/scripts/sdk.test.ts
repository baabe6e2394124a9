import { expect, test } from "vitest";
import { run, ToolFailedError } from "../../scripts/sdk";

const build = [
	"# xsc ssl/error.xsb",
	"[12/828] Building C object esp-idf/log/error.c.obj",
	"### 4542 instances, 2048 keys, 66 colors, 0 holes",
	"### warning: ssl/cache: default: not frozen",
	"listener.c:26:3: warning: error may be used uninitialized",
];

async function failureOf(lines: readonly string[]): Promise<string> {
	const script = `printf '%s\\n' "$@"; exit 2`;
	const failure = await run({ environment: process.env }, "sh", ["-c", script, "sh", ...lines]).catch(
		(error: unknown) => error,
	);
	if (!(failure instanceof ToolFailedError)) throw new Error("it did not fail");
	expect(failure.output).toBe(`${lines.join("\n")}\n`);
	return failure.message;
}

test("a tool that failed says why, without what its build says in passing", async () => {
	const why = "Failed to find a suitable device. Check your connections or set UPLOAD_PORT";
	expect(await failureOf([...build, why])).toBe(`sh failed (2).\n${why}`);
	const error = "main.ts (3): ### error: missing ;";
	expect(await failureOf([error, ...build])).toBe(`sh failed (2).\n${error}`);
});

test("a tool that failed without a line of an error shows the end of its output", async () => {
	expect(await failureOf(["one", "two"])).toBe("sh failed (2).\none\ntwo\n");
});
