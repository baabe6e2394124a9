import { isPlainAscii } from "./utf8";

/**
 * Whether a text has control characters (C0, DEL, C1: a terminal executes them, a page does not show them), line
 * separators, bidirectional controls (they make a text look like another), or a lone surrogate (UTF-8 cannot encode it).
 */
export function hasControlCharacters(text: string): boolean {
	if (isPlainAscii(text)) return false;
	for (const character of text) {
		if (isControlCharacter(character.codePointAt(0) ?? 0)) return true;
	}
	return false;
}

/** The text with a space for each run of control characters: safe to log, even if untrusted. */
export function toPrintable(text: string): string {
	if (!hasControlCharacters(text)) return text;
	let result = "";
	let afterControl = false;
	for (const character of text) {
		const control = isControlCharacter(character.codePointAt(0) ?? 0);
		if (!control) result += character;
		else if (!afterControl) result += " ";
		afterControl = control;
	}
	return result;
}

function isControlCharacter(code: number): boolean {
	return (
		code < 0x20 ||
		(code >= 0x7f && code < 0xa0) ||
		(code >= 0x2028 && code <= 0x202e) ||
		(code >= 0x2066 && code <= 0x2069) ||
		(code >= 0xd800 && code <= 0xdfff)
	);
}
