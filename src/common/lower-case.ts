import { decodeUtf8, encodeUtf8 } from "./utf8";

const A = 65;
const Z = 90;
const toLower = 32;

/**
 * A text with its ASCII letters in lower case; all else stays. That is what protocols mean by "case-insensitive", and
 * the engine's `toLowerCase` brings Unicode's tables along, which take 12 KB of flash.
 */
export function lowerCase(text: string): string {
	// XS finds a character of a text by counting from its beginning, a byte at once.
	const bytes = encodeUtf8(text);
	for (let i = 0; i < bytes.length; i++) {
		const code = bytes[i] ?? 0;
		if (code >= A && code <= Z) bytes[i] = code + toLower;
	}
	return decodeUtf8(bytes);
}
