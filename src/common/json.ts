/** Nesting. Settings need 5. */
const maxDepth = 8;
/**
 * Members of all objects, and values in total: twice what settings for 32 fields need. In XS, each new member name takes
 * memory until the next restart, and each value at least 16 bytes.
 */
const maxMembers = 300;
const maxValues = 600;

/**
 * Parses untrusted JSON; `undefined` if it is not JSON, or nested too deeply or too large: the parser would exhaust the
 * chip's memory, and XS aborts then.
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
 * Plain data as JSON text. Stringifies a copy: XS throws "read only value" for data in the firmware image, such as
 * defaults.
 */
export function toJson(value: unknown, indent?: string): string {
	return JSON.stringify(deepCopy(value), undefined, indent);
}

function deepCopy(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(deepCopy);
	if (!isJsonObject(value)) return value;
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, deepCopy(member)]));
}

/** Of plain data. */
export function isDeepEqual(a: unknown, b: unknown): boolean {
	if (Array.isArray(a) && Array.isArray(b))
		return a.length === b.length && a.every((entry, index) => isDeepEqual(entry, b[index]));
	if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
	const keys = Object.keys(a);
	return keys.length === Object.keys(b).length && keys.every((key) => isDeepEqual(a[key], b[key]));
}

/** Whether a value is a JSON object: neither `null` nor an array. */
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
