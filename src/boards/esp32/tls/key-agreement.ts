import FFI from "mc/ffi";
import RNG from "rng";
import { curveNumber, toBuffer } from "./signature";

/**
 * ECDH with the server's point (x, then y): a new public key on its curve, and the shared secret. Throws if the point is not
 * on the curve.
 */
export function agreeKey(point: Uint8Array): { readonly own: Uint8Array; readonly shared: ArrayBuffer } {
	const own = new Uint8Array(point.length);
	const shared = new ArrayBuffer(point.length / 2);
	const key = RNG.get(point.length / 2);
	if (new FFI().ecdh_agree(curveNumber(point), toBuffer(point), key, own.buffer, shared) !== 1)
		throw new Error("a key exchange without a secret");
	return { own, shared };
}
