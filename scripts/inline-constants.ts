/**
 * Puts the numbers of a module's own tables of constants where they are used, and removes the tables:
 * `const register = Object.freeze({ id: 0x0f });` and `register.id`. A table takes a slot in flash for each member, and
 * more for itself. Tables that are exported, that are used as a whole, or that hold anything but numbers stay.
 */
export function inlineConstants(source: string): string {
	let result = source;
	for (const [declaration, name = "", body = ""] of source.matchAll(tablePattern)) {
		const members = new Map<string, string>();
		for (const member of body.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").split(",")) {
			const [, key, value] = /^\s*(\w+): (-?(?:0x[\da-fA-F]+|[\d.]+(?:e-?\d+)?))\s*$/.exec(member) ?? [];
			if (key !== undefined && value !== undefined) members.set(key, value);
			else if (member.trim() !== "") members.set(member, "");
		}
		const rest = result.replace(declaration, "");
		const uses = rest.match(new RegExp(`(?<![.\\w$])${name}(?![\\w$])`, "g"))?.length ?? 0;
		const access = new RegExp(`(?<![.\\w$])${name}\\.(\\w+)`, "g");
		const accesses = [...rest.matchAll(access)];
		const isSimple = [...members.values()].every((value) => value !== "");
		if (!isSimple || uses !== accesses.length || accesses.some(([, key = ""]) => !members.has(key))) continue;
		result = rest.replace(access, (_, key: string) => `(${members.get(key)})`);
	}
	return result;
}

const tablePattern = /^const (\w+) = (?:\/\* @__PURE__ \*\/ )?Object\.freeze\(\{([^{}]*)\}\);\n/gm;
