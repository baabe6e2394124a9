import all from "sdk/ciphersuites";

/**
 * Replaces the SDK's `ssl/ciphersuites`, which prefers suites without forward secrecy and with CBC. Leaves only
 * TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (RFC 5289).
 */
export default Object.freeze(
	all.filter(({ value: [high, low] }) => high === 0xc0 && (low === 0x2b || low === 0x2f)),
);
