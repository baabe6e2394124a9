import { encodeUtf8 } from "./utf8";

/** The value of a hexadecimal digit, by its character code; `undefined` for other characters. */
export function hexValue(code: number): number | undefined {
	if (code >= 0x30 && code <= 0x39) return code - 0x30;
	if (code >= 0x61 && code <= 0x66) return code - 0x57;
	if (code >= 0x41 && code <= 0x46) return code - 0x37;
	return undefined;
}

/** Decodes two hexadecimal digits per byte. Does not check the text. */
export function decodeHex(hex: string): Uint8Array {
	// As bytes: XS finds a character of a string by counting from its beginning.
	const digits = encodeUtf8(hex);
	const bytes = new Uint8Array(digits.length / 2);
	for (let i = 0; i < bytes.length; i++)
		bytes[i] = 16 * (hexValue(digits[2 * i] ?? 0) ?? 0) + (hexValue(digits[2 * i + 1] ?? 0) ?? 0);
	return bytes;
}
