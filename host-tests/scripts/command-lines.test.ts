import { execFile } from "node:child_process";
import {
	existsSync,
	mkdirSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { requireIdf } from "../../scripts/platforms";
import { readPublicKey } from "../../scripts/release-key-files";
import { parseArguments } from "../../simulator/command-line";

/** What commands answer to their arguments. */

const root = join(import.meta.dirname, "../..");
interface Outcome {
	readonly output: string;
	readonly complaint: string;
	readonly status: number | null;
}

/** `environment`: instead of tools and keys of this computer. */
function run(
	program: string,
	args: readonly string[],
	environment: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
	const { IDF_PATH: _, DAKKIO_RELEASE_KEY: __, ...rest } = process.env;
	const env = { ...rest, MODDABLE: "/none", ...environment };
	return new Promise((resolve) => {
		const child = execFile(
			process.execPath,
			["--import", "tsx", program, ...args],
			{ cwd: root, env },
			(___, output, complaint) => resolve({ output, complaint, status: child.exitCode }),
		);
	});
}

let directory: string;
beforeAll(() => {
	directory = mkdtempSync(join(tmpdir(), "command-lines-"));
});
afterEach(() => vi.unstubAllEnvs());
afterAll(() => rmSync(directory, { recursive: true }));

describe("an empty value, as of an unset variable in a shell, is refused", () => {
	test("by the options of each command", () => {
		const options = {
			url: { type: "string" },
			only: { type: "string" },
			fresh: { type: "boolean" },
		} as const;
		expect(() => parseArguments({ args: ["--url", ""], options })).toThrow(
			"Option '--url' must not be empty",
		);
		expect(() => parseArguments({ args: ["--fresh", "--only="], options })).toThrow("'--only'");
		expect({ ...parseArguments({ args: ["--url", " "], options }).values }).toEqual({ url: " " });
	});

	test("in one sentence that refers to the help", async () => {
		const { complaint, status } = await run("scripts/flash-esp32.ts", ["--settings", ""]);
		expect(complaint).toMatch(
			/^Option '--settings' must not be empty\. npm run .* -- --help lists the options\.\n$/,
		);
		expect(status).toBe(2);
	});

	test("by all programs: none parses its arguments another way", () => {
		const folders = ["scripts", "simulator", "bench"];
		const sources = folders.flatMap((folder) =>
			readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
				.filter((name) => name.endsWith(".ts"))
				.map((name) => join(folder, name)),
		);
		const others = sources.filter((path) => /\bparseArgs\(/.test(readFileSync(join(root, path), "utf8")));
		expect(others).toEqual(["simulator/command-line.ts"]);
	});
});

test("npm run check:esp32 lists --drivers, and refuses an unknown chip before it looks for the SDK", async () => {
	expect((await run("scripts/check-esp32.ts", ["--help"])).output).toMatch(/^ {2}--drivers /m);
	const { complaint } = await run("scripts/check-esp32.ts", ["esp8266", "--drivers"]);
	expect(complaint).toMatch(/^Give one of esp32, .*, not "esp8266"\.\n$/);
});

test("each help is in plain English", () => {
	const scripts = readdirSync(join(root, "scripts")).filter((name) => name.endsWith(".ts"));
	const helps = scripts.flatMap((name) => {
		const [, help] =
			/const help = `([^`]*(?:`[^`;]*)*?)`;/.exec(readFileSync(join(root, "scripts", name), "utf8")) ?? [];
		return help === undefined ? [] : [{ name, help }];
	});
	expect(helps.length).toBeGreaterThan(10);
	for (const { name, help } of helps)
		expect(help, name).not.toMatch(
			/\b(alone|as it is to|forget|keep it to|renewed|is there|are there|they have,)\b/,
		);
});

test.skipIf(!existsSync("/proc/self"))(
	"a configuration folder that cannot be created is one sentence",
	async () => {
		const { complaint } = await run("scripts/release-key.ts", [], { XDG_CONFIG_HOME: "/proc/dakkio" });
		expect(complaint).toMatch(/^ENOENT: .* mkdir '\/proc\/dakkio'\n$/);
	},
);

describe("a missing tool is to be installed as the README says:", () => {
	const readme = readFileSync(join(root, "README.md"), "utf8");
	const step = /step 1 of "A board in ten minutes" in README\.md/;
	test("the README has that step", () => {
		expect(readme).toMatch(/^## A board in ten minutes$/m);
		expect(readme).toMatch(/^\*\*1\. Install the tools\*\*/m);
	});
	test("the Moddable SDK", async () => {
		const { complaint } = await run("scripts/build-esp32.ts", []);
		expect(complaint).toMatch(/^The Moddable SDK is not at \/none/);
		expect(complaint).toMatch(step);
	});
	test("ESP-IDF, of the README's version", () => {
		for (const path of ["", "/none"]) {
			vi.stubEnv("IDF_PATH", path);
			expect(requireIdf).toThrow(step);
			expect(requireIdf).toThrow(/^ESP-IDF is (missing|not at)/);
		}
		const [, version] = /-b (v[\d.]+) --recursive .*esp-idf/.exec(readme) ?? [];
		expect(requireIdf).toThrow(`install ESP-IDF ${version},`);
	});
});

describe("a release key that is none is one sentence that says where it is, without its content:", () => {
	const secret = "correct horse battery";

	test("in the environment", async () => {
		const { complaint } = await run("scripts/release.ts", ["node"], { DAKKIO_RELEASE_KEY: secret });
		expect(complaint).toBe("The release key in $DAKKIO_RELEASE_KEY is not a private key in PEM.\n");
	});

	test.each(["release", "release-key"])("in its file, by npm run %s", async (script) => {
		const file = join(directory, "dakkio-esp32", "release-key.pem");
		mkdirSync(dirname(file), { recursive: true });
		writeFileSync(file, secret);
		const { complaint } = await run(`scripts/${script}.ts`, script === "release" ? ["node"] : [], {
			XDG_CONFIG_HOME: directory,
		});
		expect(complaint).toBe(`The release key in ${file} is not a private key in PEM.\n`);
	});

	test("in place of the public half", () => {
		const file = join(directory, "release-key.pub.pem");
		writeFileSync(file, secret);
		expect(() => readPublicKey(file)).toThrow(`${file} is not a public key in PEM.`);
	});

	test("after the arguments are checked", async () => {
		const broken = { DAKKIO_RELEASE_KEY: secret };
		const chip = await run("scripts/release.ts", ["bogus"], broken);
		expect(chip.complaint).toMatch(/^Give one of esp32, .*, not "bogus"\.\n$/);
		const size = await run("scripts/release.ts", ["--flash", "3"], broken);
		expect(size.complaint).toMatch(/^--flash takes 4, 8, 16 \(MB\), not "3"\.\n$/);
	});
});
