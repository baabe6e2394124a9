import { decodeBase64 } from "../common/base64";
import { lowerCase } from "../common/lower-case";

const header = "-----BEGIN CERTIFICATE-----";
const footer = "-----END CERTIFICATE-----";
const lineLength = 64;
/** Including white space; the longest public roots have 2,900 characters. */
const maxBase64Length = 5_000;

/** Certificates as DER, and as PEM without other text. */
export interface PemCertificates {
	readonly certificates: readonly Uint8Array[];
	readonly text: string;
}

/** The certificates in a PEM text (RFC 7468), without surrounding text; or the problem with it. */
export function decodePem(pem: string): PemCertificates | { readonly problem: string } {
	if (hasPrivateKey(pem))
		return { problem: "This has a private key, which no board needs: enter only the root certificate." };
	const certificates: Uint8Array[] = [];
	let text = "";
	/** The text so far is the beginning of `pem`, and not in memory a second time. */
	let sameLength = 0;
	let at = pem.indexOf(header);
	while (at >= 0) {
		const start = at + header.length;
		const end = pem.indexOf("-", start);
		at = pem.indexOf(header, start);
		if (end < 0 || !pem.startsWith(footer, end)) continue;
		// Each of the next steps copies it in memory.
		if (end - start > maxBase64Length)
			return { problem: `This is longer than 4,096 characters: a certificate in it has ${end - start}.` };
		const base64 = withoutWhiteSpace(pem.slice(start, end));
		const opening = certificates.length === 0 ? header : `\n${header}`;
		const isSame =
			text === "" && start === sameLength + opening.length && pem.startsWith(opening, sameLength);
		if (isSame && isWrapped(pem, start, end, base64.length)) sameLength = end + footer.length;
		else text = appended(text || pem.slice(0, sameLength), base64);
		const der = decodeBase64(base64);
		// A certificate is a DER sequence longer than 127 bytes.
		if (der === undefined || der[0] !== 0x30 || (der[1] ?? 0) < 0x81) return { problem: damaged };
		certificates.push(der);
	}
	const begun = count(pem, "BEGIN CERTIFICATE") - count(pem, "BEGIN CERTIFICATE REQUEST");
	if (certificates.length < begun) return { problem: damaged };
	if (certificates.length === 0)
		return { problem: "This has no certificate: a certificate starts with -----BEGIN CERTIFICATE-----." };
	return { certificates, text: text || (sameLength === pem.length ? pem : pem.slice(0, sameLength)) };
}

/** A text with a certificate more. Its lines are in memory during the call only. */
function appended(text: string, base64: string): string {
	const lines = text === "" ? [header] : [text, header];
	for (let i = 0; i < base64.length; i += lineLength) lines.push(base64.slice(i, i + lineLength));
	lines.push(footer);
	return lines.join("\n");
}

/** Whether so many characters of Base64 are in lines as in {@link PemCertificates.text}, from `start` to `end`. */
function isWrapped(pem: string, start: number, end: number, length: number): boolean {
	if (end - start !== length + Math.ceil(length / lineLength) + 1) return false;
	for (let at = start; at < end; at += lineLength + 1) if (pem.charAt(at) !== "\n") return false;
	return pem.charAt(end - 1) === "\n";
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

const damaged = "This certificate is damaged; copy it again, from BEGIN to END.";

function count(text: string, part: string): number {
	let found = 0;
	for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found++;
	return found;
}

/** Works in pieces: character by character, a text of 2 KB would be copied 2,000 times. */
function withoutWhiteSpace(text: string): string {
	let rest = text;
	for (const space of "\n\r\t \u00a0") if (rest.includes(space)) rest = rest.split(space).join("");
	return rest;
}
