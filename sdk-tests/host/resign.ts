import { constants, KeyObject, sign, type webcrypto } from "node:crypto";
import { DerReader, parseSequence } from "../../src/boards/esp32/tls/der";

/** An element in DER. */
export function tlv(tag: number, content: Uint8Array): Buffer {
	const { length } = content;
	const header =
		length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
	return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

/** An object identifier from its bytes. */
export function identifier(...bytes: readonly number[]): Buffer {
	return tlv(0x06, Buffer.from(bytes));
}

/** A certificate (DER) with another AlgorithmIdentifier, and the signature of what is signed then. */
export function resign(
	certificate: Uint8Array,
	algorithm: Buffer,
	signature: (signedBytes: Buffer) => Buffer,
): Buffer {
	const fields = fieldsOf(certificate);
	// After version and serial number.
	fields[2] = algorithm;
	return signFields(fields, algorithm, signature);
}

/** A certificate (DER) of version 1: without extensions. */
export function asVersion1(certificate: Uint8Array, signature: (signedBytes: Buffer) => Buffer): Buffer {
	// Version and extensions are first and last.
	const fields = fieldsOf(certificate).slice(1, -1);
	return signFields(fields, fields[1] ?? Buffer.alloc(0), signature);
}

/** The fields of a certificate that are changed here, in the order of RFC 5280 section 4.1. */
export const Field = { version: 0, serial: 1, validity: 4, publicKey: 6, extensions: 7 } as const;

/** A certificate (DER) with another field, and the signature of what is signed then. */
export function withField(
	certificate: Uint8Array,
	field: number,
	change: (encoded: Buffer) => Buffer,
	signature: (signedBytes: Buffer) => Buffer,
): Buffer {
	const fields = fieldsOf(certificate);
	fields[field] = change(Buffer.from(fields[field] ?? []));
	return signFields(fields, fields[2] ?? Buffer.alloc(0), signature);
}

/** Signs with ECDSA and SHA-256. */
export function signEC(keys: webcrypto.CryptoKeyPair) {
	return (bytes: Buffer) => sign("SHA256", bytes, KeyObject.from(keys.privateKey));
}

function fieldsOf(certificate: Uint8Array): Uint8Array[] {
	const fields = parseSequence(parseSequence(new DerReader(certificate).readAny()).readAny());
	const parts: Uint8Array[] = [];
	while (!fields.done) parts.push(fields.readAny().encoded);
	return parts;
}

function signFields(
	fields: readonly Uint8Array[],
	algorithm: Uint8Array,
	signature: (signedBytes: Buffer) => Buffer,
): Buffer {
	const signedBytes = tlv(0x30, Buffer.concat(fields));
	const bits = tlv(0x03, Buffer.concat([Buffer.of(0), signature(signedBytes)]));
	return tlv(0x30, Buffer.concat([signedBytes, algorithm, bits]));
}

/** The certificate with other bytes as its signature. */
export function withSignature(certificate: Uint8Array, change: (signature: Buffer) => Buffer): Buffer {
	const parts = parseSequence(new DerReader(certificate).readAny());
	const [signedBytes, algorithm, bits] = [parts.readAny(), parts.readAny(), parts.readAny()];
	const signature = change(Buffer.from(bits.content.subarray(1)));
	const changed = tlv(0x03, Buffer.concat([Buffer.of(0), signature]));
	return tlv(0x30, Buffer.concat([signedBytes.encoded, algorithm.encoded, changed]));
}

export type PssHash = "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";

const hashIdentifiers: Readonly<Record<PssHash, Buffer>> = {
	"SHA-1": identifier(0x2b, 14, 3, 2, 26),
	"SHA-256": identifier(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1),
	"SHA-384": identifier(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2),
	"SHA-512": identifier(0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3),
};

export interface PssParameters {
	readonly hash: PssHash;
	/** Omitted: the hash. */
	readonly mask?: PssHash;
	readonly saltLength: number;
	/** Omitted: the default, which is not encoded. */
	readonly trailer?: number;
	/** Bytes behind the parameters. */
	readonly more?: Buffer;
}

const pss = identifier(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10);
const mgf1 = identifier(0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 8);

/** The AlgorithmIdentifier of RSASSA-PSS (RFC 4055 section 3.1); without parameters all are SHA-1. */
export function pssAlgorithm(parameters?: PssParameters): Buffer {
	if (parameters === undefined) return tlv(0x30, Buffer.concat([pss, tlv(0x30, Buffer.alloc(0))]));
	const { hash, mask = hash, saltLength, trailer, more = Buffer.alloc(0) } = parameters;
	const ofHash = (name: PssHash) => tlv(0x30, Buffer.concat([hashIdentifiers[name], Buffer.of(5, 0)]));
	const fields = [
		tlv(0xa0, ofHash(hash)),
		tlv(0xa1, tlv(0x30, Buffer.concat([mgf1, ofHash(mask)]))),
		tlv(0xa2, tlv(0x02, Buffer.from(saltLength < 0x80 ? [saltLength] : [0, saltLength]))),
		...(trailer === undefined ? [] : [tlv(0xa3, tlv(0x02, Buffer.of(trailer)))]),
		more,
	];
	return tlv(0x30, Buffer.concat([pss, tlv(0x30, Buffer.concat(fields))]));
}

/** Signs with RSASSA-PSS. */
export function signPss(keys: webcrypto.CryptoKeyPair, hash: PssHash, saltLength: number) {
	const key = KeyObject.from(keys.privateKey);
	return (bytes: Buffer) =>
		sign(hash.replace("-", ""), bytes, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
}
