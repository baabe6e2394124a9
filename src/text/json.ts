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
