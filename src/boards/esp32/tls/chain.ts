import type { TrustFault } from "../../connection-error";
import {
	type Certificate,
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
	return { subject: subject.slice(), key: ownBytes(key), extensions, notBefore, notAfter };
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

/** Whether a server is the one it says it is (RFC 5280 section 6, RFC 6125 section 6): its key, or why not. */
export function verifyChain(options: ChainOptions): Verdict {
	let leaf: Certificate;
	const others: Certificate[] = [];
	try {
		const [first, ...rest] = options.certificates;
		if (first === undefined) return refused("untrusted", "it showed no certificate");
		leaf = parseCertificate(first);
		for (const bytes of rest.slice(0, mostIntermediates + 1)) others.push(parseCertificate(bytes));
	} catch (error) {
		return refused(
			"forged",
			`its certificate cannot be read: ${error instanceof Error ? error.message : ""}`,
		);
	}
	const fault =
		faultOfServer(leaf, options) ?? faultOfDates(leaf, options.now) ?? faultOfPath(leaf, others, options);
	return fault ?? { key: leaf.key, issuer: issuerOf(leaf) };
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
	if (!isNamed(extensions.names, extensions.addresses, host.toLowerCase()))
		return refused("wrong name", `its certificate is not for ${host}`);
	if (!extensions.provesServers || !extensions.usage.digitalSignature)
		return refused("forged", "its certificate is not for a server");
	if (extensions.unknownRestriction)
		return refused("forged", "its certificate has a restriction unknown here");
	return undefined;
}

/** A wildcard stands for one whole label, the first, and never for a top-level domain (RFC 6125 section 6.4.3). */
function isNamed(names: readonly string[], addresses: readonly string[], host: string): boolean {
	if (/^[\d.]+$/.test(host)) return addresses.includes(host);
	const dot = host.indexOf(".");
	const parent = dot > 0 ? host.slice(dot) : "";
	return names.some(
		(name) =>
			name === host || (parent.indexOf(".", 1) > 0 && name.startsWith("*.") && name.slice(1) === parent),
	);
}

function faultOfDates({ notBefore, notAfter }: TrustAnchor, now: number): Refusal | undefined {
	if (now < notBefore) return refused("not yet valid", "its certificate is not valid yet");
	if (now > notAfter) return refused("expired", "its certificate has expired");
	return undefined;
}

/** Looks for a way from the server's certificate to a root; the first refusal on the way says why there is none. */
function faultOfPath(
	leaf: Certificate,
	others: readonly Certificate[],
	options: ChainOptions,
): Refusal | undefined {
	let first: Refusal | undefined;
	let current = leaf;
	const unused = new Set(others);
	for (let between = 0; between <= mostIntermediates; between++) {
		for (const root of issuersAmongRoots(current, options)) {
			const fault = faultOfIssuer(root, current, between, options);
			if (fault === undefined) return undefined;
			first ??= fault;
		}
		const [issuer] = [...unused].filter(({ subject }) => sameBytes(subject, current.issuer));
		if (issuer === undefined) break;
		const fault = faultOfIssuer(issuer, current, between, options);
		if (fault !== undefined) return fault;
		unused.delete(issuer);
		current = issuer;
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
	const { scheme, signed, signature } = certificate;
	if (scheme.kind !== issuer.key.kind || !verifySignature({ key: issuer.key, scheme, signed, signature }))
		return refused("forged", "a signature in its chain does not hold");
	return faultOfDates(issuer, now);
}
