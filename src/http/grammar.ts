import { lowestByte } from "../common/byte-range";
import { encodeUtf8 } from "../common/utf8";

/** Character classes of RFC 9110 section 5 and RFC 9112 section 3, by character code. */

const punctuation = "!#$%&'*+.^_`|~";

/** A token character, as in methods and header names (RFC 9110 section 5.6.2). */
export function isTokenCode(code: number): boolean {
	return (
		(code >= 0x61 && code <= 0x7a) ||
		(code >= 0x41 && code <= 0x5a) ||
		(code >= 0x30 && code <= 0x39) ||
		code === 0x2d ||
		(code > 0x20 && code < 0x7f && punctuation.includes(String.fromCharCode(code)))
	);
}

/** A header value character: visible, space, tab, or not ASCII (RFC 9110 section 5.5). */
export function isFieldCode(code: number): boolean {
	return (code >= 0x20 && code !== 0x7f) || code === 0x09;
}

export function isToken(text: string): boolean {
	return text.length > 0 && encodeUtf8(text).every(isTokenCode);
}

/** Whether a text is a valid header value. */
export function isFieldText(text: string): boolean {
	const bytes = encodeUtf8(text);
	return isPlainField(bytes) || bytes.every(isFieldCode);
}

/**
 * Fast check with native functions: whether bytes of a header value have no control character, not even a tab. False does
 * not mean invalid.
 */
export function isPlainField(bytes: Uint8Array): boolean {
	return lowestByte(bytes) >= 0x20 && !bytes.includes(0x7f);
}

/** Whether a text is a valid request target in origin form (RFC 9112 section 3.2.1). */
export function isTarget(text: string): boolean {
	return text.startsWith("/") && encodeUtf8(text).every((code) => code > 0x20 && code < 0x7f);
}
