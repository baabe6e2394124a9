import { decodeBase64 } from "../common/base64";

/** Certificates as DER, and as a PEM text of nothing else. */
export interface PemCertificates {
	readonly certificates: readonly Uint8Array[];
	readonly text: string;
}

/** The certificates of a PEM text (RFC 7468) without what stands around them, or the problem with it. */
export function decodePem(pem: string): PemCertificates | { readonly problem: string } {
	if (/PRIVATE KEY/i.test(pem))
		return { problem: "This has a private key, which no board needs: enter only the root certificate." };
	const certificates: Uint8Array[] = [];
	const blocks: string[] = [];
	for (const [, body = ""] of pem.matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/g)) {
		const base64 = body.replace(/\s+/g, "");
		const der = decodeBase64(base64);
		// A certificate is a DER sequence longer than 127 bytes.
		if (der === undefined || der[0] !== 0x30 || (der[1] ?? 0) < 0x81) return { problem: damaged };
		certificates.push(der);
		const lines = base64.match(/.{1,64}/g) ?? [];
		blocks.push(["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----"].join("\n"));
	}
	if (certificates.length < pem.split("BEGIN CERTIFICATE").length - 1) return { problem: damaged };
	if (certificates.length === 0)
		return { problem: "This has no certificate: a certificate starts with -----BEGIN CERTIFICATE-----." };
	return { certificates, text: blocks.join("\n") };
}

const damaged = "This certificate is damaged; copy it again, from BEGIN to END.";
