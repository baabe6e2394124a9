import { createHash, createPublicKey, verify } from "node:crypto";
import type { FirmwareSlots } from "../../src/boards/board";

/** Hash and signature check for updates, by Node. */
export const firmwareCrypto: Pick<FirmwareSlots, "sha256" | "verifySignature"> = {
	sha256() {
		const hash = createHash("sha256");
		return {
			write: (bytes) => void hash.update(bytes),
			close: () => new Uint8Array(hash.digest()),
		};
	},
	verifySignature(key, message, signature) {
		const [x, y] = [key.subarray(0, 32), key.subarray(32)].map((half) =>
			Buffer.from(half).toString("base64url"),
		);
		try {
			const publicKey = createPublicKey({
				format: "jwk",
				key: { kty: "EC", crv: "P-256", x: x ?? "", y: y ?? "" },
			});
			return verify("sha256", message, { key: publicKey, dsaEncoding: "ieee-p1363" }, signature);
		} catch {
			// Not a point of the curve.
			return false;
		}
	},
};
