import { isPlainAscii, utf8Bytes } from "./utf8";

/**
 * Ranges (first, last) of code points that belong to the character before them: combining marks, variation selectors, skin
 * tones, tags. Not all of Unicode, but what people type.
 */
const markRanges: readonly number[] = Object.freeze(
	[
		[0x300, 0x36f, 0x483, 0x489, 0x591, 0x5bd, 0x64b, 0x65f, 0x93a, 0x93c, 0x93e, 0x94f, 0xe31, 0xe31],
		[0xe34, 0xe3a, 0xe47, 0xe4e, 0x1ab0, 0x1aff, 0x1dc0, 0x1dff, 0x20d0, 0x20ff, 0xfe00, 0xfe0f],
		[0xfe20, 0xfe2f, 0x1f3fb, 0x1f3ff, 0xe0020, 0xe007f],
	].flat(),
);
const zeroWidthJoiner = 0x200d;

/** Number of characters as a person counts them: approximately grapheme clusters (Unicode UAX 29), which XS lacks. */
export function countCharacters(text: string): number {
	let count = 0;
	let previous = 0;
	let isHalfFlag: boolean = false;
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		// A flag is two regional indicators.
		const isIndicator = code >= 0x1f1e6 && code <= 0x1f1ff;
		const isSecondHalf: boolean = isIndicator && isHalfFlag;
		isHalfFlag = isIndicator && !isSecondHalf;
		const continues =
			isSecondHalf || code === zeroWidthJoiner || previous === zeroWidthJoiner || isMark(code);
		if (!continues || count === 0) count++;
		previous = code;
	}
	return count;
}

function isMark(code: number): boolean {
	for (let i = 0; i < markRanges.length; i += 2)
		if (code >= (markRanges[i] ?? 0) && code <= (markRanges[i + 1] ?? 0)) return true;
	return false;
}

/** Why a text is too long, with its length. It may have `max` characters, and four bytes for each. */
export function lengthProblem(text: string, max: number): string | undefined {
	const count = isPlainAscii(text) ? text.length : countCharacters(text);
	if (count > max) return `This is longer than ${max} characters: it has ${count}.`;
	const bytes = utf8Bytes(text);
	return bytes > 4 * max
		? `This is longer than ${4 * max} bytes: its ${count} characters have ${bytes}, because some emoji take many.`
		: undefined;
}
