import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "oxc-parser";
import { describe, expect, test } from "vitest";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

interface Source {
	readonly path: string;
	/** Without comments. */
	readonly code: string;
	/** Relative specifiers as paths in the project, others unchanged. */
	readonly imports: readonly string[];
}

const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
	.map((path) => join("src", path))
	.filter((path) => path.endsWith(".ts"))
	.map(readSource);

function readSource(path: string): Source {
	const text = readFileSync(join(root, path), "utf8");
	const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
	const imports = [...code.matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(([, specifier = ""]) =>
		specifier.startsWith(".") ? normalize(join(dirname(path), specifier)) : specifier,
	);
	return { path, code, imports };
}

const portable = sources.filter(({ path }) => !/^src\/(boards\/esp32\/|main\.ts)/.test(path));

describe("the firmware accesses the platform only through the board", () => {
	const forbidden: readonly (readonly [what: string, pattern: RegExp])[] = [
		["a global clock", /\bDate\.now\b|new Date\(\s*\)|\bperformance\b/],
		["a global timer", /\b(setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bTimer\.(set|repeat)\b/],
		["a global random source", /\bMath\.random\b|\bcrypto\b/],
		["a global socket or console", /\bfetch\(|\bconsole\b|\bprocess\b|\btrace\(/],
	];
	test.each(forbidden)("no source outside the boards uses %s", (_, pattern) => {
		expect(portable.filter(({ code }) => pattern.test(code)).map(({ path }) => path)).toEqual([]);
	});

	test("no source outside the boards imports a module of a platform", () => {
		const foreign = portable.flatMap(({ path, imports }) =>
			imports
				.filter((specifier) => !specifier.startsWith("src/"))
				.map((specifier) => `${path}: ${specifier}`),
		);
		expect(foreign).toEqual([]);
	});

	test("only the entry names a board", () => {
		const named = sources
			.filter(({ path }) => !path.startsWith("src/boards/") && path !== "src/main.ts")
			.filter(({ imports }) => imports.some((name) => /^(src\/boards\/esp32\b|boards\/|board$)/.test(name)));
		expect(named.map(({ path }) => path)).toEqual([]);
	});
});

test("imports go one way: from app to its parts, down to reading, common and boards", () => {
	const layers: readonly (readonly string[])[] = [
		["main"],
		["app"],
		["setup", "local-page"],
		["upload", "wifi", "sensors", "panel", "power"],
		["store", "settings", "update"],
		["queue", "clock", "dakkio", "http"],
		["reading"],
		["common"],
		["boards", "version"],
	];
	const layerOf = (path: string) => {
		const [, name = ""] = path.replace(/\.ts$/, "").split("/");
		return { name, layer: layers.findIndex((layer) => layer.includes(name)) };
	};
	const wrong = sources.flatMap(({ path, imports }) => {
		const from = layerOf(path);
		if (from.layer < 0) return [`${path}: in no layer`];
		return imports
			.filter((specifier) => specifier.startsWith("src/"))
			.map((specifier) => ({ specifier, to: layerOf(specifier) }))
			.filter(({ to }) => to.name !== from.name && to.layer <= from.layer && from.name !== "boards")
			.map(({ specifier }) => `${path} → ${specifier}`);
	});
	expect(wrong).toEqual([]);
});

test("no source has a regular expression: their engine takes 34 KB of the chip's flash (common/text-pattern)", () => {
	const found = sources.flatMap(({ path, code }) => {
		const literals: string[] = [];
		new Visitor({
			Literal: (node) => {
				if ("regex" in node) literals.push(`${path}: ${node.raw}`);
			},
			Identifier: ({ name }) => {
				if (name === "RegExp") literals.push(`${path}: RegExp`);
			},
			// With a text, they make a regular expression of it.
			MemberExpression: ({ property }) => {
				const { name } = property as { name?: string };
				if (name === "match" || name === "matchAll") literals.push(`${path}: ${name}`);
			},
		}).visit(parseSync(path, code).program);
		return literals;
	});
	expect(found).toEqual([]);
});

test("no source asks the engine for another case: its tables take 12 KB of the chip's flash (common/lower-case)", () => {
	const asking = sources.filter(({ code }) => /\bto(Locale)?(Lower|Upper)Case\b/.test(code));
	expect(asking.map(({ path }) => path)).toEqual([]);
});

test("the version is the package's", () => {
	const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
	expect(readFileSync(join(root, "src/version.ts"), "utf8")).toContain(`firmwareVersion = "${version}"`);
});

test("there are no import cycles", () => {
	const graph = new Map(
		sources.map(({ path, imports }) => [
			path.replace(/\.ts$/, ""),
			imports.filter((name) => name.startsWith("src/")),
		]),
	);
	const done = new Set<string>();
	const circles: string[] = [];
	const visit = (name: string, trail: readonly string[]) => {
		if (trail.includes(name)) circles.push([...trail, name].join(" → "));
		if (done.has(name) || trail.includes(name)) return;
		for (const next of graph.get(name) ?? []) visit(next, [...trail, name]);
		done.add(name);
	};
	for (const name of graph.keys()) visit(name, []);
	expect(circles).toEqual([]);
});
