const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Decodes Base64 with padding (RFC 4648 section 4); `undefined` if it is invalid. */
export function decodeBase64(text: string): Uint8Array | undefined {
	if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
	const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
	const bytes = new Uint8Array((text.length / 4) * 3 - padding);
	let bits = 0;
	let count = 0;
	let at = 0;
	for (let i = 0; i < text.length - padding; i++) {
		bits = ((bits << 6) | alphabet.indexOf(text.charAt(i))) & 0xffffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes[at++] = (bits >> count) & 0xff;
	}
	return bytes;
}
