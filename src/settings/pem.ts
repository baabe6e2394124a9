const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The certificates of a PEM text (RFC 7468) as DER, or what is wrong with it. */
export function decodePem(
	pem: string,
): { readonly certificates: readonly Uint8Array[] } | { readonly problem: string } {
	const certificates: Uint8Array[] = [];
	for (const [, body] of pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)) {
		const der = decodeBase64((body ?? "").replace(/\s+/g, ""));
		// A certificate is one DER sequence that is longer than 127 bytes.
		if (der === undefined || der[0] !== 0x30 || (der[1] ?? 0) < 0x81)
			return { problem: "This certificate is damaged; copy it again, from BEGIN to END." };
		certificates.push(der);
	}
	if (certificates.length === 0)
		return { problem: "There is no certificate in it: it starts with -----BEGIN CERTIFICATE-----." };
	return { certificates };
}

/** RFC 4648 section 4, with padding; `undefined` when it is not that. */
function decodeBase64(text: string): Uint8Array | undefined {
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
