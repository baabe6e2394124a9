import { type Certificate, isSelfIssued, parseCertificate } from "./esp32/tls/certificate";
import { areNamesWithin } from "./esp32/tls/name-constraints";
import { matchesHost } from "./esp32/tls/server-name";

/** The clock of the computer that made a certificate may be ahead by a wrong time zone. */
const clockToleranceMs = 86_400_000;

const noName = Uint8Array.of(0x30, 0);
/** A name of an undefined kind: comparing it parses all subtrees, and matches none. */
const unknownName = Uint8Array.of(0x8f, 0);

/**
 * Parses a certificate (DER) that the user enters as trusted. Returns a phrase if no server could be verified with it: it
 * fails what the verifier requires of a root, or of a server's self-signed certificate. `now`: milliseconds of Unix time, 0 if
 * unknown. `minNow`: a lower bound for `now`.
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

/** Whether a server of this name can be verified with what {@link readRootCertificate} returned. */
export function isRootFor(parsed: Certificate | string, host: string): boolean {
	if (typeof parsed === "string") return false;
	const { isCA, nameConstraints, subjectAltNames } = parsed.extensions;
	if (isSelfIssued(parsed) && matchesHost(subjectAltNames, host)) return true;
	const names = { subject: noName, extensions: { subjectAltNames: new Uint8Array(0) } };
	return isCA && (nameConstraints === undefined || areNamesWithin(nameConstraints, names, host));
}
