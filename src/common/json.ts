/** Nesting of objects and arrays; settings need less. */
const maxDepth = 8;
/**
 * Members of all objects, and values in total: a board with a rule for each of 32 fields needs half of that. XS never
 * frees a property name, and each value takes 16 bytes or more.
 */
const maxMembers = 300;
const maxValues = 600;

/**
 * Parses untrusted JSON; `undefined` if it is invalid or exceeds the limits. Without limits, running out of memory in
 * the parser would end the machine.
 */
export function parseJson(text: string): unknown {
	if (!isWithinLimits(text)) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/**
 * Plain data as JSON text. Stringifies a copy: XS refuses data in the firmware's image, such as defaults ("read only
 * value").
 */
export function toJson(value: unknown, indent?: string): string {
	return JSON.stringify(deepCopy(value), undefined, indent);
}

function deepCopy(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(deepCopy);
	if (!isJsonObject(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, deepCopy(member)]));
}

/** Whether two values of plain data are equal. */
export function isDeepEqual(a: unknown, b: unknown): boolean {
	if (Array.isArray(a) && Array.isArray(b))
		return a.length === b.length && a.every((entry, index) => isDeepEqual(entry, b[index]));
	if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
	const keys = Object.keys(a);
	return keys.length === Object.keys(b).length && keys.every((key) => isDeepEqual(a[key], b[key]));
}

/** Whether it is a JSON object: neither `null` nor an array. */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWithinLimits(text: string): boolean {
	let depth = 0;
	let members = 0;
	let values = 0;
	let inString = false;
	let escaped = false;
	for (const character of text) {
		if (inString) {
			if (escaped) escaped = false;
			else if (character === "\\") escaped = true;
			else if (character === '"') inString = false;
		} else if (character === '"') inString = true;
		else if (character === "[" || character === "{") {
			values++;
			if (++depth > maxDepth) return false;
		} else if (character === "]" || character === "}") depth--;
		else if (character === ",") values++;
		else if (character === ":") members++;
		if (members > maxMembers || values > maxValues) return false;
	}
	return true;
}
