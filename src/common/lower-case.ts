import { decodeUtf8, encodeUtf8 } from "./utf8";

const A = 65;
const Z = 90;
const toLower = 32;

/**
 * Converts ASCII letters to lower case, as protocols mean "case-insensitive". `toLowerCase` would link Unicode's tables: 12
 * KB of flash.
 */
export function lowerCase(text: string): string {
	// As bytes: XS finds a character of a string by counting from its beginning.
	const bytes = encodeUtf8(text);
	for (let i = 0; i < bytes.length; i++) {
		const code = bytes[i] ?? 0;
		if (code >= A && code <= Z) bytes[i] = code + toLower;
	}
	return decodeUtf8(bytes);
}
