const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Decodes Base64 with padding (RFC 4648 section 4); skips ASCII white space, as PEM needs it. `undefined` if it is invalid. */
export function decodeBase64(text: string): Uint8Array | undefined {
	const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
	let bits = 0;
	let count = 0;
	let characters = 0;
	let padding = 0;
	let at = 0;
	for (let i = 0; i < text.length; i++) {
		const character = text.charAt(i);
		if ("\n\r\t ".includes(character)) continue;
		characters++;
		if (character === "=") {
			padding++;
			continue;
		}
		const value = alphabet.indexOf(character);
		if (value < 0 || padding > 0) return undefined;
		bits = ((bits << 6) | value) & 0xffffff;
		count += 6;
		if (count < 8) continue;
		count -= 8;
		bytes[at++] = (bits >> count) & 0xff;
	}
	if (characters % 4 !== 0 || padding > 2) return undefined;
	return at === bytes.length ? bytes : bytes.slice(0, at);
}
