import { Digest } from "crypt";
import type { FirmwareSlots } from "../../board";
import { isECDSASignature } from "./signature";

/** Hash and signature check for updates, shared with TLS. */
export const firmwareCrypto: Pick<FirmwareSlots, "sha256" | "verifySignature"> = Object.freeze({
	sha256() {
		const hash = new Digest("SHA256");
		return {
			write: (bytes: Uint8Array) => hash.write(bytes.slice().buffer),
			close: () => new Uint8Array(hash.close()),
		};
	},
	verifySignature: (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
		isECDSASignature(key, message, signature.subarray(0, 32), signature.subarray(32)),
});
