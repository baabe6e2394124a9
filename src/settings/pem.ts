import { decodeBase64 } from "../common/base64";

/** The certificates of a PEM text (RFC 7468) as DER, or the problem with it. */
export function decodePem(
	pem: string,
): { readonly certificates: readonly Uint8Array[] } | { readonly problem: string } {
	const certificates: Uint8Array[] = [];
	for (const [, body] of pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)) {
		const der = decodeBase64((body ?? "").replace(/\s+/g, ""));
		// A certificate is a DER sequence longer than 127 bytes.
		if (der === undefined || der[0] !== 0x30 || (der[1] ?? 0) < 0x81)
			return { problem: "This certificate is damaged; copy it again, from BEGIN to END." };
		certificates.push(der);
	}
	if (certificates.length === 0)
		return { problem: "This has no certificate: a certificate starts with -----BEGIN CERTIFICATE-----." };
	return { certificates };
}
