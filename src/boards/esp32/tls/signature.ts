import { Digest } from "crypt";
import FFI from "mc/ffi";
import { areBytesEqual } from "../../../common/equal-bytes";
import type { PublicKey } from "./certificate";
import type { SignatureCheck } from "./certificate-path";
import { DerReader, parseSequence, parseUnsignedInteger, Tag } from "./der";
import type { Sha256 } from "./known-server";
import { isPssEncoding } from "./pss";
import type { Hash, SignatureScheme } from "./signature-scheme";

/** Whether a signature is valid. Throws if it is malformed. */
export function verifySignature({ key, scheme, signedBytes, signature }: SignatureCheck): boolean {
	const hash = digest(scheme.hash, signedBytes);
	return key.kind === "RSA" ? verifyRSA(key, scheme, hash, signature) : verifyECDSA(key, hash, signature);
}

function digest(name: Hash, ...parts: readonly Uint8Array[]): Uint8Array {
	const hash = new Digest(name);
	for (const part of parts) hash.write(part.slice().buffer);
	return new Uint8Array(hash.close());
}

export const sha256: Sha256 = (...parts) => digest("SHA256", ...parts);

type Key<Kind> = Extract<PublicKey, { readonly kind: Kind }>;

/** RFC 8017 sections 8.1.2 and 8.2.2. */
function verifyRSA(
	{ modulus, exponent }: Key<"RSA">,
	{ hash: name, saltLength }: SignatureScheme,
	hash: Uint8Array,
	signature: Uint8Array,
): boolean {
	const { length } = modulus;
	if (signature.length !== length) return false;
	const encoded = new Uint8Array(length);
	const isPower = new FFI().rsa_power(
		encoded.buffer,
		toBuffer(signature),
		toBuffer(exponent),
		exponent.length,
		toBuffer(modulus),
		length,
	);
	if (isPower === 0) return false;
	if (saltLength === undefined) return areBytesEqual(encoded, pkcs1Block(name, hash, length));
	return isPssEncoding({
		encoded,
		modulusBits: 8 * length + 24 - Math.clz32(modulus[0] ?? 0),
		hash,
		saltLength,
		digest: (of) => digest(name, of),
	});
}

/** DigestInfo up to the hash itself (RFC 8017 section 9.2, note 1), after its first two lengths. */
const digestInfos: Readonly<Record<Hash, readonly number[]>> = Object.freeze({
	SHA256: Object.freeze([48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32]),
	SHA384: Object.freeze([48, 65, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 2, 5, 0, 4, 48]),
	SHA512: Object.freeze([48, 81, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 3, 5, 0, 4, 64]),
});

/**
 * The block that RSASSA-PKCS1-v1_5 signs, to be compared as a whole. Parsing the signed one instead, as the SDK does,
 * ignores what follows the hash, which allows forgeries without the key.
 */
function pkcs1Block(name: Hash, hash: Uint8Array, length: number): Uint8Array {
	const info = digestInfos[name];
	const block = new Uint8Array(length).fill(0xff);
	const infoAt = length - hash.length - info.length;
	block[0] = 0;
	block[1] = 1;
	block[infoAt - 1] = 0;
	block.set(info, infoAt);
	block.set(hash, length - hash.length);
	return block;
}

/** The number in TLS (RFC 8422 section 5.1.1) of the curve that a point, x and y one after the other, is meant for. */
export function curveNumber(point: Uint8Array): number {
	if (point.length !== 64 && point.length !== 96) throw new Error("a point of another length");
	return point.length === 64 ? 23 : 24;
}

export function isOnCurve(point: Uint8Array): boolean {
	return new FFI().ec_is_point(curveNumber(point), toBuffer(point)) === 1;
}

function verifyECDSA({ point }: Key<"EC">, hash: Uint8Array, signature: Uint8Array): boolean {
	const outer = new DerReader(signature);
	const numbers = parseSequence(outer.read(Tag.sequence));
	outer.end();
	const r = parseUnsignedInteger(numbers.read(Tag.integer));
	const s = parseUnsignedInteger(numbers.read(Tag.integer));
	numbers.end();
	return isValidECDSA(point, hash, r, s);
}

/** Whether a signature with P-256 and SHA-256 is valid: `key` is x and y, the signature the numbers r and s. */
export function isECDSASignature(
	key: Uint8Array,
	message: Uint8Array,
	r: Uint8Array,
	s: Uint8Array,
): boolean {
	return isValidECDSA(key, digest("SHA256", message), r, s);
}

/** FIPS 186-5 section 6.4.2. */
function isValidECDSA(key: Uint8Array, hash: Uint8Array, r: Uint8Array, s: Uint8Array): boolean {
	const size = key.length / 2;
	if (r.length > size || s.length > size) return false;
	const signature = new Uint8Array(2 * size);
	signature.set(r, size - r.length);
	signature.set(s, 2 * size - s.length);
	// A hash longer than the curve is truncated.
	const number = new Uint8Array(size);
	number.set(hash.subarray(0, size), Math.max(0, size - hash.length));
	return new FFI().ecdsa_verify(curveNumber(key), toBuffer(key), number.buffer, signature.buffer) === 1;
}

/** A buffer that begins with these bytes, as C functions need it. */
export function toBuffer(bytes: Uint8Array): ArrayBuffer {
	return bytes.slice().buffer;
}
