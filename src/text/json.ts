/** Objects and lists within each other; nobody's settings need more. */
const mostLevels = 8;

/**
 * Parses what a stranger has sent as JSON; `undefined` when it is not JSON, or nested deeper than any that is meant:
 * on a chip, the parser's own recursion would end the machine.
 */
export function parseJson(text: string): unknown {
	if (isDeep(text)) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/**
 * Plain data as JSON text. The data may be part of the firmware's image, such as a preset: XS refuses to stringify what
 * it cannot write to ("read only value"), so a copy is.
 */
export function toJson(value: unknown, indent?: string): string {
	return JSON.stringify(copyOf(value), undefined, indent);
}

function copyOf(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(copyOf);
	if (!isObject(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, copyOf(member)]));
}

/** Whether two values are the same plain data. */
export function isSameData(a: unknown, b: unknown): boolean {
	if (Array.isArray(a) && Array.isArray(b))
		return a.length === b.length && a.every((entry, index) => isSameData(entry, b[index]));
	if (!isObject(a) || !isObject(b)) return a === b;
	const keys = Object.keys(a);
	return keys.length === Object.keys(b).length && keys.every((key) => isSameData(a[key], b[key]));
}

/** A JSON object: neither `null` nor a list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isDeep(text: string): boolean {
	let depth = 0;
	let inString = false;
	let escaped = false;
	for (const character of text) {
		if (inString) {
			if (escaped) escaped = false;
			else if (character === "\\") escaped = true;
			else if (character === '"') inString = false;
		} else if (character === '"') inString = true;
		else if (character === "[" || character === "{") {
			if (++depth > mostLevels) return true;
		} else if (character === "]" || character === "}") depth--;
	}
	return false;
}
