import { AES, ECDHE_RSA, GCM, SHA256 } from "ssl/constants";

/**
 * Replaces the SDK's `ssl/ciphersuites`, which prefers suites without forward secrecy and with CBC. Has only
 * TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 (RFC 5289), as the SDK describes them,
 * which calls the key exchange of both `ECDHE_RSA`.
 */
export default Object.freeze(
	[0x2f, 0x2b].map((low) =>
		Object.freeze({
			value: Object.freeze([0xc0, low]),
			keyExchangeAlgorithm: ECDHE_RSA,
			cipherAlgorithm: AES,
			cipherKeySize: 16,
			cipherBlockSize: 16,
			hashAlgorithm: SHA256,
			hashSize: 32,
			encryptionMode: GCM,
			/** Bytes of the nonce: explicit, in each record; and implicit. */
			ivSize: 8,
			saltSize: 4,
		}),
	),
);
