import { toPrintable } from "../../../common/control-characters";
import { consistsOf, visibleAscii } from "../../../common/text-pattern";
import { decodeUtf8 } from "../../../common/utf8";
import {
	areBytesEqual,
	type DerElement,
	DerError,
	DerReader,
	parseBitString,
	parseBoolean,
	parseObjectIdentifier,
	parseSequence,
	parseSmallInteger,
	parseTime,
	parseUnsignedInteger,
	Tag,
} from "./der";

/** A public key; big numbers are bytes, most significant first. */
export type PublicKey =
	| { readonly kind: "RSA"; readonly modulus: Uint8Array; readonly exponent: Uint8Array }
	| { readonly kind: "EC"; readonly curve: Curve; readonly x: Uint8Array; readonly y: Uint8Array };

export type Curve = "secp256r1" | "secp384r1";
export type Hash = "SHA256" | "SHA384" | "SHA512";
export type SignatureScheme = { readonly kind: "RSA" | "EC"; readonly hash: Hash };

/** The parts of a certificate (RFC 5280) that a verifier needs. */
export interface Certificate {
	/** The bytes covered by the signature. */
	readonly signedBytes: Uint8Array;
	readonly scheme: SignatureScheme;
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
	readonly usage: { readonly digitalSignature: boolean; readonly certificateSign: boolean };
	/** Whether it may be part of a server's path. */
	readonly allowsServerAuth: boolean;
	/**
	 * The content of subjectAltName, DER, empty without it; the subject's common name is ignored. Not parsed: it may be
	 * hundreds of names from an unverified server.
	 */
	readonly subjectAltNames: Uint8Array;
	/** Whether it has a constraint that this verifier cannot enforce. */
	readonly hasUnknownConstraint: boolean;
}

/** Organization, and common name (RFC 5280 appendix A.1). */
const displayedAttributes: readonly string[] = Object.freeze(["2.5.4.10", "2.5.4.3"]);
/** Longer names are cut, characters. */
const maxDisplayNameLength = 64;

/** The organization of a distinguished name (DER), else the common name, else an empty text. */
export function displayName(distinguished: Uint8Array): string {
	const found = new Map<string, string>();
	const sets = parseSequence(new DerReader(distinguished).read(Tag.sequence));
	while (!sets.done) {
		// A set of one, nearly always.
		const attribute = parseSequence(new DerReader(sets.readAny().content).read(Tag.sequence));
		const identifier = parseObjectIdentifier(attribute.read(Tag.objectIdentifier));
		if (!found.has(identifier)) found.set(identifier, toPrintable(decodeUtf8(attribute.readAny().content)));
	}
	return (
		displayedAttributes.map((identifier) => found.get(identifier)).find((name) => name !== undefined) ?? ""
	).slice(0, maxDisplayNameLength);
}

/** Takes an X.509 certificate apart. Throws when it is damaged, or of an algorithm that no public authority uses. */
export function parseCertificate(bytes: Uint8Array): Certificate {
	const outer = new DerReader(bytes);
	const parts = parseSequence(outer.read(Tag.sequence));
	outer.end();
	const tbs = parts.read(Tag.sequence);
	const algorithm = parts.read(Tag.sequence);
	const signature = parseBitString(parts.read(Tag.bitString));
	parts.end();
	const fields = parseSequence(tbs);
	const version = fields.readOptional(0xa0);
	if (version === undefined || parseSmallInteger(new DerReader(version.content).read(Tag.integer)) !== 2)
		throw new DerError("no certificate of version 3");
	// The serial number is not needed.
	fields.read(Tag.integer);
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
		signedBytes: tbs.encoded,
		scheme: parseScheme(algorithm),
		signature,
		issuer,
		subject,
		notBefore,
		notAfter,
		key,
		extensions,
	};
}

/** RFC 4055 section 5, RFC 5758 section 3.2. Without MD5, SHA-1 and DSA, which are no longer secure. */
const schemes: Readonly<Record<string, SignatureScheme>> = Object.freeze({
	"1.2.840.113549.1.1.11": Object.freeze({ kind: "RSA", hash: "SHA256" }),
	"1.2.840.113549.1.1.12": Object.freeze({ kind: "RSA", hash: "SHA384" }),
	"1.2.840.113549.1.1.13": Object.freeze({ kind: "RSA", hash: "SHA512" }),
	"1.2.840.10045.4.3.2": Object.freeze({ kind: "EC", hash: "SHA256" }),
	"1.2.840.10045.4.3.3": Object.freeze({ kind: "EC", hash: "SHA384" }),
	"1.2.840.10045.4.3.4": Object.freeze({ kind: "EC", hash: "SHA512" }),
});

function parseScheme(algorithm: DerElement): SignatureScheme {
	const scheme = schemes[parseObjectIdentifier(parseSequence(algorithm).read(Tag.objectIdentifier))];
	if (scheme === undefined) throw new DerError("a signature algorithm that is not accepted");
	return scheme;
}

/** RFC 5480 section 2.1.1.1. */
const curves: Readonly<Record<string, { readonly name: Curve; readonly size: number }>> = Object.freeze({
	"1.2.840.10045.3.1.7": Object.freeze({ name: "secp256r1", size: 32 }),
	"1.3.132.0.34": Object.freeze({ name: "secp384r1", size: 48 }),
});

/** Minimum RSA key size (CA/Browser Forum baseline requirements 6.1.5). */
const minModulusBytes = 256;
/** A longer one costs a chip minutes. */
const maxModulusBytes = 512;

function parseKey(element: DerElement): PublicKey {
	const fields = parseSequence(element);
	const algorithm = parseSequence(fields.read(Tag.sequence));
	const bits = parseBitString(fields.read(Tag.bitString));
	switch (parseObjectIdentifier(algorithm.read(Tag.objectIdentifier))) {
		case "1.2.840.113549.1.1.1": {
			const numbers = parseSequence(new DerReader(bits).read(Tag.sequence));
			const modulus = parseUnsignedInteger(numbers.read(Tag.integer));
			const exponent = parseUnsignedInteger(numbers.read(Tag.integer));
			if (modulus.length < minModulusBytes || modulus.length > maxModulusBytes || exponent.length > 4)
				throw new DerError("an RSA key of a size that is not accepted");
			return { kind: "RSA", modulus, exponent };
		}
		case "1.2.840.10045.2.1": {
			const curve = curves[parseObjectIdentifier(algorithm.read(Tag.objectIdentifier))];
			if (curve === undefined) throw new DerError("a curve that is not accepted");
			const { name, size } = curve;
			// SEC 1 section 2.3.3: 4 is the uncompressed form.
			if (bits[0] !== 4 || bits.length !== 1 + 2 * size) throw new DerError("no point of its curve");
			return { kind: "EC", curve: name, x: bits.subarray(1, 1 + size), y: bits.subarray(1 + size) };
		}
		default:
			throw new DerError("a key that is not accepted");
	}
}

/** Public certificates have some ten. */
const maxExtensions = 32;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

function parseExtensions(element: DerElement | undefined): Extensions {
	const found: Writable<Extensions> = {
		isCA: false,
		pathLength: undefined,
		// Absent, the extension restricts nothing; an authority must have it (RFC 5280 section 4.2.1.3).
		usage: { digitalSignature: true, certificateSign: false },
		allowsServerAuth: true,
		subjectAltNames: new Uint8Array(0),
		hasUnknownConstraint: false,
	};
	if (element === undefined) return found;
	const list = parseSequence(new DerReader(element.content).read(Tag.sequence));
	const seen = new Set<string>();
	while (!list.done) {
		const extension = parseSequence(list.read(Tag.sequence));
		const identifier = parseObjectIdentifier(extension.read(Tag.objectIdentifier));
		const critical = extension.readOptional(Tag.boolean);
		const value = new DerReader(extension.read(Tag.octetString).content);
		extension.end();
		if (seen.has(identifier)) throw new DerError("an extension twice");
		if (seen.size === maxExtensions) throw new DerError("too many extensions");
		seen.add(identifier);
		if (parseExtension(found, identifier, value)) value.end();
		else if (critical !== undefined && parseBoolean(critical)) found.hasUnknownConstraint = true;
	}
	return found;
}

/** Parses an extension (RFC 5280 section 4.2.1) completely; false if this verifier does not support it. */
function parseExtension(found: Writable<Extensions>, identifier: string, value: DerReader): boolean {
	switch (identifier) {
		case "2.5.29.19": {
			const constraints = parseSequence(value.read(Tag.sequence));
			const authority = constraints.readOptional(Tag.boolean);
			const length = constraints.readOptional(Tag.integer);
			constraints.end();
			found.isCA = authority !== undefined && parseBoolean(authority);
			found.pathLength = length === undefined ? undefined : parseSmallInteger(length);
			return true;
		}
		case "2.5.29.15": {
			const bits = value.read(Tag.bitString).content[1] ?? 0;
			found.usage = { digitalSignature: (bits & 0x80) !== 0, certificateSign: (bits & 0x04) !== 0 };
			return true;
		}
		case "2.5.29.37":
			found.allowsServerAuth = hasServerAuth(parseSequence(value.read(Tag.sequence)));
			return true;
		case "2.5.29.17":
			found.subjectAltNames = value.read(Tag.sequence).content;
			checkNames(found.subjectAltNames);
			return true;
		case "2.5.29.30":
			// Name constraints apply even if an authority did not mark them as critical.
			found.hasUnknownConstraint = true;
			return false;
		default:
			return false;
	}
}

/** Whether serverAuth is among the purposes; public authorities may not use "any purpose". */
function hasServerAuth(purposes: DerReader): boolean {
	let found = false;
	while (!purposes.done)
		if (parseObjectIdentifier(purposes.read(Tag.objectIdentifier)) === "1.3.6.1.5.5.7.3.1") found = true;
	return found;
}

function checkNames(names: Uint8Array): void {
	const list = new DerReader(names);
	while (!list.done) list.readAny();
}

/** dNSName, and iPAddress (RFC 5280 section 4.2.1.6). */
const nameTag = 0x82;
const addressTag = 0x87;

/**
 * Whether a certificate is for `host`, a name in lower case or a dotted address. Compares bytes, so that neither similar
 * characters nor a null byte can match.
 */
export function matchesHost({ subjectAltNames }: Extensions, host: string): boolean {
	const isAddress = consistsOf(host, "09..");
	const wanted = isAddress ? addressBytes(host) : nameBytes(host);
	if (wanted === undefined) return false;
	const list = new DerReader(subjectAltNames);
	while (!list.done) {
		const { tag, content } = list.readAny();
		if (tag === (isAddress ? addressTag : nameTag))
			if (isAddress ? areBytesEqual(content, wanted) : matchesName(content, wanted)) return true;
	}
	return false;
}

function addressBytes(host: string): Uint8Array | undefined {
	const parts = host.split(".");
	if (parts.length !== 4 || parts.some((part) => part === "" || Number(part) > 255)) return undefined;
	return Uint8Array.from(parts, Number);
}

function nameBytes(host: string): Uint8Array | undefined {
	if (!consistsOf(host, visibleAscii)) return undefined;
	return Uint8Array.from(host, (character) => character.charCodeAt(0));
}

const star = 0x2a;
const dot = 0x2e;

/** A wildcard matches exactly the first label, and never a top-level domain (RFC 6125 section 6.4.3). */
function matchesName(name: Uint8Array, wanted: Uint8Array): boolean {
	if (name[0] !== star || name[1] !== dot) return isSameName(name, wanted);
	const end = wanted.indexOf(dot);
	const parent = end > 0 ? wanted.subarray(end) : new Uint8Array(0);
	return parent.indexOf(dot, 1) > 0 && isSameName(name.subarray(1), parent);
}

function isSameName(name: Uint8Array, wanted: Uint8Array): boolean {
	return (
		name.length === wanted.length &&
		name.every((byte, index) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte) === wanted[index])
	);
}
