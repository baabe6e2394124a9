import { type DerElement, identifierKey, parseExplicit, parseSequence, parseSmallInteger, Tag } from "./der";

export type Hash = "SHA256" | "SHA384" | "SHA512";

/** Algorithm of a signature. */
export interface SignatureScheme {
	readonly kind: "RSA" | "EC";
	readonly hash: Hash;
	/** Of RSASSA-PSS, bytes; `undefined`: RSASSA-PKCS1-v1_5, or ECDSA. */
	readonly saltLength?: number;
}

/** A scheme of the key exchange, with its two numbers in TLS, as the SDK names them (RFC 8446 section 4.2.3). */
export interface OfferedScheme {
	readonly hash: number;
	readonly sig: number;
	readonly scheme: SignatureScheme;
}

const offer = (hash: number, sig: number, scheme: SignatureScheme): OfferedScheme =>
	Object.freeze({ hash, sig, scheme: Object.freeze(scheme) });

/**
 * What is offered for the key exchange, and so for certificates (RFC 5246 section 7.4.1.4.1), preferred first. The salt of
 * RSASSA-PSS is as long as the hash.
 */
export const offeredSchemes: readonly OfferedScheme[] = Object.freeze([
	offer(4, 3, { kind: "EC", hash: "SHA256" }),
	offer(4, 1, { kind: "RSA", hash: "SHA256" }),
	offer(8, 4, { kind: "RSA", hash: "SHA256", saltLength: 32 }),
	offer(5, 3, { kind: "EC", hash: "SHA384" }),
	offer(5, 1, { kind: "RSA", hash: "SHA384" }),
	offer(8, 5, { kind: "RSA", hash: "SHA384", saltLength: 48 }),
	offer(6, 1, { kind: "RSA", hash: "SHA512" }),
	offer(8, 6, { kind: "RSA", hash: "SHA512", saltLength: 64 }),
]);

/** RFC 4055 section 5, RFC 5758 section 3.2. Without MD5, SHA-1 and DSA, which are no longer secure. */
const schemes: Readonly<Record<string, SignatureScheme>> = Object.freeze({
	"42.134.72.134.247.13.1.1.11": Object.freeze({ kind: "RSA", hash: "SHA256" }),
	"42.134.72.134.247.13.1.1.12": Object.freeze({ kind: "RSA", hash: "SHA384" }),
	"42.134.72.134.247.13.1.1.13": Object.freeze({ kind: "RSA", hash: "SHA512" }),
	"42.134.72.206.61.4.3.2": Object.freeze({ kind: "EC", hash: "SHA256" }),
	"42.134.72.206.61.4.3.3": Object.freeze({ kind: "EC", hash: "SHA384" }),
	"42.134.72.206.61.4.3.4": Object.freeze({ kind: "EC", hash: "SHA512" }),
});
const pss = "42.134.72.134.247.13.1.1.10";
const mgf1 = "42.134.72.134.247.13.1.1.8";

/** RFC 4055 section 2.1. */
const hashes: Readonly<Record<string, Hash>> = Object.freeze({
	"96.134.72.1.101.3.4.2.1": "SHA256",
	"96.134.72.1.101.3.4.2.2": "SHA384",
	"96.134.72.1.101.3.4.2.3": "SHA512",
});

/** The scheme of an AlgorithmIdentifier; `undefined` if it is not accepted. Throws if it is malformed. */
export function parseScheme(algorithm: DerElement): SignatureScheme | undefined {
	const fields = parseSequence(algorithm);
	const identifier = identifierKey(fields.read(Tag.objectIdentifier));
	return identifier === pss ? parsePss(fields.read(Tag.sequence)) : schemes[identifier];
}

/**
 * RSASSA-PSS-params (RFC 4055 section 3.1). The defaults of the hashes are SHA-1, so both must be given; the mask's must be
 * the signature's, as is usual.
 */
function parsePss(parameters: DerElement): SignatureScheme | undefined {
	const fields = parseSequence(parameters);
	const hash = parseHash(parseExplicit(fields.readOptional(0xa0)));
	const mask = parseExplicit(fields.readOptional(0xa1));
	const salt = parseExplicit(fields.readOptional(0xa2));
	const trailer = parseExplicit(fields.readOptional(0xa3));
	fields.end();
	if (hash === undefined || mask === undefined) return undefined;
	const generator = parseSequence(mask);
	const isMgf1 = identifierKey(generator.read(Tag.objectIdentifier)) === mgf1;
	if (!isMgf1 || parseHash(generator.read(Tag.sequence)) !== hash) return undefined;
	if (trailer !== undefined && parseSmallInteger(trailer) !== 1) return undefined;
	return { kind: "RSA", hash, saltLength: salt === undefined ? 20 : parseSmallInteger(salt) };
}

function parseHash(algorithm: DerElement | undefined): Hash | undefined {
	if (algorithm === undefined) return undefined;
	const fields = parseSequence(algorithm);
	const hash = hashes[identifierKey(fields.read(Tag.objectIdentifier))];
	fields.readOptional(0x05);
	fields.end();
	return hash;
}
