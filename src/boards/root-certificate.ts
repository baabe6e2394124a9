import { parseCertificate } from "./esp32/tls/certificate";
import { areBytesEqual } from "./esp32/tls/der";

/**
 * Why the verifier of each board can trust nothing by this certificate (DER), as a phrase: it reads the certificate, and
 * looks at what the verifier asks of a root, or of a self-signed certificate of the server itself. `undefined`: it can.
 * `now`: milliseconds of Unix time.
 */
export function rootCertificateProblem(certificate: Uint8Array, now: number): string | undefined {
	let parsed: ReturnType<typeof parseCertificate>;
	try {
		parsed = parseCertificate(certificate);
	} catch (error) {
		return `it cannot be read: ${error instanceof Error && error.message !== "" ? error.message : "it is cut off"}`;
	}
	const { subject, issuer, notAfter, extensions } = parsed;
	const { isCA, usage, allowsServerAuth, hasUnknownConstraint } = extensions;
	if (!isCA && !areBytesEqual(subject, issuer))
		return "it is a server's, signed by another: an authority's has CA:TRUE in its basicConstraints";
	if (!(isCA ? usage.certificateSign : usage.digitalSignature)) return "its keyUsage does not let it sign";
	if (!allowsServerAuth) return "its extendedKeyUsage is not for servers";
	if (hasUnknownConstraint) return "it has a critical rule (extension) that this firmware cannot keep";
	if (now > notAfter) return `it expired on ${new Date(notAfter).toISOString().slice(0, 10)}`;
	return undefined;
}
