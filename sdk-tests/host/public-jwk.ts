import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

/**
 * The public key as JWK. Exports a copy of it: a garbage collection during the export of a key that was generated just
 * before never ends in Node 20.
 */
export function publicJwk(key: KeyObject): JsonWebKey {
	return createPublicKey(key.export({ type: "spki", format: "pem" })).export({ format: "jwk" });
}
