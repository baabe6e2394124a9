import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

/** `npm run flash`, with a stand-in for the SDK's `mcconfig` that tells how it was called. */

const root = join(import.meta.dirname, "../..");
let directory: string;

beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "flash-"));
	mkdirSync(join(directory, "tools"));
	writeFileSync(join(directory, "tools/mcconfig.js"), "");
	writeFileSync(join(directory, "export.sh"), "");
	for (const platform of ["lin", "mac"]) {
		const tools = join(directory, "build/bin", platform, "release");
		mkdirSync(tools, { recursive: true });
		const tool = join(tools, "mcconfig");
		writeFileSync(tool, '#!/bin/sh\necho "mcconfig $* partitions=$PARTITIONS_FILE"\n');
		chmodSync(tool, 0o755);
	}
	writeFileSync(join(directory, "board.json"), '{ "interval": 30 }');
	writeFileSync(join(directory, "wrong.json"), '{ "interval": 0, "key": "dakkio_w_secret" }');
});

afterAll(() => rmSync(directory, { recursive: true }));

function flash(...args: readonly string[]): Promise<{ readonly output: string; readonly complaint: string }> {
	const command = ["--import", "tsx", "scripts/flash-esp32.ts", ...args];
	const env = { ...process.env, MODDABLE: directory, IDF_PATH: directory };
	return new Promise((resolve) =>
		execFile(process.execPath, command, { cwd: root, env }, (_, output, complaint) =>
			resolve({ output, complaint }),
		),
	);
}

test("it builds with the debugger, for the ESP32 with 4 MB", async () => {
	const { output } = await flash();
	expect(output).toMatch(/^mcconfig -o \S+ -d -m -p esp32 \S+\/manifest\.json partitions=\S+/);
	expect(output).toContain(`partitions=${join(root, "partitions.csv")}\n`);
});

test("with --release it builds what is to stay on the board, without the debugger", async () => {
	const { output } = await flash("esp32/esp32s3", "--release", "--flash", "16");
	expect(output).toMatch(/^mcconfig -o \S+ -m -p esp32\/esp32s3 \S+\/manifest\.json partitions=/);
	expect(output).toContain(`partitions=${join(root, "flash/16mb/partitions.csv")}\n`);
});

test("settings travel in either build, and the owner is told that the image holds them", async () => {
	const { output } = await flash("--release", "--settings", join(directory, "board.json"));
	expect(output).toMatch(/^The image holds the settings, with key and passwords: keep it to yourself\.\n/);
	const hex = Buffer.from('{"interval":30}').toString("hex");
	expect(output).toMatch(new RegExp(`mcconfig -o \\S+ -m -p esp32 settings=${hex} `));
});

test("wrong settings are told, no secret with them, and nothing is built", async () => {
	const { output, complaint } = await flash("--settings", join(directory, "wrong.json"));
	expect(output).toBe("");
	expect(complaint).toContain("wrong.json: interval: ");
	expect(complaint).not.toContain("dakkio_w_secret");
});

test("its help names each option", async () => {
	const { output } = await flash("--help");
	for (const option of ["--flash", "--settings", "--release", "--help"])
		expect(output).toContain(`  ${option} `);
});
