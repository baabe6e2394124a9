import {
	existsSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeDirectory } from "../../boards/node/files";

const root = join(import.meta.dirname, "../..");
let directory: string;
beforeEach(() => {
	directory = mkdtempSync(join(tmpdir(), "make-directory-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("missing parents are created with the same mode; an existing directory stays", () => {
	makeDirectory(join(directory, "a", "b", "c"), 0o700);
	for (const path of ["a", "a/b", "a/b/c"]) expect(statSync(join(directory, path)).mode & 0o777).toBe(0o700);
	makeDirectory(join(directory, "a", "b"));
	expect(readdirSync(join(directory, "a", "b"))).toEqual(["c"]);
	expect(statSync(join(directory, "a", "b")).mode & 0o777).toBe(0o700);
});

test("a file, or a link to nothing, in its place is an error", () => {
	writeFileSync(join(directory, "file"), "");
	symlinkSync(join(directory, "nothing"), join(directory, "link"));
	expect(() => makeDirectory(join(directory, "file"))).toThrow("EEXIST");
	expect(() => makeDirectory(join(directory, "file", "a", "b"))).toThrow("ENOTDIR");
	expect(() => makeDirectory(join(directory, "link"))).toThrow("EEXIST");
});

test.skipIf(!existsSync("/proc/self"))("a system that refuses a directory is an error", () => {
	expect(() => makeDirectory("/proc/dakkio/state")).toThrow("ENOENT");
});

test("commands leave it to this function: Node's recursive option hangs in /proc", () => {
	const sources = ["boards", "simulator", "scripts", "bench", "host-tests/browser"].flatMap((folder) =>
		readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
			.filter((name) => name.endsWith(".ts"))
			.map((name) => join(folder, name)),
	);
	const hanging = sources.filter((path) =>
		/mkdirSync\([^;]*recursive: true/.test(readFileSync(join(root, path), "utf8")),
	);
	expect(hanging).toEqual([]);
});
