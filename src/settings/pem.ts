import { decodeBase64 } from "../common/base64";
import { lowerCase } from "../common/lower-case";

const header = "-----BEGIN CERTIFICATE-----";
const footer = "-----END CERTIFICATE-----";
const lineLength = 64;
/** The longest roots of public authorities have 2,900 characters. */
export const maxPemLength = 4_096;

/** Certificates as DER, and as PEM without other text. */
export interface PemCertificates {
	readonly certificates: readonly Uint8Array[];
	readonly text: string;
}

/** An object with a PEM text, which {@link tidyPem} can replace and free. */
export interface PemHolder {
	rootCertificate?: unknown;
}

/** The certificates in a PEM text (RFC 7468), without surrounding text; or the problem with it. */
export function decodePem(pem: string): PemCertificates | { readonly problem: string } {
	const holder: PemHolder = { rootCertificate: pem };
	const problem = tidyPem(holder);
	if (problem !== undefined) return { problem };
	const text = holder.rootCertificate as string;
	if (text.length > maxPemLength) return { problem: tooLong };
	const certificates: Uint8Array[] = [];
	for (let at = text.indexOf(header); at >= 0; at = text.indexOf(header, at + 1)) {
		const start = at + header.length;
		const der = decodeBase64(text.slice(start, text.indexOf("-", start)));
		// A certificate is a DER sequence longer than 127 bytes.
		if (der === undefined || der[0] !== 0x30 || (der[1] ?? 0) < 0x81) return { problem: damaged };
		certificates.push(der);
	}
	return { certificates, text };
}

/**
 * Replaces a PEM text by its certificates in lines of 64, without other text. Returns the problem with it, if there is one:
 * then it stays. It is freed before the new one is made: both together would take too much memory.
 */
export function tidyPem(holder: PemHolder): string | undefined {
	let pem = holder.rootCertificate;
	if (typeof pem !== "string") return undefined;
	if (hasPrivateKey(pem))
		return "This has a private key, which no board needs: enter only the root certificate.";
	const lines: string[] = [];
	let certificates = 0;
	let at = pem.indexOf(header);
	while (at >= 0) {
		const start = at + header.length;
		const end = pem.indexOf("-", start);
		at = pem.indexOf(header, start);
		if (end < 0 || !pem.startsWith(footer, end)) continue;
		certificates++;
		lines.push(header);
		let rest = "";
		for (let from = start; from < end; from += partLength) {
			rest += pem.slice(from, Math.min(from + partLength, end));
			// In pieces: character by character, a text of 2 KB would be copied 2,000 times.
			for (const space of "\n\r\t \u00a0") rest = rest.split(space).join("");
			const minLength = from + partLength < end ? lineLength : 1;
			for (; rest.length >= minLength; rest = rest.slice(lineLength)) lines.push(rest.slice(0, lineLength));
			// Each certificate has two lines more, and one that is not full.
			if (lines.length > maxPemLength / lineLength + 3 * certificates) return tooLong;
		}
		lines.push(footer);
	}
	const begun = count(pem, "BEGIN CERTIFICATE") - count(pem, "BEGIN CERTIFICATE REQUEST");
	if (certificates < begun) return damaged;
	if (certificates === 0)
		return "This has no certificate: a certificate starts with -----BEGIN CERTIFICATE-----.";
	if (isOf(pem, lines)) return undefined;
	pem = holder.rootCertificate = undefined;
	holder.rootCertificate = lines.join("\n");
	return undefined;
}

/** Whether a text has these lines. */
function isOf(text: string, lines: readonly string[]): boolean {
	let length = -1;
	for (const line of lines) {
		if (!text.startsWith(line, length + 1) || (length >= 0 && text.charAt(length) !== "\n")) return false;
		length += line.length + 1;
	}
	return length === text.length;
}

/** The certificates of a checked setting, DER; none if it is empty. */
export function decodeCertificates(pem: string): readonly Uint8Array[] {
	const decoded = decodePem(pem);
	return "certificates" in decoded ? decoded.certificates : [];
}

/** Works in parts, to avoid three copies of the whole text in memory. */
function hasPrivateKey(pem: string): boolean {
	const { length } = pem;
	for (let at = 0; at < length; at += partLength)
		if (lowerCase(pem.slice(at, at + partLength + privateKey.length - 1)).includes(privateKey)) return true;
	return false;
}

const privateKey = "private key";
const partLength = 1_024;

const tooLong = "This is longer than 4,096 characters, for which a board has room.";
const damaged = "This certificate is damaged; copy it again, from BEGIN to END.";

function count(text: string, part: string): number {
	let found = 0;
	for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found++;
	return found;
}
