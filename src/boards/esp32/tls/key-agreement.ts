import Curve from "curve";
import ECPoint from "ecp";
import RNG from "rng";
import { toBigInt } from "./signature";

/** By their numbers in TLS (RFC 8422 section 5.1.1): bytes of a number, and the generator doubled half as often as it has bits. */
const groups = Object.freeze({
	23: Object.freeze({
		name: "secp256r1" as const,
		size: 32,
		x: 0x447d739beedb5e67fb982fd588c6766efc35ff7dc297eac357c84fc9d789bd85n,
		y: 0x2d4825ab834131eee12e9d953a4aaff73d349b95a7fae5000c7e33c972e25b32n,
	}),
	24: Object.freeze({
		name: "secp384r1" as const,
		size: 48,
		x: 0xc19e0b4c800119c440f7f9e706421279b42a31af8a3e297ddb2987894d10ddeaba065458a4f52d78a628b09aaa03bd53n,
		y: 0x16f3fdbf0356b301e5a0191d1f5b77f6577a30eae3567af9c1c7cad135f6ebf2af68aa6de639d858822d0fc5e6c88c41n,
	}),
});

/**
 * A new key on the curve of this number in TLS, and the secret that it has in common with the server's, whose point is on
 * the curve. Both products cost what a sum of two products does (`mul2`), with fewer doublings or additions than `mul`.
 */
export function agreeKey(
	group: number,
	point: Uint8Array,
): { readonly own: Uint8Array; readonly shared: ArrayBuffer } {
	const { name, size, x, y } = groups[group === 23 ? 23 : 24];
	const { G, ec } = new Curve(name);
	const key = toBigInt(new Uint8Array(RNG.get(size)));
	// k G = (low half) G + (high half) (2^half G): half as many doublings.
	const half = BigInt(4 * size);
	const high = key >> half;
	const own = ec.mul2(G, key - (high << half), new ECPoint(x, y), high);
	// The digits -1, 0 and 1 of the non-adjacent form: k = (3k - k) / 2, bit by bit. A third of them is not 0, of bits a half.
	const triple = 3n * key;
	const common = triple & key;
	const theirX = toBigInt(point.subarray(0, size));
	const theirY = toBigInt(point.subarray(size));
	const theirs = new ECPoint(theirX, theirY);
	const opposite = new ECPoint(theirX, ec.m - theirY);
	const shared = ec.mul2(theirs, (triple - common) >> 1n, opposite, (key - common) >> 1n);
	if (own.isZero() || shared.isZero()) throw new Error("a key exchange without a secret");
	const ownPoint = new Uint8Array(2 * size);
	ownPoint.set(new Uint8Array(ArrayBuffer.fromBigInt(own.X, size)));
	ownPoint.set(new Uint8Array(ArrayBuffer.fromBigInt(own.Y, size)), size);
	return { own: ownPoint, shared: ArrayBuffer.fromBigInt(shared.X, size) };
}
