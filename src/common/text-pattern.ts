/**
 * Patterns of texts without regular expressions, whose engine takes 34 KB of flash.
 */

/** Ranges for {@link consistsOf}. */
export const hexDigits = "09AFaf";
export const lettersAndDigits = "09AZaz";
/** Printable ASCII, with and without the space. */
export const printableAscii = " ~";
export const visibleAscii = "!~";

/** Whether a text has `min` to `max` characters, all in `ranges`: pairs of first and last, `"09AF"`. */
export function consistsOf(text: string, ranges: string, min = 1, max = Number.POSITIVE_INFINITY): boolean {
	// Read once: XS counts the characters each time.
	const { length } = text;
	if (length < min || length > max) return false;
	// Most characters are in the first range.
	const first = ranges.charCodeAt(0);
	const last = ranges.charCodeAt(1);
	for (let i = 0; i < length; i++) {
		const code = text.charCodeAt(i);
		if (code >= first && code <= last) continue;
		let range = 2;
		if (range >= ranges.length) return false;
		while (code < ranges.charCodeAt(range) || code > ranges.charCodeAt(range + 1)) {
			range += 2;
			if (range >= ranges.length) return false;
		}
	}
	return true;
}

/** Whether a text is 1 to `max` decimal digits. */
export function isDigits(text: string, max?: number): boolean {
	return consistsOf(text, "09", 1, max);
}

/** Whether a text is a decimal number without a sign: `12` or `12.5`. */
export function isDecimal(text: string): boolean {
	const parts = text.split(".");
	return parts.length <= 2 && parts.every((part) => isDigits(part));
}

/** Whether a text has a shape: in it, `0` stands for a digit, `A` and `a` for a letter, all else for itself. */
export function hasShape(text: string, shape: string): boolean {
	if (text.length !== shape.length) return false;
	for (let i = 0; i < text.length; i++) {
		const wanted = shape.charAt(i);
		const ranges = wanted === "0" ? "09" : wanted === "A" ? "AZ" : wanted === "a" ? "az" : wanted + wanted;
		if (!consistsOf(text.charAt(i), ranges)) return false;
	}
	return true;
}

/** The text before the first of some characters; all of it if it has none. */
export function untilAnyOf(characters: string, text: string): string {
	let end = 0;
	while (end < text.length && !characters.includes(text.charAt(end))) end++;
	return text.slice(0, end);
}
