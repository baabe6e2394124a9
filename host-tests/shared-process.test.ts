import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { alone, longest, slow } from "../vitest.config";

const root = join(import.meta.dirname, "..");

/** For the patterns of the configuration: `{a,b}`, `*`, and folders of any depth. */
function toRegExp(pattern: string): RegExp {
	const source = pattern
		.replaceAll(".", "\\.")
		.replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(",", "|")})`)
		.replaceAll("**/", "(.+/)?")
		.replace(/(?<![)\]])\*/g, "[^/]*");
	return new RegExp(`^${source}$`);
}

const ownProcess = [...alone, ...slow].map(toRegExp);
const sources = readdirSync(join(root, "host-tests"), { recursive: true, encoding: "utf8" })
	.map((path) => join("host-tests", path))
	.filter((path) => path.endsWith(".ts") && !path.includes("node_modules"));
const shared = sources
	.filter((path) => path.endsWith(".test.ts"))
	.filter((path) => !ownProcess.some((pattern) => pattern.test(path)));

test("files that share a process are found", () => {
	expect(shared).toContain("host-tests/shared-process.test.ts");
	expect(shared).not.toContain("host-tests/esp32/main.test.ts");
	expect(shared).not.toContain("host-tests/life/mutants.test.ts");
	expect(shared.length).toBeGreaterThan(100);
});

test.each([
	["replaces a module, a global or a method", /\bvi\.(mock|doMock|hoisted|stub|spyOn|useFake|setSystemTime)/],
	["changes the process", /(?<!\.)\bprocess\.(env\.\w+ *=[^=]|env\[|chdir|on\(|exitCode)/],
	[
		"adds to what is global",
		/\bglobalThis\.\w+ *=[^=]|\b(assign|defineProperty)\(globalThis|\.configureGlobal\(/,
	],
])(
	"no file that shares its process with others %s: it belongs to `alone` of vitest.config.ts",
	(_, pattern) => {
		// Not this one.
		const others = shared.filter((path) => !path.endsWith("shared-process.test.ts"));
		expect(others.filter((path) => pattern.test(readFileSync(join(root, path), "utf8")))).toEqual([]);
	},
);

test("no module that files import has a hook of its own: it would be loaded, and hook, with the first of them only", () => {
	const modules = sources.filter((path) => !path.endsWith(".test.ts"));
	const isHooked = (path: string) =>
		/^(before|after)(All|Each)\(/m.test(readFileSync(join(root, path), "utf8"));
	expect(modules.filter(isHooked)).toEqual([]);
});

test("files that start first are there", () => {
	expect(longest.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});
