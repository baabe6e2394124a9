import { Digest } from "crypt";
import Curve from "curve";
import ECPoint from "ecp";
import Modular from "modular";
import type { PublicKey } from "./certificate";
import type { SignatureCheck } from "./certificate-path";
import { DerReader, parseSequence, parseUnsignedInteger, Tag } from "./der";
import type { Sha256 } from "./known-server";
import { isPssEncoding } from "./pss";
import type { Hash, SignatureScheme } from "./signature-scheme";

/** Whether a signature is valid, with the SDK's arithmetic. Throws if it is malformed. */
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
	const n = toBigInt(modulus);
	const s = toBigInt(signature);
	if (s >= n) return false;
	const block = new Modular(n).exp(s, toBigInt(exponent));
	if (saltLength === undefined) return block === toBigInt(pkcs1Block(name, hash, length));
	const bytes = new Uint8Array(ArrayBuffer.fromBigInt(block));
	const encoded = new Uint8Array(length);
	encoded.set(bytes, length - bytes.length);
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

/** Whether a point, x and y one after the other, is on the curve that has numbers of this size. */
export function isOnCurve(point: Uint8Array): boolean {
	const size = point.length / 2;
	const { a, b, m } = new Curve(size === 32 ? "secp256r1" : "secp384r1").ec;
	const x = toBigInt(point.subarray(0, size));
	const y = toBigInt(point.subarray(size));
	return x < m && y < m && (y * y - (x * x * x + a * x + b)) % m === 0n;
}

function verifyECDSA({ curve, point }: Key<"EC">, hash: Uint8Array, signature: Uint8Array): boolean {
	const outer = new DerReader(signature);
	const numbers = parseSequence(outer.read(Tag.sequence));
	outer.end();
	const r = parseUnsignedInteger(numbers.read(Tag.integer));
	const s = parseUnsignedInteger(numbers.read(Tag.integer));
	numbers.end();
	return isValidECDSA(curve, point, hash, r, s);
}

/** Whether a signature with P-256 and SHA-256 is valid: `key` is x and y, the signature the numbers r and s. */
export function isECDSASignature(
	key: Uint8Array,
	message: Uint8Array,
	r: Uint8Array,
	s: Uint8Array,
): boolean {
	return isValidECDSA("secp256r1", key, digest("SHA256", message), r, s);
}

/** FIPS 186-5 section 6.4.2. */
function isValidECDSA(
	name: Key<"EC">["curve"],
	xy: Uint8Array,
	hash: Uint8Array,
	rBytes: Uint8Array,
	sBytes: Uint8Array,
): boolean {
	if (!isOnCurve(xy)) return false;
	const curve = new Curve(name);
	const size = xy.length / 2;
	const point = new ECPoint(toBigInt(xy.subarray(0, size)), toBigInt(xy.subarray(size)));
	const r = toBigInt(rBytes);
	const s = toBigInt(sBytes);
	const { n } = curve;
	if (r === 0n || s === 0n || r >= n || s >= n) return false;
	// A hash longer than the curve is truncated.
	const e = toBigInt(hash.subarray(0, size));
	const inverse = new Modular(n).mulinv(s);
	const sum = curve.ec.mul2(curve.G, (e * inverse) % n, point, (r * inverse) % n);
	return !sum.isZero() && sum.X % n === r;
}

export function toBigInt(bytes: Uint8Array): bigint {
	// Typed as the object in the published typings; it is the primitive.
	return BigInt.fromArrayBuffer(bytes.slice().buffer).valueOf();
}
