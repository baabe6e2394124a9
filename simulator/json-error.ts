/** RFC 8259 sections 6 and 7. */
const string = '"(?:[^"\\\\\\x00-\\x1f]|\\\\(?:["\\\\/bfnrt]|u[\\da-fA-F]{4}))*"';
const scalar = `${string}|-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?|true|false|null`;
const maxDepth = 99;

/**
 * Line and column, from 1, of the first token that cannot follow in JSON; `undefined` if there is none, or if the text does
 * not even begin as JSON. The messages of engines differ, and quote the text around the error, which may be a password.
 */
export function findJsonError(text: string): readonly [line: number, column: number] | undefined {
	let at = 0;
	const skip = (pattern: string) => {
		const token = new RegExp(`[ \\t\\r\\n]*(?:${pattern})`, "y");
		token.lastIndex = at;
		const found = token.test(text);
		if (found) at = token.lastIndex;
		return found;
	};
	const list = (entry: () => boolean, end: string): boolean => {
		do if (!entry()) return false;
		while (skip(","));
		return skip(end);
	};
	const value = (depth = 0): boolean => {
		const inner = () => depth < maxDepth && value(depth + 1);
		if (skip("\\[")) return skip("]") || list(inner, "]");
		if (skip("{")) return skip("}") || list(() => skip(string) && skip(":") && inner(), "}");
		return skip(scalar);
	};
	const isValid = value() && skip("$");
	if (isValid || at === 0) return undefined;
	skip("");
	const lines = text.slice(0, at).split(/\r\n?|\n/);
	return [lines.length, (lines.at(-1) ?? "").length + 1];
}
