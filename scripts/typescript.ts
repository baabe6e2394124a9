import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";
import { run, type Sdk } from "./sdk";

/** What `mcconfig` writes for each TypeScript module. */
interface ModuleConfiguration {
	readonly extends: string;
	readonly compilerOptions: { readonly outDir: string };
	readonly files: readonly [string];
}

/** JavaScript that one run of `tsc` has made, by its source. */
export type Compiled = ReadonlyMap<string, string>;

/**
 * Checks and compiles all TypeScript modules of a generated makefile at once, and puts the JavaScript where its rules
 * expect it: they start `tsc` for each module, which takes three quarters of a build. What `before` holds already
 * (the modules of another chip) is not compiled again.
 */
export async function compileTypeScript(sdk: Sdk, directory: string, before: Compiled): Promise<Compiled> {
	const modules = readModules(directory);
	const missing = modules.filter(({ files: [source] }) => !before.has(source));
	const compiled = new Map(before);
	if (missing.length > 0) {
		const outDir = join(directory, "compiled");
		rmSync(outDir, { recursive: true, force: true });
		const project = join(directory, "modules", "tsconfig-all.json");
		const configuration = {
			extends: missing[0]?.extends,
			compilerOptions: { rootDir: "/", outDir, sourceMap: false },
			files: missing.map(({ files: [source] }) => source),
		};
		writeFileSync(project, JSON.stringify(configuration, undefined, "\t"));
		await run(sdk, "tsc", ["-p", project]);
		for (const {
			files: [source],
		} of missing)
			compiled.set(source, join(outDir, source.replace(/\.ts$/, ".js")));
	}
	const now = new Date();
	for (const {
		compilerOptions: { outDir },
		files: [source],
	} of modules) {
		const target = join(outDir, source.replace(/\.ts$/, ".js"));
		mkdirSync(dirname(target), { recursive: true });
		writeFileSync(target, functionsToArrows(readFileSync(compiled.get(source) ?? "", "utf8")));
		utimesSync(target, now, now);
	}
	return compiled;
}

function readModules(directory: string): ModuleConfiguration[] {
	const makefile = readFileSync(join(directory, "makefile"), "utf8");
	const paths = makefile.matchAll(/^\ttsc -p \$\(MODULES_DIR\)\/(\S+-tsconfig\.json)/gm);
	return [...paths].map(([, path = ""]) =>
		JSON.parse(readFileSync(join(directory, "modules", path), "utf8")),
	);
}

/**
 * Makes arrow functions of the functions that a module declares. Each other function has a `prototype` that nothing asks
 * for, of three slots in flash: 25 KB of the image. They come first in the module, as declarations are made first.
 * Generators, and functions that speak of `this` or `arguments`, stay what they are.
 */
export function functionsToArrows(source: string): string {
	const { program, errors } = parseSync("module.js", source);
	if (errors.length > 0) throw new Error(`The compiled JavaScript cannot be read: ${errors[0]?.message}`);
	const imports: string[] = [];
	const arrows: string[] = [];
	const rest: string[] = [];
	for (const statement of program.body) {
		const text = source.slice(statement.start, statement.end);
		const isExported = statement.type === "ExportNamedDeclaration";
		const declared = isExported ? statement.declaration : statement;
		if (statement.type === "ImportDeclaration") imports.push(text);
		else if (
			declared?.type !== "FunctionDeclaration" ||
			declared.id === null ||
			declared.body === null ||
			declared.generator ||
			/\b(this|arguments|new\.target)\b/.test(text)
		)
			rest.push(text);
		else {
			const parameters = source.slice(declared.id.end, declared.body.start).trim();
			const body = source.slice(declared.body.start, declared.body.end);
			const start = `${isExported ? "export " : ""}const ${declared.id.name} = ${declared.async ? "async " : ""}`;
			arrows.push(`${start}${parameters} => ${body};`);
		}
	}
	return [...imports, ...arrows, ...rest, ""].join("\n");
}
