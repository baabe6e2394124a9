import { type Certificate, isSelfIssued, parseCertificate } from "./esp32/tls/certificate";
import { areNamesWithin } from "./esp32/tls/name-constraints";
import { matchesHost } from "./esp32/tls/server-name";

/** One that was read. */
export type RootCertificate = Certificate;

/** A computer that makes a certificate may be ahead of the board by a wrong time zone. */
const clockToleranceMs = 86_400_000;

const noName = Uint8Array.of(0x30, 0);
/** A kind of name that there is not: comparing it reads all subtrees, and none is for it. */
const unknownName = Uint8Array.of(0x8f, 0);

/**
 * Reads a certificate (DER) that the user trusts. A phrase: why the verifier of each board can trust nothing by it, by what
 * it asks of a root, or of a self-signed certificate of the server itself. `now`: milliseconds of Unix time, 0 if unknown; it
 * is `minNow` at least.
 */
export function readRootCertificate(
	certificate: Uint8Array,
	now: number,
	minNow: number,
): Certificate | string {
	try {
		const parsed = parseCertificate(certificate);
		return problemOf(parsed, now, minNow) ?? parsed;
	} catch (error) {
		return `it cannot be read: ${error instanceof Error && error.message !== "" ? error.message : "it is cut off"}`;
	}
}

function problemOf(parsed: Certificate, now: number, minNow: number): string | undefined {
	const { notBefore, notAfter, extensions } = parsed;
	const { isCA, usage, allowsServerAuth, hasUnknownConstraint, nameConstraints } = extensions;
	if (!isCA && !isSelfIssued(parsed))
		return "it is a server's, signed by another: an authority's has CA:TRUE in its basicConstraints";
	if (!(isCA ? usage.certificateSign : usage.digitalSignature)) return "its keyUsage does not let it sign";
	if (!allowsServerAuth) return "its extendedKeyUsage is not for servers";
	if (hasUnknownConstraint) return "it has a critical rule (extension) that this firmware cannot keep";
	const names = { subject: noName, extensions: { subjectAltNames: unknownName } };
	if (nameConstraints !== undefined && !areNamesWithin(nameConstraints, names))
		return "its nameConstraints cannot be read";
	if (Math.max(now, minNow) > notAfter) return `it expired on ${dateOf(notAfter)}`;
	if (now > 0 && now + clockToleranceMs < notBefore) return `it is not valid before ${dateOf(notBefore)}`;
	return undefined;
}

function dateOf(utc: number): string {
	return new Date(utc).toISOString().slice(0, 10);
}

/** Whether the verifier can trust a server of this name by a certificate that {@link readRootCertificate} returns. */
export function isRootFor(parsed: Certificate, host: string): boolean {
	const { isCA, nameConstraints, subjectAltNames } = parsed.extensions;
	if (isSelfIssued(parsed) && matchesHost(subjectAltNames, host)) return true;
	const names = { subject: noName, extensions: { subjectAltNames: new Uint8Array(0) } };
	return isCA && (nameConstraints === undefined || areNamesWithin(nameConstraints, names, host));
}
