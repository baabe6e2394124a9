import { constants, createPublicKey, type JsonWebKey, verify } from "node:crypto";
import type { PublicKey } from "../../src/boards/esp32/tls/certificate";
import type { SignatureCheck } from "../../src/boards/esp32/tls/certificate-path";

/** What the chip does with the SDK's arithmetic, with Node's. */
export function verifySignature({ key, scheme, signedBytes, signature }: SignatureCheck): boolean {
	const { RSA_PKCS1_PSS_PADDING, RSA_PKCS1_PADDING } = constants;
	const { hash, saltLength } = scheme;
	const padding =
		saltLength === undefined
			? { padding: RSA_PKCS1_PADDING }
			: { padding: RSA_PKCS1_PSS_PADDING, saltLength };
	try {
		const publicKey = createPublicKey({ key: jwk(key), format: "jwk" });
		return verify(hash, signedBytes, { key: publicKey, ...(key.kind === "RSA" ? padding : {}) }, signature);
	} catch {
		// No point of its curve.
		return false;
	}
}

function jwk(key: PublicKey): JsonWebKey {
	const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64url");
	if (key.kind === "RSA") return { kty: "RSA", n: text(key.modulus), e: text(key.exponent) };
	const size = key.point.length / 2;
	const crv = key.curve === "secp256r1" ? "P-256" : "P-384";
	return { kty: "EC", crv, x: text(key.point.subarray(0, size)), y: text(key.point.subarray(size)) };
}

/** The certificates of a PEM text, DER. */
export function certificatesOf(pem: string): readonly Uint8Array[] {
	const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
	return blocks.map((block) => new Uint8Array(Buffer.from(block.replace(/-----[^-]*-----/g, ""), "base64")));
}
