import { webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** RSA keys that were made once: to find their primes takes seconds for one table of chains, and tests nothing. */
const keys: Readonly<Record<string, readonly webcrypto.JsonWebKey[]>> = JSON.parse(
	readFileSync(join(import.meta.dirname, "rsa-keys.json"), "utf8"),
);
const uses = new Map<string, number>();

/** Keys of this kind, those of the file in turn: two certificates of one chain have different ones. */
export async function nextRsaKeys(kind: string): Promise<webcrypto.CryptoKeyPair> {
	const use = uses.get(kind) ?? 0;
	uses.set(kind, use + 1);
	const ofKind = keys[kind] ?? [];
	const key = ofKind[use % ofKind.length];
	if (key === undefined) throw new Error(`no key in rsa-keys.json is of the kind ${kind}`);
	const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
	const { kty = "RSA", n = "", e = "" } = key;
	return {
		privateKey: await webcrypto.subtle.importKey("jwk", key, algorithm, true, ["sign"]),
		publicKey: await webcrypto.subtle.importKey("jwk", { kty, n, e }, algorithm, true, ["verify"]),
	};
}
