import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseSync } from "oxc-parser";
import { makeDirectory } from "../boards/node/files";
import { bundleModules, type CompiledModule } from "./bundle-modules";
import { inlineConstants } from "./inline-constants";
import { leaveOutDrivers, readLeftOutDrivers } from "./left-out-drivers";
import { shortenPrivateNames } from "./private-names";
import { root, run, type Sdk } from "./sdk";

/** What `mcconfig` writes for each TypeScript module. */
interface ModuleConfiguration {
	readonly extends: string;
	readonly compilerOptions: { readonly outDir: string };
	readonly files: readonly [string];
}

interface Module extends ModuleConfiguration {
	/** By which it is imported. */
	readonly specifier: string;
}

/** JavaScript that one run of `tsc` has made, by its source. */
export type Compiled = ReadonlyMap<string, string>;

/**
 * Checks and compiles all TypeScript modules of a generated makefile at once, and puts the JavaScript where its rules
 * expect it: they start `tsc` for each module, which takes three quarters of a build. What `before` holds already
 * (the modules of another chip) is not compiled again. `leftOut`: names of drivers.
 */
export async function compileTypeScript(
	sdk: Sdk,
	directory: string,
	before: Compiled,
	leftOut: readonly string[] = readLeftOutDrivers(),
): Promise<Compiled> {
	const modules = readModules(directory);
	if (modules.length === 0) return before;
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
			compiled.set(source, readFileSync(join(outDir, source.replace(/\.ts$/, ".js")), "utf8"));
	}
	const named = modules.map(({ specifier, files: [source] }) => ({
		specifier,
		typescript: readFileSync(source, "utf8"),
		javascript: functionsToArrows(inlineConstants(compiled.get(source) ?? "")),
	}));
	const shortened = shortenPrivateNames(named, readReservedNames(sdk, directory));
	const all = named.map(({ specifier }, index) => ({ specifier, javascript: shortened[index] ?? "" }));
	const linked = link(directory, all, leaveOutDrivers(all, leftOut));
	if (leftOut.length > 0) process.stdout.write(`left out: ${leftOut.join(", ")}\n`);
	const now = new Date();
	for (const { specifier, compilerOptions, files } of modules) {
		const [source] = files;
		const target = join(compilerOptions.outDir, source.replace(/\.ts$/, ".js"));
		makeDirectory(dirname(target));
		writeFileSync(target, linked.get(specifier) ?? "");
		utimesSync(target, now, now);
	}
	return compiled;
}

/**
 * Makes one module of the firmware's own, all but the one that is run, in place of the first; takes the others out of the
 * makefile. The JavaScript by module. `included`: without drivers that are left out, which leave the makefile, too.
 */
function link(
	directory: string,
	all: readonly CompiledModule[],
	included: readonly CompiledModule[],
): ReadonlyMap<string, string> {
	const path = join(directory, "makefile");
	const makefile = readFileSync(path, "utf8");
	const preloads = new Set([...makefile.matchAll(/^\t-p (\S+)\.xsb/gm)].map(([, name = ""]) => name));
	// The SDK imports the others: its own modules, and those in their place. What is not preloaded is run.
	const joined = included.filter(
		({ specifier }) => /^(src|boards)\//.test(specifier) && preloads.has(specifier),
	);
	const users = included.filter((module) => !joined.includes(module));
	const [first] = joined;
	if (first === undefined) throw new Error("The makefile is not as this script knows it.");
	const { bundle, users: rewritten } = bundleModules(joined, users, first.specifier);
	const remaining = new Set([first, ...users].map(({ specifier }) => specifier));
	const others = new Set(
		all.map(({ specifier }) => specifier).filter((specifier) => !remaining.has(specifier)),
	);
	const lists = /^\t(?:\$\(MODULES_DIR\)\/|-p )(\S+)\.xsb\\\n/gm;
	const joint = makefile.replace(lists, (line, specifier: string) => (others.has(specifier) ? "" : line));
	writeFileSync(path, optimizeByteCode(compileWithNames(joint)));
	removeCompiled(join(directory, "modules"));
	return new Map([
		[first.specifier, bundle],
		...users.map(({ specifier }, index) => [specifier, rewritten[index] ?? ""] as const),
	]);
}

/**
 * Removes output of earlier builds: byte code that may be of another source with the same name, and the linker's list of
 * names (`mc.xsi`), which keeps every name ever used. Without it names get other numbers:
 * {@link compileWithNames}.
 */
function removeCompiled(directory: string): void {
	for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" }))
		if (/\.xs[bi]$/.test(path)) rmSync(join(directory, path));
}

/**
 * Adds rules to the makefile that recompile C when the numbers of its names (`xsID_…`) may have changed: its objects contain
 * the numbers, and the SDK's rules keep the old ones. Without a list, the linker numbers the names of C (`.xsi`) in the
 * makefile's order, before those of the JavaScript.
 */
export function compileWithNames(makefile: string): string {
	const names = "$(filter %.xsi,$(MODULES))";
	// The file with the names stays as old as it is while they are the same.
	return `${makefile}
$(OBJECTS): $(TMP_DIR)/mc.names
$(TMP_DIR)/mc.names: $(TMP_DIR)/mc.xs.c
	cat ${names} | cmp -s - $@ || cat ${names} > $@
`;
}

/** The makefile with what the linker gets, and what it has made of it, shortened (`scripts/byte-code`). */
function optimizeByteCode(makefile: string): string {
	const link = /^\txsl .*\n/m;
	if (!link.test(makefile)) throw new Error("The makefile is not as this script knows it.");
	const shorten = `\t${join(root, "node_modules", ".bin", "tsx")} ${join(root, "scripts", "byte-code", "main.ts")}`;
	return makefile.replace(
		link,
		(line) => `${shorten} $(filter %.xsb,$(MODULES))\n${line}${shorten} $(TMP_DIR)/mc.xs.c\n`,
	);
}

function readModules(directory: string): Module[] {
	const makefile = readFileSync(join(directory, "makefile"), "utf8");
	const paths = makefile.matchAll(/^\ttsc -p \$\(MODULES_DIR\)\/(\S+)-tsconfig\.json/gm);
	return [...paths].map(([, specifier = ""]) => {
		const path = join(directory, "modules", `${specifier}-tsconfig.json`);
		const configuration: ModuleConfiguration = JSON.parse(readFileSync(path, "utf8"));
		return { ...configuration, specifier };
	});
}

/** Names used by the SDK's JavaScript, its engine or its typings: all their words. */
function readReservedNames(sdk: Sdk, directory: string): ReadonlySet<string> {
	const makefile = readFileSync(join(directory, "makefile"), "utf8");
	const scripts = [...makefile.matchAll(/^\txsc (\/\S+) /gm)].map(([, path = ""]) => path);
	const declarations = ["sdk.d.ts", "sdk-untyped.d.ts"].map((name) => join(root, "src/boards/esp32", name));
	const files = [...scripts, ...declarations, join(sdk.path, "xs", "sources", "xsCommon.c")];
	return new Set(files.flatMap((file) => readFileSync(file, "utf8").match(/[\w$]+/g) ?? []));
}

/**
 * Converts the functions that a module declares to arrow functions, which have no `prototype` of three slots in flash: 25 KB
 * of the image. They are moved to the start of the module, like hoisted declarations. Generators, and functions that use
 * `this` or `arguments`, stay unchanged.
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
