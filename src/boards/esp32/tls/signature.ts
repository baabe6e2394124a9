import { Digest } from "crypt";
import Curve from "curve";
import ECPoint from "ecp";
import Modular from "modular";
import type { Hash, PublicKey } from "./certificate";
import type { SignatureCheck } from "./certificate-path";
import { DerReader, parseSequence, parseUnsignedInteger, Tag } from "./der";

/** Whether a signature is valid, with the SDK's arithmetic. Throws if it is malformed. */
export function verifySignature({ key, scheme, signedBytes, signature }: SignatureCheck): boolean {
	const digest = new Digest(scheme.hash);
	digest.write(signedBytes.slice().buffer);
	const hash = new Uint8Array(digest.close());
	return key.kind === "RSA"
		? verifyRSA(key, scheme.hash, hash, signature)
		: verifyECDSA(key, hash, signature);
}

/** DigestInfo up to the hash itself (RFC 8017 section 9.2, note 1), after its first two lengths. */
const digestInfos: Readonly<Record<Hash, readonly number[]>> = Object.freeze({
	SHA256: Object.freeze([48, 49, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 1, 5, 0, 4, 32]),
	SHA384: Object.freeze([48, 65, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 2, 5, 0, 4, 48]),
	SHA512: Object.freeze([48, 81, 48, 13, 6, 9, 96, 134, 72, 1, 101, 3, 4, 2, 3, 5, 0, 4, 64]),
});

type Key<Kind> = Extract<PublicKey, { readonly kind: Kind }>;

/**
 * RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2.2): builds the expected block and compares it as a whole. Parsing it instead, as
 * the SDK does, ignores what follows the hash, which allows forgeries without the key.
 */
function verifyRSA(
	{ modulus, exponent }: Key<"RSA">,
	hash: Hash,
	value: Uint8Array,
	signature: Uint8Array,
): boolean {
	if (signature.length !== modulus.length) return false;
	const n = toBigInt(modulus);
	const s = toBigInt(signature);
	if (s >= n) return false;
	const info = digestInfos[hash];
	const block = new Uint8Array(modulus.length).fill(0xff);
	block[0] = 0;
	block[1] = 1;
	block[block.length - value.length - info.length - 1] = 0;
	block.set(info, block.length - value.length - info.length);
	block.set(value, block.length - value.length);
	return new Modular(n).exp(s, toBigInt(exponent)) === toBigInt(block);
}

/** FIPS 186-5 section 6.4.2. */
function verifyECDSA({ curve: name, x, y }: Key<"EC">, hash: Uint8Array, signature: Uint8Array): boolean {
	const curve = new Curve(name);
	const point = new ECPoint(toBigInt(x), toBigInt(y));
	const { a, b, m } = curve.ec;
	if (point.X >= m || point.Y >= m || (point.Y ** 2n - (point.X ** 3n + a * point.X + b)) % m !== 0n)
		return false;
	const numbers = parseSequence(new DerReader(signature).read(Tag.sequence));
	const r = toBigInt(parseUnsignedInteger(numbers.read(Tag.integer)));
	const s = toBigInt(parseUnsignedInteger(numbers.read(Tag.integer)));
	numbers.end();
	const { n } = curve;
	if (r === 0n || s === 0n || r >= n || s >= n) return false;
	// A hash longer than the curve is truncated.
	const e = toBigInt(hash.subarray(0, x.length));
	const inverse = new Modular(n).mulinv(s);
	const sum = curve.ec.mul2(curve.G, (e * inverse) % n, point, (r * inverse) % n);
	return !sum.isZero() && sum.X % n === r;
}

function toBigInt(bytes: Uint8Array): bigint {
	// Typed as the object in the published typings; it is the primitive.
	return BigInt.fromArrayBuffer(bytes.slice().buffer).valueOf();
}
