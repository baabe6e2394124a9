import { crc32 } from "../../../common/crc32";
import { bundledRoots } from "./bundled-roots";
import { type Certificate, noExtensions, type PublicKey, parseCertificate } from "./certificate";

/** An authority that is trusted without a signature (RFC 5280 section 6.1.1). */
export type TrustAnchor = Pick<Certificate, "subject" | "key" | "extensions" | "notBefore" | "notAfter">;

/** Certificates as trust anchors, DER. A damaged one proves nothing; the settings page reports it. */
export function parseRoots(roots: readonly Uint8Array[]): readonly Certificate[] {
	return roots.flatMap((root) => {
		try {
			return [parseCertificate(root)];
		} catch {
			return [];
		}
	});
}

/** Mozilla's roots are unrestricted; the script that writes them checks it. */
const rootExtensions = Object.freeze({ ...noExtensions, isCA: true });

/** Of all built-in RSA roots. */
const exponent = Uint8Array.of(1, 0, 1);

/**
 * The built-in roots of this name (DER). Each takes 2 bytes for the size of its key, 4 for the end of its validity (seconds of
 * Unix time), 4 for the checksum of its name, and the key: a modulus, or a point. The name itself is not needed: it only
 * selects the key to try; the signature is the proof.
 */
export function* findBundledRoots(name: Uint8Array, roots = bundledRoots): Generator<TrustAnchor> {
	const view = new DataView(roots.buffer, roots.byteOffset);
	const checksum = crc32(name);
	for (let at = 0, end = 0; at < roots.length; at = end) {
		end = at + 10 + view.getUint16(at);
		if (view.getUint32(at + 6) !== checksum) continue;
		const notAfter = view.getUint32(at + 2) * 1000;
		const key = makeKey(roots.subarray(at + 10, end));
		yield { subject: name, key, extensions: rootExtensions, notBefore: 0, notAfter };
	}
}

function makeKey(bytes: Uint8Array): PublicKey {
	if (bytes.length === 64) return { kind: "EC", curve: "secp256r1", point: bytes };
	if (bytes.length === 96) return { kind: "EC", curve: "secp384r1", point: bytes };
	return { kind: "RSA", modulus: bytes, exponent };
}
