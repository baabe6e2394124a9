import { decodeUtf8, encodeUtf8 } from "./utf8";

/** Maximum nesting of objects and arrays; settings need less. */
const maxDepth = 8;
/**
 * Members of all objects, and values in total: as many as 24 named and calibrated fields of as many sensors have, and 8 inputs
 * with 8 members each. In XS a value and a name take 16 bytes or more each.
 */
const maxMembers = 256;
const maxValues = 288;
/**
 * Objects and lists together, each of which takes three times the memory of another value: as many as 32 fields of as many
 * sensors have with all other settings.
 */
const maxContainers = 108;
const noLimits: RequestLimits = Object.freeze({
	maxEntries: maxValues,
	maxTextBytes: Number.POSITIVE_INFINITY,
	longTexts: Object.freeze([]),
});
const quote = 0x22;
/** Longer member names are cut in error messages. */
const maxNameBytes = 40;

/**
 * Parses untrusted JSON; `undefined` if it is invalid or exceeds the limits. Without limits, running out of memory in
 * the parser would end the machine.
 */
export function parseJson(text: string): unknown {
	const read = readJson(text);
	return "value" in read ? read.value : undefined;
}

/** Further limits of a request. */
export interface RequestLimits {
	/** Of each object and list. */
	readonly maxEntries: number;
	/** Of each name and string, in UTF-8, except the values of {@link longTexts}. */
	readonly maxTextBytes: number;
	readonly longTexts: readonly string[];
}

/** Like {@link parseJson}, with further limits; returns a problem as a sentence that names the member. */
export function readJson(
	text: string,
	limits: RequestLimits = noLimits,
): { readonly value: unknown } | { readonly problem: string } {
	const excess = findExcess(encodeUtf8(text), limits);
	if (excess !== undefined) return { problem: excess };
	try {
		return { value: JSON.parse(text) };
	} catch {
		return { problem: "This is not JSON." };
	}
}

/**
 * Plain data as JSON text. XS refuses data in the firmware's image, such as defaults ("read only value"): only then, a copy
 * is stringified, which takes memory.
 */
export function toJson(value: unknown, indent?: string): string {
	try {
		return JSON.stringify(value, undefined, indent);
	} catch {
		return JSON.stringify(deepCopy(value), undefined, indent);
	}
}

function deepCopy(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(deepCopy);
	if (!isJsonObject(value)) return value;
	// Without a prototype, `__proto__` is a name like any other. Entries would take four times the memory.
	const copy: Record<string, unknown> = Object.create(null);
	for (const key of Object.keys(value)) copy[key] = deepCopy(value[key]);
	return copy;
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

/** Works on UTF-8, where strings are skipped natively: a piece of an update is a string of 4 KiB. */
function findExcess(
	bytes: Uint8Array,
	{ maxEntries, maxTextBytes, longTexts }: RequestLimits,
): string | undefined {
	const entries: number[] = [];
	/** Name of the current member at each depth; none before its colon. */
	const names: (NameRange | undefined)[] = [];
	let depth = 0;
	let members = 0;
	let values = 1;
	let containers = 0;
	let start = 0;
	let end = 0;
	for (let at = 0; at < bytes.length && depth >= 0; at++) {
		const byte = bytes[at];
		if (byte === quote) {
			start = at + 1;
			end = at = stringEnd(bytes, at);
			const name = names[depth];
			if (end - start > maxTextBytes && !longTexts.includes(name === undefined ? "" : nameText(bytes, name)))
				return `${memberPath(bytes, names.slice(0, depth + 1))}: more than ${maxTextBytes} bytes of text.`;
			continue;
		}
		if (byte === 0x5b || byte === 0x7b) {
			values++;
			containers++;
			entries[++depth] = 1;
			names[depth] = undefined;
		} else if (byte === 0x5d || byte === 0x7d) depth--;
		else if (byte === 0x2c) {
			values++;
			entries[depth] = (entries[depth] ?? 0) + 1;
			names[depth] = undefined;
		} else if (byte === 0x3a) {
			members++;
			names[depth] = [start, end];
		} else continue;
		const excess =
			depth > maxDepth
				? `${maxDepth} levels`
				: (entries[depth] ?? 0) > maxEntries
					? `${maxEntries} entries`
					: excessInAll(containers, members, values);
		if (excess !== undefined) return `${memberPath(bytes, names.slice(0, depth))}: more than ${excess}.`;
	}
	return undefined;
}

/** The limit that the totals of a whole text exceed. */
function excessInAll(containers: number, members: number, values: number): string | undefined {
	if (containers > maxContainers) return `${maxContainers} objects and lists in all`;
	if (members > maxMembers) return `${maxMembers} names in all`;
	return values > maxValues ? `${maxValues} values in all` : undefined;
}

/** Where a name begins and ends. */
type NameRange = readonly [start: number, end: number];

function memberPath(bytes: Uint8Array, names: readonly (NameRange | undefined)[]): string {
	const path: string[] = [];
	for (const name of names) if (name !== undefined) path.push(nameText(bytes, name));
	return path.length === 0 ? "The body" : path.join(".");
}

function nameText(bytes: Uint8Array, [start, end]: NameRange): string {
	return decodeUtf8(bytes, start, Math.min(end, start + maxNameBytes));
}

/** Index of the closing quote of the string that begins at `start`; the length if there is none. */
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
