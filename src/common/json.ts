import { encodeUtf8 } from "./utf8";

/** Nesting of objects and arrays; settings need less. */
const maxDepth = 8;
/**
 * Members of all objects, and values in total: a board with a rule for each of 32 fields needs half of that. XS never
 * frees a property name, and each value takes 16 bytes or more.
 */
const maxMembers = 300;
const maxValues = 600;
const quote = 0x22;

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
	// In UTF-8, where strings are passed over natively: a piece of an update is one of 4 KiB.
	const bytes = encodeUtf8(text);
	let depth = 0;
	let members = 0;
	let values = 0;
	for (let at = 0; at < bytes.length; at++) {
		const byte = bytes[at];
		if (byte === quote) at = stringEnd(bytes, at);
		else if (byte === 0x5b || byte === 0x7b) {
			values++;
			if (++depth > maxDepth) return false;
		} else if (byte === 0x5d || byte === 0x7d) depth--;
		else if (byte === 0x2c) values++;
		else if (byte === 0x3a) members++;
		if (members > maxMembers || values > maxValues) return false;
	}
	return true;
}

/** Where the string that begins at `start` has its closing quote; the length without one. */
function stringEnd(bytes: Uint8Array, start: number): number {
	for (let at = start + 1; ; ) {
		const end = bytes.indexOf(quote, at);
		if (end < 0) return bytes.length;
		let backslashes = 0;
		while (bytes[end - 1 - backslashes] === 0x5c) backslashes++;
		if (backslashes % 2 === 0) return end;
		at = end + 1;
	}
}
