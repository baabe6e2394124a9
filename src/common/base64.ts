import { encodeUtf8 } from "./utf8";

/** Characters converted to bytes at a time. */
const partLength = 1_024;

/** Decodes Base64 with padding (RFC 4648 section 4); skips ASCII white space, as PEM needs it. `undefined` if it is invalid. */
export function decodeBase64(text: string): Uint8Array | undefined {
	const { length } = text;
	const bytes = new Uint8Array(Math.floor((length * 3) / 4));
	let bits = 0;
	let count = 0;
	let characters = 0;
	let padding = 0;
	let at = 0;
	// As bytes, in parts: XS finds a character of a string by counting from its beginning.
	for (let start = 0; start < length; start += partLength) {
		const part = encodeUtf8(text.slice(start, start + partLength));
		for (let i = 0; i < part.length; i++) {
			const code = part[i] ?? 0;
			if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) continue;
			characters++;
			if (code === 0x3d) {
				padding++;
				continue;
			}
			const sextet = sextetOf(code);
			if (sextet < 0 || padding > 0) return undefined;
			bits = ((bits << 6) | sextet) & 0xffffff;
			count += 6;
			if (count < 8) continue;
			count -= 8;
			bytes[at++] = (bits >> count) & 0xff;
		}
	}
	if (characters % 4 !== 0 || padding > 2) return undefined;
	return at === bytes.length ? bytes : bytes.slice(0, at);
}

/** Value of a character; negative if it is not in the alphabet. */
function sextetOf(code: number): number {
	if (code >= 0x61) return code <= 0x7a ? code - 71 : -1;
	if (code >= 0x41) return code <= 0x5a ? code - 65 : -1;
	if (code >= 0x30) return code <= 0x39 ? code + 4 : -1;
	if (code === 0x2b) return 62;
	return code === 0x2f ? 63 : -1;
}
