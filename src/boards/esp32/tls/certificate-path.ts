import type { TrustFault } from "../../connection-error";
import {
	type Certificate,
	displayName,
	matchesHost,
	type PublicKey,
	parseCertificate,
	type SignatureScheme,
} from "./certificate";
import { areBytesEqual } from "./der";

export interface SignatureCheck {
	readonly key: PublicKey;
	readonly scheme: SignatureScheme;
	readonly signedBytes: Uint8Array;
	readonly signature: Uint8Array;
}

/** An authority that is trusted without a signature (RFC 5280 section 6.1.1). */
export type TrustAnchor = Pick<Certificate, "subject" | "key" | "extensions" | "notBefore" | "notAfter">;

/** The trust anchor of a root certificate (DER), copied. Throws if it is malformed. */
export function makeTrustAnchor(root: Uint8Array): TrustAnchor {
	const { subject, key, extensions, notBefore, notAfter } = parseCertificate(root);
	const own = { ...extensions, names: extensions.subjectAltNames.slice() };
	return { subject: subject.slice(), key: copyKey(key), extensions: own, notBefore, notAfter };
}

function copyKey(key: PublicKey): PublicKey {
	if (key.kind === "RSA")
		return { kind: "RSA", modulus: key.modulus.slice(), exponent: key.exponent.slice() };
	return { kind: "EC", curve: key.curve, x: key.x.slice(), y: key.y.slice() };
}

export interface PathOptions {
	/** As sent by the server, its own first. DER. */
	readonly certificates: readonly Uint8Array[];
	/** Iterated, so that custom roots are parsed only if needed. */
	roots(): Iterable<TrustAnchor>;
	/** The name or dotted address used to connect. */
	readonly host: string;
	/** Milliseconds of Unix time. */
	readonly now: number;
	verifySignature(check: SignatureCheck): boolean;
}

export type PathResult =
	| {
			readonly key: PublicKey;
			/** Name of the authority that signed the server's certificate. */
			readonly issuer: string;
	  }
	| { readonly fault: TrustFault /** For the log. */; readonly reason: string };

/** Maximum certificates between the server's and a root. Public chains have one or two. */
const maxIntermediates = 4;
/** Maximum signature checks for one server; each takes a chip up to seconds. Public chains have three. */
const maxSignatureChecks = 8;

/** Verifies a server's certificate path (RFC 5280 section 6) and name (RFC 6125 section 6). */
export function verifyCertificatePath(pathOptions: PathOptions): PathResult {
	const [first, ...rest] = pathOptions.certificates;
	if (first === undefined) return refusal("untrusted", "it sent no certificate");
	let leaf: Certificate;
	try {
		leaf = parseCertificate(first);
	} catch (error) {
		return parseFailure("its certificate", error);
	}
	const options = {
		...pathOptions,
		verifySignature: limitCalls(maxSignatureChecks, pathOptions.verifySignature),
	};
	const fault = checkServerCertificate(leaf, options) ?? checkValidity(leaf, options.now);
	if (fault !== undefined) return fault;
	const others: Certificate[] = [];
	// One that is not needed, such as an old root, may be malformed.
	let parseRefusal: Refusal | undefined;
	for (const bytes of rest.slice(0, maxIntermediates + 1)) {
		try {
			others.push(parseCertificate(bytes));
		} catch (error) {
			parseRefusal ??= parseFailure("a certificate in its chain", error);
		}
	}
	const pathRefusal = checkPath(leaf, others, options);
	if (pathRefusal === undefined) return { key: leaf.key, issuer: issuerOf(leaf) };
	return pathRefusal.fault === "untrusted" && parseRefusal !== undefined ? parseRefusal : pathRefusal;
}

function parseFailure(what: string, error: unknown): Refusal {
	return refusal("forged", `${what} cannot be read: ${error instanceof Error ? error.message : ""}`);
}

/** Wraps the check so that it fails after `count` calls. */
function limitCalls(count: number, check: PathOptions["verifySignature"]): PathOptions["verifySignature"] {
	let left = count;
	return (of) => left-- > 0 && check(of);
}

/** A malformed name does not matter for the verification. */
function issuerOf({ issuer }: Certificate): string {
	try {
		return displayName(issuer);
	} catch {
		return "";
	}
}

type Refusal = Exclude<PathResult, { readonly key: PublicKey }>;

function refusal(fault: TrustFault, reason: string): Refusal {
	return { fault, reason };
}

function checkServerCertificate({ extensions }: Certificate, { host }: PathOptions): Refusal | undefined {
	if (!matchesHost(extensions, host.toLowerCase()))
		return refusal("wrong name", `its certificate is not for ${host}`);
	if (!extensions.allowsServerAuth || !extensions.usage.digitalSignature)
		return refusal("forged", "its certificate is not for a server");
	if (extensions.hasUnknownConstraint) return refusal("forged", "its certificate has an unknown constraint");
	return undefined;
}

function checkValidity({ notBefore, notAfter }: TrustAnchor, now: number): Refusal | undefined {
	if (now < notBefore) return refusal("not yet valid", "its certificate is not valid yet");
	if (now > notAfter) return refusal("expired", "its certificate has expired");
	return undefined;
}

/**
 * Searches a path from the server's certificate to a root; if there is none, returns the first reason. If several
 * certificates may be the issuer's (one expired, one with another key), the first valid one is used.
 */
function checkPath(
	leaf: Certificate,
	others: readonly Certificate[],
	options: PathOptions,
): Refusal | undefined {
	let first: Refusal | undefined;
	const isValidIssuer = (issuer: TrustAnchor, certificate: Certificate, between: number) => {
		const fault = checkIssuer(issuer, certificate, between, options);
		first ??= fault;
		return fault === undefined;
	};
	let current: Certificate | undefined = leaf;
	for (let between = 0; current !== undefined && between <= maxIntermediates; between++) {
		const certificate: Certificate = current;
		for (const root of rootsBySubject(certificate, options))
			if (isValidIssuer(root, certificate, between)) return undefined;
		current = others.find(
			(issuer) =>
				issuer !== certificate &&
				areBytesEqual(issuer.subject, certificate.issuer) &&
				isValidIssuer(issuer, certificate, between),
		);
	}
	return first ?? refusal("untrusted", "its certificate does not lead to a trusted root");
}

function* rootsBySubject({ issuer }: Certificate, { roots }: PathOptions): Generator<TrustAnchor> {
	for (const root of roots()) if (areBytesEqual(root.subject, issuer)) yield root;
}

/** Checks that `issuer`, with `between` authorities below it, was allowed to sign `certificate` and did. */
function checkIssuer(
	issuer: TrustAnchor,
	certificate: Certificate,
	between: number,
	{ now, verifySignature }: PathOptions,
): Refusal | undefined {
	const { isCA, usage, pathLength, allowsServerAuth, hasUnknownConstraint } = issuer.extensions;
	if (!isCA || !usage.certificateSign || !allowsServerAuth || hasUnknownConstraint)
		return refusal("forged", "a certificate in its chain must not sign others");
	if (pathLength !== undefined && between > pathLength)
		return refusal("forged", "its chain is longer than allowed");
	const outdated = checkValidity(issuer, now);
	if (outdated !== undefined) return outdated;
	// Last, because it is slow.
	const { scheme, signedBytes, signature } = certificate;
	if (
		scheme.kind !== issuer.key.kind ||
		!verifySignature({ key: issuer.key, scheme, signedBytes, signature })
	)
		return refusal("forged", "a signature in its chain does not hold");
	return undefined;
}
