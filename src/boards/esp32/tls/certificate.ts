import { toPrintable } from "../../../common/control-characters";
import { areBytesEqual } from "../../../common/equal-bytes";
import { decodeUtf8 } from "../../../common/utf8";
import {
	checkIdentifier,
	type DerElement,
	DerError,
	DerReader,
	identifierKey,
	parseBitString,
	parseBoolean,
	parseExplicit,
	parseInteger,
	parseSequence,
	parseSmallInteger,
	parseTime,
	parseUnsignedInteger,
	Tag,
} from "./der";
import { checkNames } from "./server-name";

/** A public key; big numbers are bytes, most significant first. */
export type PublicKey =
	| { readonly kind: "RSA"; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
	| { readonly kind: "EC"; readonly curve: Curve /** x, then y. */; readonly point: Uint8Array };

export type Curve = "secp256r1" | "secp384r1";

/** The parts of a certificate (RFC 5280) that a verifier needs. */
export interface Certificate {
	/** The whole certificate. */
	readonly encoded: Uint8Array;
	/** The bytes covered by the signature. */
	readonly signedBytes: Uint8Array;
	/** AlgorithmIdentifier of the signature; parsed only when the signature is verified, never for a root. */
	readonly algorithm: DerElement;
	readonly signature: Uint8Array;
	/** DER of the distinguished names. */
	readonly issuer: Uint8Array;
	readonly subject: Uint8Array;
	/** Milliseconds of Unix time. */
	readonly notBefore: number;
	readonly notAfter: number;
	readonly key: PublicKey;
	readonly extensions: Extensions;
}

export interface Extensions {
	readonly isCA: boolean;
	/** Maximum authorities between this one and the server; `undefined`: no limit. */
	readonly pathLength: number | undefined;
	/** Without the extension a key may be used for anything (RFC 5280 section 4.2.1.3). */
	readonly usage: { readonly digitalSignature: boolean; readonly certificateSign: boolean };
	/** Whether it may be part of a server's path. */
	readonly allowsServerAuth: boolean;
	/**
	 * The content of subjectAltName, DER, empty without it; the subject's common name is ignored. Not parsed: it may be
	 * hundreds of names from an unverified server.
	 */
	readonly subjectAltNames: Uint8Array;
	/** The content of nameConstraints, DER; parsed once a path is complete. */
	readonly nameConstraints: Uint8Array | undefined;
	/** Ids of its own key and its issuer's: hints only (RFC 5280 sections 4.2.1.1 and 4.2.1.2). */
	readonly keyIdentifier: Uint8Array | undefined;
	readonly authorityKeyIdentifier: Uint8Array | undefined;
	/** Whether it has a critical extension that this verifier does not support. */
	readonly hasUnknownConstraint: boolean;
}

/** Whether its subject and issuer have the same name (RFC 5280 section 3.2). */
export function isSelfIssued({ subject, issuer }: Pick<Certificate, "subject" | "issuer">): boolean {
	return areBytesEqual(subject, issuer);
}

/** Organization, and common name (RFC 5280 appendix A.1). */
const displayedAttributes: readonly string[] = Object.freeze(["85.4.10", "85.4.3"]);
/** Maximum length of a display name, characters; longer ones are cut. */
const maxDisplayNameLength = 64;

/** The organization of a distinguished name (DER), else the common name, else an empty text. */
export function displayName(distinguished: Uint8Array): string {
	const found = new Map<string, string>();
	const sets = parseSequence(new DerReader(distinguished).read(Tag.sequence));
	while (!sets.done) {
		// Sets nearly always have one attribute.
		const attribute = parseSequence(new DerReader(sets.readAny().content).read(Tag.sequence));
		const identifier = identifierKey(attribute.read(Tag.objectIdentifier));
		if (displayedAttributes.includes(identifier) && !found.has(identifier))
			found.set(identifier, toPrintable(decodeUtf8(attribute.readAny().content)));
	}
	return (
		displayedAttributes.map((identifier) => found.get(identifier)).find((name) => name !== undefined) ?? ""
	).slice(0, maxDisplayNameLength);
}

/** Parses an X.509 certificate. Throws if it is damaged, or its key is of a kind that public authorities do not use. */
export function parseCertificate(bytes: Uint8Array): Certificate {
	const outer = new DerReader(bytes);
	const parts = parseSequence(outer.read(Tag.sequence));
	outer.end();
	const tbs = parts.read(Tag.sequence);
	const algorithm = parts.read(Tag.sequence);
	const signature = parseBitString(parts.read(Tag.bitString));
	parts.end();
	const fields = parseSequence(tbs);
	const version = parseExplicit(fields.readOptional(0xa0));
	if (version === undefined || parseSmallInteger(version) !== 2)
		throw new DerError("no certificate of version 3");
	// The serial number, which is not needed.
	parseInteger(fields.readAny());
	if (!areBytesEqual(fields.read(Tag.sequence).encoded, algorithm.encoded))
		throw new DerError("two signature algorithms");
	const issuer = fields.read(Tag.sequence).encoded;
	const validity = parseSequence(fields.read(Tag.sequence));
	const notBefore = parseTime(validity.readAny());
	const notAfter = parseTime(validity.readAny());
	const subject = fields.read(Tag.sequence).encoded;
	const key = parseKey(fields.read(Tag.sequence));
	// Unique identifiers are not used.
	fields.readOptional(0x81);
	fields.readOptional(0x82);
	const extensions = parseExtensions(fields.readOptional(0xa3));
	fields.end();
	return {
		encoded: bytes,
		signedBytes: tbs.encoded,
		algorithm,
		signature,
		issuer,
		subject,
		notBefore,
		notAfter,
		key,
		extensions,
	};
}

/** RFC 5480 section 2.1.1.1. */
const curves: Readonly<Record<string, { readonly name: Curve; readonly size: number }>> = Object.freeze({
	"42.134.72.206.61.3.1.7": Object.freeze({ name: "secp256r1", size: 32 }),
	"43.129.4.0.34": Object.freeze({ name: "secp384r1", size: 48 }),
});

/** Minimum RSA key size (CA/Browser Forum baseline requirements 6.1.5). */
const minModulusBytes = 256;
/** A longer one costs a chip minutes. */
const maxModulusBytes = 512;

/** The key in a SubjectPublicKeyInfo. */
function parseKey(element: DerElement): PublicKey {
	const fields = parseSequence(element);
	const algorithm = parseSequence(fields.read(Tag.sequence));
	const bits = parseBitString(fields.read(Tag.bitString));
	fields.end();
	switch (identifierKey(algorithm.read(Tag.objectIdentifier))) {
		case "42.134.72.134.247.13.1.1.1": {
			const outer = new DerReader(bits);
			const numbers = parseSequence(outer.read(Tag.sequence));
			outer.end();
			const modulus = parseUnsignedInteger(numbers.read(Tag.integer));
			const exponent = parseUnsignedInteger(numbers.read(Tag.integer));
			numbers.end();
			// With exponent 1, anyone can forge a signature.
			if (
				modulus.length < minModulusBytes ||
				modulus.length > maxModulusBytes ||
				exponent.length > 4 ||
				!isOdd(modulus) ||
				!isOdd(exponent) ||
				(exponent.length === 1 && exponent[0] === 1)
			)
				throw new DerError("an RSA key that is not accepted");
			return { kind: "RSA", modulus, exponent };
		}
		case "42.134.72.206.61.2.1": {
			const curve = curves[identifierKey(algorithm.read(Tag.objectIdentifier))];
			if (curve === undefined) throw new DerError("a curve that is not accepted");
			const { name, size } = curve;
			// SEC 1 section 2.3.3: 4 is the uncompressed form.
			if (bits[0] !== 4 || bits.length !== 1 + 2 * size) throw new DerError("no point of its curve");
			return { kind: "EC", curve: name, point: bits.subarray(1) };
		}
		default:
			throw new DerError("a key that is not accepted");
	}
}

function isOdd(number: Uint8Array): boolean {
	return ((number[number.length - 1] ?? 0) & 1) === 1;
}

/** Public certificates have some ten. */
const maxExtensions = 32;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Without any extension. */
export const noExtensions: Extensions = Object.freeze({
	isCA: false,
	pathLength: undefined,
	usage: Object.freeze({ digitalSignature: true, certificateSign: true }),
	allowsServerAuth: true,
	subjectAltNames: new Uint8Array(0),
	nameConstraints: undefined,
	keyIdentifier: undefined,
	authorityKeyIdentifier: undefined,
	hasUnknownConstraint: false,
});

function parseExtensions(element: DerElement | undefined): Extensions {
	if (element === undefined) return noExtensions;
	const found: Writable<Extensions> = { ...noExtensions };
	const outer = new DerReader(element.content);
	const list = parseSequence(outer.read(Tag.sequence));
	outer.end();
	const seen: string[] = [];
	while (!list.done) {
		const extension = parseSequence(list.read(Tag.sequence));
		const identifier = extension.read(Tag.objectIdentifier);
		const key = identifierKey(identifier);
		const critical = extension.readOptional(Tag.boolean);
		const value = extension.read(Tag.octetString).content;
		extension.end();
		if (seen.includes(key)) throw new DerError("an extension twice");
		if (seen.length === maxExtensions) throw new DerError("too many extensions");
		seen.push(key);
		const isCritical = critical !== undefined && parseBoolean(critical);
		if (!parseExtension(found, identifier, value) && isCritical) found.hasUnknownConstraint = true;
	}
	return found;
}

/** Parses an extension (RFC 5280 section 4.2.1) if it is used; false if it must not be critical. */
function parseExtension(found: Writable<Extensions>, identifier: DerElement, bytes: Uint8Array): boolean {
	const { content } = identifier;
	// All that are used are 2.5.29 and a number.
	if (content.length !== 3 || content[0] !== 0x55 || content[1] !== 0x1d) {
		checkIdentifier(identifier);
		return false;
	}
	const value = new DerReader(bytes);
	switch (content[2]) {
		case 19: {
			const constraints = parseSequence(value.read(Tag.sequence));
			const authority = constraints.readOptional(Tag.boolean);
			const length = constraints.readOptional(Tag.integer);
			constraints.end();
			found.isCA = authority !== undefined && parseBoolean(authority);
			found.pathLength = length === undefined ? undefined : parseSmallInteger(length);
			break;
		}
		case 15: {
			const { content: flags } = value.read(Tag.bitString);
			const [unused = 8, bits = 0] = flags;
			if (unused > 7 || ((flags[flags.length - 1] ?? 0) & ((1 << unused) - 1)) !== 0)
				throw new DerError("a bit string with unused bits that are set");
			found.usage = { digitalSignature: (bits & 0x80) !== 0, certificateSign: (bits & 0x04) !== 0 };
			break;
		}
		case 37:
			found.allowsServerAuth = hasServerAuth(parseSequence(value.read(Tag.sequence)));
			break;
		case 17:
			found.subjectAltNames = value.read(Tag.sequence).content;
			checkNames(found.subjectAltNames);
			break;
		case 30:
			found.nameConstraints = value.read(Tag.sequence).content;
			break;
		case 14:
			found.keyIdentifier = value.read(Tag.octetString).content;
			value.end();
			return false;
		case 35:
			found.authorityKeyIdentifier = parseSequence(value.read(Tag.sequence)).readOptional(0x80)?.content;
			value.end();
			return false;
		// Policies, their mappings, and inhibitAnyPolicy: any policy is accepted, unless policyConstraints asks for one.
		case 32:
		case 33:
		case 54:
			return true;
		default:
			return false;
	}
	value.end();
	return true;
}

/** Whether serverAuth is among the purposes; public authorities may not use "any purpose". */
function hasServerAuth(purposes: DerReader): boolean {
	let found = false;
	while (!purposes.done)
		if (identifierKey(purposes.read(Tag.objectIdentifier)) === "43.6.1.5.5.7.3.1") found = true;
	return found;
}
