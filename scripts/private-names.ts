import { parseSync, Visitor } from "oxc-parser";

/** A module of the firmware. */
export interface NamedModule {
	readonly specifier: string;
	/** Its TypeScript, which says what is private. */
	readonly typescript: string;
	/** Its compiled JavaScript. */
	readonly javascript: string;
}

/** Replaces the text from `start` to `end`. */
export interface Edit {
	readonly start: number;
	readonly end: number;
	readonly text: string;
}

/**
 * Gives short names to private members. Each name of a program is a slot, a pointer and its characters in flash, so classes
 * share them. `reserved` are names that others use: the SDK's and the engine's.
 */
export function shortenPrivateNames(
	modules: readonly NamedModule[],
	reserved: ReadonlySet<string>,
): readonly string[] {
	const short = shortMembers(modules, reserved);
	return modules.map((module) => applyEdits(module.javascript, memberEdits(module, short)));
}

function parse({ specifier, typescript, javascript }: NamedModule, language: "ts" | "js") {
	const { program, errors } = parseSync(
		`${specifier}.${language}`,
		language === "ts" ? typescript : javascript,
	);
	if (errors.length > 0) throw new Error(`${specifier} cannot be read: ${errors[0]?.message}`);
	return program;
}

/**
 * The short name of each private member. A name that is also used otherwise (a public member, a key of an object, a string)
 * is not shortened.
 */
function shortMembers(
	modules: readonly NamedModule[],
	reserved: ReadonlySet<string>,
): ReadonlyMap<string, string> {
	const classes: { readonly name: string; readonly parent: string; readonly names: Set<string> }[] = [];
	const others = new Set(reserved);
	const add = (key: { readonly type: string }, to: Set<string>) => {
		if ("name" in key && typeof key.name === "string") to.add(key.name);
	};
	for (const module of modules) {
		const addClass = ({
			id,
			superClass,
			body,
		}: {
			id: unknown;
			superClass: unknown;
			body: { body: readonly unknown[] };
		}) => {
			const names = new Set<string>();
			for (const member of body.body as readonly ClassMember[]) {
				if (member.key !== undefined) add(member.key, member.accessibility === "private" ? names : others);
				for (const parameter of member.value?.params ?? [])
					if (parameter.type === "TSParameterProperty") {
						const { parameter: inner } = parameter;
						add(inner?.left ?? inner ?? parameter, parameter.accessibility === "private" ? names : others);
					}
			}
			classes.push({ name: nameOf(id), parent: nameOf(superClass), names });
		};
		new Visitor({
			ClassDeclaration: addClass,
			ClassExpression: addClass,
			Property: ({ key }) => add(key, others),
			TSPropertySignature: ({ key }) => add(key, others),
			TSMethodSignature: ({ key }) => add(key, others),
			Literal: ({ value }) => {
				if (typeof value === "string") others.add(value);
			},
		}).visit(parse(module, "ts"));
	}
	return colour(classes, others);
}

interface ClassMember {
	readonly key?: { readonly type: string };
	readonly accessibility?: string;
	readonly value?: { readonly params?: readonly ClassParameter[] };
}

interface ClassParameter {
	readonly type: string;
	readonly accessibility?: string;
	readonly parameter?: { readonly type: string; readonly left?: { readonly type: string } };
}

function nameOf(node: unknown): string {
	return typeof node === "object" && node !== null && "name" in node ? String(node.name) : "";
}

/** Two names of one object, by its class or one that this extends, differ. */
function colour(
	classes: readonly { readonly name: string; readonly parent: string; readonly names: ReadonlySet<string> }[],
	others: ReadonlySet<string>,
): ReadonlyMap<string, string> {
	const conflicts = new Map<string, Set<string>>();
	for (const own of classes) {
		const together = new Set<string>();
		const seen = new Set<unknown>();
		for (let family = [own]; family.length > 0; ) {
			for (const each of family) for (const name of each.names) if (!others.has(name)) together.add(name);
			for (const each of family) seen.add(each);
			const parents = family.map(({ parent }) => parent).filter((parent) => parent !== "");
			family = classes.filter((each) => parents.includes(each.name) && !seen.has(each));
		}
		for (const name of together) {
			const known = conflicts.get(name) ?? new Set();
			for (const other of together) if (other !== name) known.add(other);
			conflicts.set(name, known);
		}
	}
	const short = new Map<string, string>();
	const byConflicts = [...conflicts].sort(([, a], [, b]) => b.size - a.size);
	for (const [name, differing] of byConflicts) {
		const taken = new Set([...differing].map((other) => short.get(other)));
		let index = 0;
		while (taken.has(`_${index.toString(36)}`) || others.has(`_${index.toString(36)}`)) index++;
		short.set(name, `_${index.toString(36)}`);
	}
	return short;
}

function memberEdits(module: NamedModule, short: ReadonlyMap<string, string>): Edit[] {
	const edits: Edit[] = [];
	const rename = (node: { readonly start: number; readonly end: number }) => {
		const text = short.get(nameOf(node));
		if (text !== undefined) edits.push({ start: node.start, end: node.end, text });
	};
	new Visitor({
		MemberExpression({ computed, property }) {
			if (!computed) rename(property);
		},
		PropertyDefinition({ computed, key }) {
			if (!computed) rename(key);
		},
		MethodDefinition({ computed, key }) {
			if (!computed) rename(key);
		},
	}).visit(parse(module, "js"));
	return edits;
}

export function applyEdits(source: string, edits: readonly Edit[]): string {
	let result = "";
	let at = 0;
	for (const { start, end, text } of [...edits].sort((a, b) => a.start - b.start)) {
		result += source.slice(at, start) + text;
		at = end;
	}
	return result + source.slice(at);
}
