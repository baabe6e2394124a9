import { areBytesEqual } from "../../../common/equal-bytes";
import { lowerCase } from "../../../common/lower-case";
import type { TrustFault } from "../../connection-error";
import { type Certificate, displayName, isSelfIssued, type PublicKey, parseCertificate } from "./certificate";
import { isWithin, type Validity } from "./known-server";
import { areNamesWithin } from "./name-constraints";
import { matchesHost } from "./server-name";
import { parseScheme, type SignatureScheme } from "./signature-scheme";
import { parseRoots, type TrustAnchor } from "./trust-anchor";

export interface SignatureCheck {
	readonly key: PublicKey;
	readonly scheme: SignatureScheme;
	readonly signedBytes: Uint8Array;
	readonly signature: Uint8Array;
}

export interface PathOptions {
	/** As sent by the server, its own first. DER. */
	readonly certificates: readonly Uint8Array[];
	/** The user's trusted certificates, DER: roots, or the server's own if that is self-signed. */
	readonly trusted: readonly Uint8Array[];
	/** The other roots with this name (DER). */
	findRoots(name: Uint8Array): Iterable<TrustAnchor>;
	/** The name or dotted address used to connect. */
	readonly host: string;
	/** Milliseconds of Unix time. */
	readonly now: number;
	/** Validity of a path found earlier for the same certificates, host and roots: while valid, it is not searched again. */
	readonly known?: Validity | undefined;
	/** May throw if the signature is malformed. */
	verifySignature(check: SignatureCheck): boolean;
}

export type PathResult =
	| {
			readonly key: PublicKey;
			/** Name of the authority that signed the server's certificate. */
			readonly issuer: string;
			/** Of its path, the root included. */
			readonly validity: Validity;
	  }
	| { readonly fault: TrustFault /** For the log. */; readonly reason: string };

type Refusal = Exclude<PathResult, { readonly key: PublicKey }>;

/** Maximum certificates between the server's and a root. Public chains have one or two. */
const maxIntermediates = 4;
/** Maximum signature checks for one server; each takes a chip up to seconds. Public chains have two. */
const maxSignatureChecks = 8;
/** Maximum issuers tried: certificates of one name and key make many paths without a signature check. */
const maxTries = 64;

/** Verifies a server's certificate path (RFC 5280 section 6) and name (RFC 6125 section 6). */
export function verifyCertificatePath(options: PathOptions): PathResult {
	const [first, ...rest] = options.certificates;
	if (first === undefined) return refusal("untrusted", "it sent no certificate");
	let leaf: Certificate;
	try {
		leaf = parseCertificate(first);
	} catch (error) {
		return parseFailure("its certificate", error);
	}
	const fault = checkServerCertificate(leaf, options) ?? checkValidity(leaf, options.now);
	if (fault !== undefined) return fault;
	const validity = findValidity(leaf, rest, options);
	return "fault" in validity ? validity : { key: leaf.key, issuer: issuerOf(leaf), validity };
}

function findValidity(
	leaf: Certificate,
	others: readonly Uint8Array[],
	options: PathOptions,
): Validity | Refusal {
	const { known, now } = options;
	if (known !== undefined && isWithin(known, now)) return known;
	return isPinned(leaf, options) ? commonValidity([leaf]) : new PathSearch(others, options).search(leaf);
}

/**
 * Whether it is one of the user's trusted certificates, byte for byte; its own signature would prove nothing. Name and dates
 * are checked as for any other, as OpenSSL and browsers do.
 */
function isPinned(leaf: Certificate, { trusted }: PathOptions): boolean {
	return isSelfIssued(leaf) && trusted.some((certificate) => areBytesEqual(certificate, leaf.encoded));
}

function parseFailure(what: string, error: unknown): Refusal {
	return refusal("forged", `${what} cannot be read: ${error instanceof Error ? error.message : ""}`);
}

/** Display only: a malformed name does not affect verification. */
function issuerOf({ issuer }: Certificate): string {
	try {
		return displayName(issuer);
	} catch {
		return "";
	}
}

function refusal(fault: TrustFault, reason: string): Refusal {
	return { fault, reason };
}

function checkServerCertificate({ extensions }: Certificate, { host }: PathOptions): Refusal | undefined {
	if (!matchesHost(extensions.subjectAltNames, lowerCase(host)))
		return refusal("wrong name", `its certificate is not for ${host}`);
	if (!extensions.allowsServerAuth || !extensions.usage.digitalSignature)
		return refusal("forged", "its certificate is not for a server");
	if (extensions.hasUnknownConstraint) return refusal("forged", "its certificate has an unknown constraint");
	return undefined;
}

function checkValidity({ notBefore, notAfter }: Validity, now: number): Refusal | undefined {
	if (now < notBefore) return refusal("not yet valid", "its certificate is not valid yet");
	if (now > notAfter) return refusal("expired", "its certificate has expired");
	return undefined;
}

interface SignatureResult {
	readonly certificate: Certificate;
	readonly key: PublicKey;
	readonly isValid: boolean;
}

/**
 * Searches a path from the server's certificate to a root, depth first, with a limit on signature checks. Servers send
 * intermediates in any order, several with the same name or key (one expired, one signed by an unknown root), and unrelated
 * ones.
 */
class PathSearch {
	private readonly options: PathOptions;
	private readonly roots: readonly Certificate[];
	private readonly others: Certificate[] = [];
	/** Certificates that were not needed yet, and may be malformed. */
	private readonly unparsed: Uint8Array[];
	/** Signatures that were checked. */
	private readonly checked: SignatureResult[] = [];
	private tries = 0;
	/** Why the first path failed. */
	private reason: Refusal | undefined;
	private parseRefusal: Refusal | undefined;
	private validity: Validity | undefined;

	constructor(others: readonly Uint8Array[], options: PathOptions) {
		this.options = options;
		this.roots = parseRoots(options.trusted);
		this.unparsed = [...others];
	}

	/** The validity of the path; the first reason if there is none. */
	search(leaf: Certificate): Validity | Refusal {
		this.leadsToRoot([leaf]);
		return (
			this.validity ??
			this.reason ??
			this.parseRefusal ??
			refusal("untrusted", "its certificate does not lead to a trusted root")
		);
	}

	/** Whether the path, the server's certificate first, can be continued to a root. */
	private leadsToRoot(path: readonly Certificate[]): boolean {
		const last = path[path.length - 1];
		if (last === undefined) return false;
		for (const root of this.rootsBySubject(last.issuer))
			if (
				!isOwnIssuer(root, last) &&
				this.isValidIssuer(root, last, path) &&
				this.areNamesAllowed(path, root)
			) {
				this.validity = commonValidity([...path, root]);
				return true;
			}
		if (path.length > maxIntermediates) return false;
		for (const issuer of this.issuersOf(last))
			if (
				!isOwnIssuer(issuer, last) &&
				this.isValidIssuer(issuer, last, path) &&
				this.leadsToRoot([...path, issuer])
			)
				return true;
		return false;
	}

	private *rootsBySubject(name: Uint8Array): Generator<TrustAnchor> {
		for (const root of this.roots) if (areBytesEqual(root.subject, name)) yield root;
		yield* this.options.findRoots(name);
	}

	/** Sent certificates with the issuer's name; those with another key identifier last. */
	private *issuersOf({ issuer, extensions }: Certificate): Generator<Certificate> {
		const unlikely: Certificate[] = [];
		for (let index = 0; ; index++) {
			const other = this.others[index] ?? this.parseNext();
			if (other === undefined) break;
			if (!areBytesEqual(other.subject, issuer)) continue;
			const wanted = extensions.authorityKeyIdentifier;
			const own = other.extensions.keyIdentifier;
			if (wanted === undefined || own === undefined || areBytesEqual(wanted, own)) yield other;
			else unlikely.push(other);
		}
		yield* unlikely;
	}

	/** Parses the next certificate; skips unreadable and repeated ones. */
	private parseNext(): Certificate | undefined {
		for (let bytes = this.unparsed.shift(); bytes !== undefined; bytes = this.unparsed.shift()) {
			const encoded = bytes;
			if (this.others.some((other) => areBytesEqual(other.encoded, encoded))) continue;
			try {
				const certificate = parseCertificate(encoded);
				this.others.push(certificate);
				return certificate;
			} catch (error) {
				this.parseRefusal ??= parseFailure("a certificate in its chain", error);
			}
		}
		return undefined;
	}

	private isValidIssuer(
		issuer: TrustAnchor,
		certificate: Certificate,
		path: readonly Certificate[],
	): boolean {
		if (++this.tries > maxTries) return false;
		const fault = this.checkIssuer(issuer, certificate, path);
		this.reason ??= fault;
		return fault === undefined;
	}

	/** Checks that `issuer` was allowed to sign the last certificate of the path, and did. */
	private checkIssuer(
		issuer: TrustAnchor,
		certificate: Certificate,
		path: readonly Certificate[],
	): Refusal | undefined {
		const { isCA, usage, pathLength, allowsServerAuth, hasUnknownConstraint } = issuer.extensions;
		if (!isCA || !usage.certificateSign || !allowsServerAuth || hasUnknownConstraint)
			return refusal("forged", "a certificate in its chain must not sign others");
		if (pathLength !== undefined && countAuthorities(path) > pathLength)
			return refusal("forged", "its chain is longer than allowed");
		const outdated = checkValidity(issuer, this.options.now);
		if (outdated !== undefined) return outdated;
		// Last, because it is slow.
		if (!this.isSignedBy(certificate, issuer.key))
			return refusal("forged", "a signature in its chain does not hold");
		return undefined;
	}

	/** Each key is tried once, however many certificates have it. A malformed signature is none. */
	private isSignedBy(certificate: Certificate, key: PublicKey): boolean {
		const known = this.checked.find(
			(check) => check.certificate === certificate && isSameKey(check.key, key),
		);
		if (known !== undefined) return known.isValid;
		let isValid = false;
		try {
			const { algorithm, signedBytes, signature } = certificate;
			const scheme = parseScheme(algorithm);
			if (scheme?.kind !== key.kind || this.checked.length === maxSignatureChecks) return false;
			isValid = this.options.verifySignature({ key, scheme, signedBytes, signature });
		} catch {}
		this.checked.push({ certificate, key, isValid });
		return isValid;
	}

	/** Whether all names are within the constraints of all authorities above them. */
	private areNamesAllowed(path: readonly Certificate[], root: TrustAnchor): boolean {
		const { host } = this.options;
		const isAllowed = [...path.slice(1), root].every(
			({ extensions: { nameConstraints } }, above) =>
				nameConstraints === undefined ||
				path.slice(0, above + 1).every(
					(certificate, index) =>
						// Exempt: an authority renewing its key (RFC 5280 section 6.1.3).
						(index > 0 && isSelfIssued(certificate)) ||
						areNamesWithin(nameConstraints, certificate, index === 0 ? host : undefined),
				),
		);
		if (!isAllowed) this.reason ??= refusal("forged", "an authority of its chain is for other names");
		return isAllowed;
	}
}

function commonValidity(path: readonly Validity[]): Validity {
	return {
		notBefore: Math.max(...path.map(({ notBefore }) => notBefore)),
		notAfter: Math.min(...path.map(({ notAfter }) => notAfter)),
	};
}

/** Whether a certificate has the root's own name and key: a self-signed copy, which is not trusted for that. */
function isOwnIssuer({ subject, key }: TrustAnchor, certificate: Certificate): boolean {
	return areBytesEqual(subject, certificate.subject) && isSameKey(key, certificate.key);
}

function isSameKey(key: PublicKey, other: PublicKey): boolean {
	if (key.kind === "RSA")
		return (
			other.kind === "RSA" &&
			areBytesEqual(key.modulus, other.modulus) &&
			areBytesEqual(key.exponent, other.exponent)
		);
	return other.kind === "EC" && areBytesEqual(key.point, other.point);
}

/** Number of certificates between the server's and the next issuer, except self-issued ones (key renewal). */
function countAuthorities(path: readonly Certificate[]): number {
	return path.filter((certificate, index) => index > 0 && !isSelfIssued(certificate)).length;
}
