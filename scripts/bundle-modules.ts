import { posix } from "node:path";
import { transformSync } from "esbuild";
import { type Expression, parseSync, type Statement } from "oxc-parser";
import { applyEdits, type Edit } from "./private-names";

/** A compiled module. */
export interface CompiledModule {
	/** As imports resolve to it: `src/upload/batch`. */
	readonly specifier: string;
	readonly javascript: string;
}

/**
 * Joins modules into one, each in a function that returns its exports. Modules, imports, exports and names take slots in
 * flash; inside the functions, modules share short names. `users`: modules that import from them, and from the bundle (`as`)
 * in the result. Other imports stay.
 */
export function bundleModules(
	modules: readonly CompiledModule[],
	users: readonly CompiledModule[],
	as: string,
): { readonly bundle: string; readonly users: readonly string[] } {
	const bundle = new Bundle(new Map(modules.map((module) => [module.specifier, module])));
	for (const module of modules) bundle.add(module);
	const rewritten = users.map((user) => bundle.rewriteImports(user, as));
	return { bundle: bundle.text(), users: rewritten };
}

/** Locals that a module replaces: by names of the bundle, or values. */
type Replacements = Record<string, string>;

class Bundle {
	private readonly modules: ReadonlyMap<string, CompiledModule>;
	/** The names in the bundle of each module's exports; `undefined` while it is being added. */
	private readonly exports = new Map<string, ReadonlyMap<string, string> | undefined>();
	/** Import statements of modules outside, by what they import. */
	private readonly imports = new Map<string, { readonly name: string; readonly statement: string }>();
	private readonly parts: string[] = [];
	/** Names that modules outside import. */
	private readonly exported = new Set<string>();
	private nextName = 0;

	constructor(modules: ReadonlyMap<string, CompiledModule>) {
		this.modules = modules;
	}

	/** Adds a module after those that it imports. */
	add({ specifier, javascript }: CompiledModule): ReadonlyMap<string, string> {
		const known = this.exports.get(specifier);
		if (known !== undefined) return known;
		if (this.exports.has(specifier)) throw new Error(`${specifier} imports itself, over others.`);
		this.exports.set(specifier, undefined);
		const { edits, replaced, exported, reexported } = this.takeApart(specifier, javascript);
		const names = new Map(reexported);
		const locals: string[] = [];
		for (const [name, local] of exported) {
			const known = replaced[local];
			names.set(name, known ?? this.newName());
			if (known === undefined) locals.push(local);
		}
		this.exports.set(specifier, names);
		const own = [...exported].filter(([, local]) => locals.includes(local)).map(([name]) => names.get(name));
		const body = `${applyEdits(javascript, edits)}\nreturn [${locals.join(", ")}];`;
		const text = `${own.length > 0 ? `const [${own.join(", ")}] = ` : ""}(() => {\n${body}\n})();\n`;
		this.parts.push(transformSync(text, { target: "esnext", define: replaced }).code);
		return names;
	}

	text(): string {
		const imports = [...this.imports.values()].map(({ statement }) => statement);
		const exported = [...this.exported].join(", ");
		// What a module declares keeps its name in the machine; what a function declares does not.
		const all = `${imports.join("")}const [${exported}] = (() => {
${this.parts.join("")}return [${exported}];
})();
export { ${exported} };
`;
		return transformSync(all, { format: "esm", target: "esnext", minifyIdentifiers: true }).code;
	}

	rewriteImports({ specifier, javascript }: CompiledModule, from: string): string {
		const edits: Edit[] = [];
		for (const { start, end, moduleRequest, entries } of parse(specifier, javascript).module.staticImports) {
			const names = this.exports.get(resolve(specifier, moduleRequest.value));
			if (names === undefined) continue;
			const list = entries.map(({ importName, localName }) => {
				const name = names.get(importName.name ?? "default");
				if (name === undefined || !/^\$\$/.test(name))
					throw new Error(`${specifier} imports what ${moduleRequest.value} has not.`);
				this.exported.add(name);
				return `${name} as ${localName.value}`;
			});
			edits.push({ start, end, text: `import { ${list.join(", ")} } from "${from}";` });
		}
		return applyEdits(javascript, edits);
	}

	/** Finds what to remove from a module, what to rename, and the locals of its exports. */
	private takeApart(specifier: string, javascript: string) {
		const { program, module } = parse(specifier, javascript);
		const edits: Edit[] = [];
		const replaced: Replacements = {};
		const exported = new Map<string, string>();
		const reexported = new Map<string, string>();
		const remove = ({ start, end }: { readonly start: number; readonly end: number }) =>
			edits.push({ start, end, text: "" });
		for (const { moduleRequest, entries } of module.staticImports) {
			if (entries.length === 0) this.import(moduleRequest.value, "");
			for (const { importName, localName } of entries)
				replaced[localName.value] = this.find(
					specifier,
					moduleRequest.value,
					importName.name ?? importName.kind,
				);
		}
		for (const { entries } of module.staticExports)
			for (const { exportName, importName, localName, moduleRequest } of entries) {
				const name = exportName.name ?? exportName.kind;
				if (moduleRequest && importName.name !== null)
					reexported.set(name, this.find(specifier, moduleRequest.value, importName.name));
				else if (localName.name !== null) exported.set(name, localName.name);
			}
		for (const statement of program.body) {
			if (statement.type === "ImportDeclaration") remove(statement);
			if (statement.type === "ExportDefaultDeclaration" || statement.type === "ExportAllDeclaration")
				throw new Error(`${specifier} has an export that the bundle does not know.`);
			const constants = literalConstants(statement);
			for (const [name, value] of constants) replaced[name] = value;
			if (constants.length > 0) remove(statement);
			if (constants.length > 0 || statement.type !== "ExportNamedDeclaration") continue;
			const end = statement.declaration?.start ?? statement.end;
			remove({ start: statement.start, end });
		}
		return { edits, replaced, exported, reexported };
	}

	/** The name in the bundle of an export of a module. */
	private find(from: string, request: string, name: string): string {
		const module = this.modules.get(resolve(from, request));
		if (module === undefined) return this.import(request, name);
		const found = this.add(module).get(name);
		if (found === undefined) throw new Error(`${from} imports ${name}, which ${request} does not export.`);
		return found;
	}

	/** Imports from a module outside, once for all modules. */
	private import(request: string, name: string): string {
		const key = `${request} ${name}`;
		const known = this.imports.get(key);
		if (known !== undefined) return known.name;
		const local = name === "" ? "" : this.newName();
		const what =
			name === ""
				? ""
				: name === "NamespaceObject"
					? `* as ${local} from `
					: `{ ${name === "Default" ? "default" : name} as ${local} } from `;
		this.imports.set(key, { name: local, statement: `import ${what}${JSON.stringify(request)};\n` });
		return local;
	}

	private newName(): string {
		return `$$${this.nextName++}`;
	}
}

function parse(specifier: string, javascript: string) {
	const parsed = parseSync(`${specifier}.js`, javascript);
	if (parsed.errors.length > 0)
		throw new Error(`The compiled ${specifier} cannot be read: ${parsed.errors[0]?.message}`);
	return parsed;
}

/** The constants that a statement declares, if all are numbers or booleans: these are inlined. */
function literalConstants(statement: Statement): readonly (readonly [name: string, value: string])[] {
	const declaration = statement.type === "ExportNamedDeclaration" ? statement.declaration : statement;
	if (declaration?.type !== "VariableDeclaration" || declaration.kind !== "const") return [];
	const constants: [string, string][] = [];
	for (const { id, init } of declaration.declarations) {
		const value = init === null ? undefined : literalValue(init);
		if (id.type !== "Identifier" || value === undefined) return [];
		constants.push([id.name, String(value)]);
	}
	return constants;
}

function literalValue(expression: Expression): number | boolean | undefined {
	if (expression.type === "Literal")
		return typeof expression.value === "number" || typeof expression.value === "boolean"
			? expression.value
			: undefined;
	if (expression.type !== "BinaryExpression") return undefined;
	if (expression.left.type === "PrivateIdentifier") return undefined;
	const [left, right] = [literalValue(expression.left), literalValue(expression.right)];
	if (typeof left !== "number" || typeof right !== "number") return undefined;
	if (expression.operator === "*") return left * right;
	if (expression.operator === "/") return left / right;
	if (expression.operator === "+") return left + right;
	return expression.operator === "-" ? left - right : undefined;
}

function resolve(from: string, specifier: string): string {
	return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}
