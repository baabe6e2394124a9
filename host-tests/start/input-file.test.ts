import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxTextFileBytes, readInputFile } from "../../simulator/input-file";

const root = join(import.meta.dirname, "../..");
let directory: string;
let pipe: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "input-file-"));
	pipe = join(directory, "pipe");
	execFileSync("mkfifo", [pipe]);
});
afterAll(() => rmSync(directory, { recursive: true }));

describe("a file that the command line names", () => {
	test("is read up to the limit", () => {
		const file = join(directory, "file");
		writeFileSync(file, "");
		expect(readInputFile(file)).toEqual(new Uint8Array(0));
		writeFileSync(file, new Uint8Array(maxTextFileBytes).fill(7));
		expect(Buffer.alloc(maxTextFileBytes, 7).equals(readInputFile(file))).toBe(true);
		writeFileSync(file, new Uint8Array(maxTextFileBytes + 1));
		expect(() => readInputFile(file)).toThrow(`it has more than ${maxTextFileBytes} bytes`);
	});

	test("is a file", () => {
		for (const path of [pipe, directory, "/dev/zero"])
			expect(() => readInputFile(path)).toThrow("it is not a regular file");
		expect(() => readInputFile(join(directory, "nothing"))).toThrow("ENOENT");
	});
});

/** What a command writes to stderr; without the check, it waits indefinitely or runs out of memory. */
function complaintOf(script: string, args: readonly string[]): Promise<string> {
	return new Promise((resolve) =>
		execFile(process.execPath, ["--import", "tsx", script, ...args], { cwd: root }, (_, __, complaint) =>
			resolve(complaint),
		),
	);
}

describe.concurrent("a device or a pipe is one sentence of", () => {
	test.each<[script: string, option: readonly string[]]>([
		["simulator/start.ts", ["--settings"]],
		["simulator/simulate.ts", ["--scenario"]],
		["scripts/flash-esp32.ts", ["--settings"]],
		["scripts/emulate.ts", ["--settings"]],
		["scripts/update-board.ts", ["127.0.0.1:9"]],
		["scripts/build-roots.ts", ["--source", "none", "--date", "none", "--bundle"]],
	])("%s %j", async (script, option) => {
		const complaint = await complaintOf(script, [...option, pipe]);
		expect(complaint).toMatch(/^.* cannot be read.*it is not a regular file\)?\.?\n$/);
	});
});
