import type { TrustFault } from "../../connection-error";
import {
	type Certificate,
	isFor,
	nameOf,
	type PublicKey,
	parseCertificate,
	type SignatureScheme,
} from "./certificate";
import { sameBytes } from "./der";

export interface SignatureCheck {
	readonly key: PublicKey;
	readonly scheme: SignatureScheme;
	readonly signed: Uint8Array;
	readonly signature: Uint8Array;
}

/** An authority that is trusted for what it is, not for who signed it (RFC 5280 section 6.1.1). */
export type TrustAnchor = Pick<Certificate, "subject" | "key" | "extensions" | "notBefore" | "notAfter">;

/** What is needed of a root certificate (DER), in bytes of its own. Throws when it is damaged. */
export function trustAnchor(root: Uint8Array): TrustAnchor {
	const { subject, key, extensions, notBefore, notAfter } = parseCertificate(root);
	const own = { ...extensions, names: extensions.names.slice() };
	return { subject: subject.slice(), key: ownBytes(key), extensions: own, notBefore, notAfter };
}

function ownBytes(key: PublicKey): PublicKey {
	if (key.kind === "RSA")
		return { kind: "RSA", modulus: key.modulus.slice(), exponent: key.exponent.slice() };
	return { kind: "EC", curve: key.curve, x: key.x.slice(), y: key.y.slice() };
}

export interface ChainOptions {
	/** As the server sent them, its own first. DER. */
	readonly certificates: readonly Uint8Array[];
	/** Asked for one at a time, so that the owner's are taken apart only when they are needed. */
	roots(): Iterable<TrustAnchor>;
	/** The name or dotted address that the server was called by. */
	readonly host: string;
	/** Milliseconds of Unix time. */
	readonly now: number;
	verifySignature(check: SignatureCheck): boolean;
}

export type Verdict =
	| {
			readonly key: PublicKey;
			/** Who signed the server's certificate, by its name. */
			readonly issuer: string;
	  }
	| { readonly fault: TrustFault /** For the user. */; readonly reason: string };

/** Certificates that may stand between the server's and a root. Public chains have one or two. */
const mostIntermediates = 4;
/** Signatures that are checked for one server, each of which takes a chip up to seconds. Public chains have three. */
const mostSignatures = 8;

/** Whether a server is the one it says it is (RFC 5280 section 6, RFC 6125 section 6): its key, or why not. */
export function verifyChain(given: ChainOptions): Verdict {
	const [first, ...rest] = given.certificates;
	if (first === undefined) return refused("untrusted", "it showed no certificate");
	let leaf: Certificate;
	try {
		leaf = parseCertificate(first);
	} catch (error) {
		return unreadable("its certificate", error);
	}
	const options = { ...given, verifySignature: atMost(mostSignatures, given.verifySignature) };
	const fault = faultOfServer(leaf, options) ?? faultOfDates(leaf, options.now);
	if (fault !== undefined) return fault;
	const others: Certificate[] = [];
	// One that is not needed, such as an old root, need not be of a form that is accepted.
	let strange: Refusal | undefined;
	for (const bytes of rest.slice(0, mostIntermediates + 1)) {
		try {
			others.push(parseCertificate(bytes));
		} catch (error) {
			strange ??= unreadable("a certificate in its chain", error);
		}
	}
	const wrong = faultOfPath(leaf, others, options);
	if (wrong === undefined) return { key: leaf.key, issuer: issuerOf(leaf) };
	return wrong.fault === "untrusted" && strange !== undefined ? strange : wrong;
}

function unreadable(what: string, error: unknown): Refusal {
	return refused("forged", `${what} cannot be read: ${error instanceof Error ? error.message : ""}`);
}

/** The check, which holds of nothing any more after so many. */
function atMost(count: number, check: ChainOptions["verifySignature"]): ChainOptions["verifySignature"] {
	let left = count;
	return (of) => left-- > 0 && check(of);
}

/** A name that cannot be read proves nothing, and spoils nothing. */
function issuerOf({ issuer }: Certificate): string {
	try {
		return nameOf(issuer);
	} catch {
		return "";
	}
}

type Refusal = Exclude<Verdict, { readonly key: PublicKey }>;

function refused(fault: TrustFault, reason: string): Refusal {
	return { fault, reason };
}

function faultOfServer({ extensions }: Certificate, { host }: ChainOptions): Refusal | undefined {
	if (!isFor(extensions, host.toLowerCase()))
		return refused("wrong name", `its certificate is not for ${host}`);
	if (!extensions.provesServers || !extensions.usage.digitalSignature)
		return refused("forged", "its certificate is not for a server");
	if (extensions.unknownRestriction)
		return refused("forged", "its certificate has a restriction unknown here");
	return undefined;
}

function faultOfDates({ notBefore, notAfter }: TrustAnchor, now: number): Refusal | undefined {
	if (now < notBefore) return refused("not yet valid", "its certificate is not valid yet");
	if (now > notAfter) return refused("expired", "its certificate has expired");
	return undefined;
}

/**
 * Looks for a way from the server's certificate to a root; the first refusal on the way says why there is none. Where
 * several certificates could be the issuer's (one has expired, one has another key), the first that holds is it.
 */
function faultOfPath(
	leaf: Certificate,
	others: readonly Certificate[],
	options: ChainOptions,
): Refusal | undefined {
	let first: Refusal | undefined;
	const holds = (issuer: TrustAnchor, certificate: Certificate, between: number) => {
		const fault = faultOfIssuer(issuer, certificate, between, options);
		first ??= fault;
		return fault === undefined;
	};
	let current: Certificate | undefined = leaf;
	for (let between = 0; current !== undefined && between <= mostIntermediates; between++) {
		const certificate: Certificate = current;
		for (const root of issuersAmongRoots(certificate, options))
			if (holds(root, certificate, between)) return undefined;
		current = others.find(
			(issuer) =>
				issuer !== certificate &&
				sameBytes(issuer.subject, certificate.issuer) &&
				holds(issuer, certificate, between),
		);
	}
	return first ?? refused("untrusted", "its certificate leads to no root that is trusted here");
}

function* issuersAmongRoots({ issuer }: Certificate, { roots }: ChainOptions): Generator<TrustAnchor> {
	for (const root of roots()) if (sameBytes(root.subject, issuer)) yield root;
}

/** Whether `issuer` may have signed `certificate`, with `between` authorities below it, and did. */
function faultOfIssuer(
	issuer: TrustAnchor,
	certificate: Certificate,
	between: number,
	{ now, verifySignature }: ChainOptions,
): Refusal | undefined {
	const { isAuthority, usage, pathLength, provesServers, unknownRestriction } = issuer.extensions;
	if (!isAuthority || !usage.certificateSign || !provesServers || unknownRestriction)
		return refused("forged", "a certificate in its chain must not sign others");
	if (pathLength !== undefined && between > pathLength)
		return refused("forged", "its chain is longer than allowed");
	const outdated = faultOfDates(issuer, now);
	if (outdated !== undefined) return outdated;
	// Last, because it takes long.
	const { scheme, signed, signature } = certificate;
	if (scheme.kind !== issuer.key.kind || !verifySignature({ key: issuer.key, scheme, signed, signature }))
		return refused("forged", "a signature in its chain does not hold");
	return undefined;
}
