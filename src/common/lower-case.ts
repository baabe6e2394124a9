const A = 65;
const Z = 90;
const toLower = 32;

/**
 * A text with its ASCII letters in lower case; all else stays. That is what protocols mean by "case-insensitive", and
 * the engine's `toLowerCase` brings Unicode's tables along, which take 12 KB of flash.
 */
export function lowerCase(text: string): string {
	let lower = "";
	let rest = 0;
	for (let i = 0; i < text.length; i++) {
		const code = text.charCodeAt(i);
		if (code < A || code > Z) continue;
		lower += text.slice(rest, i) + String.fromCharCode(code + toLower);
		rest = i + 1;
	}
	return lower + text.slice(rest);
}
