import { ConnectionError, type TrustFault } from "../../src/boards/connection-error";

const reasons: Readonly<Record<string, string>> = {
	ECONNREFUSED: "connection refused",
	ECONNRESET: "connection reset",
	EPIPE: "closed by the peer",
	ETIMEDOUT: "no response",
	EHOSTUNREACH: "host unreachable",
	ENETUNREACH: "network unreachable",
	ERR_SSL_WRONG_VERSION_NUMBER: "the server does not speak TLS",
	ERR_SSL_UNSUPPORTED_PROTOCOL: "the server offers no secure TLS version",
};

/** OpenSSL's verification errors by Node's names; any other means a forged chain. */
const trustFaults: Readonly<Record<string, TrustFault>> = {
	CERT_HAS_EXPIRED: "expired",
	CERT_NOT_YET_VALID: "not yet valid",
	ERR_TLS_CERT_ALTNAME_INVALID: "wrong name",
	HOSTNAME_MISMATCH: "wrong name",
	DEPTH_ZERO_SELF_SIGNED_CERT: "untrusted",
	SELF_SIGNED_CERT_IN_CHAIN: "untrusted",
	UNABLE_TO_GET_ISSUER_CERT: "untrusted",
	UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "untrusted",
	UNABLE_TO_VERIFY_LEAF_SIGNATURE: "untrusted",
	CERT_UNTRUSTED: "untrusted",
	CERT_REJECTED: "untrusted",
	CERT_REVOKED: "untrusted",
};

/** Describes an error of a Node socket. */
export function explainError(error: Error): ConnectionError {
	const code = codeOf(error);
	return new ConnectionError(reasons[code] ?? (code === "" ? error.message : code));
}

/** Describes an error of a TLS socket; `rejected`: the peer's certificate was not accepted. */
export function explainTLSError(error: Error, rejected: boolean): ConnectionError {
	const code = codeOf(error);
	const trust = trustFaults[code] ?? (rejected ? "forged" : undefined);
	return trust === undefined
		? explainError(error)
		: new ConnectionError(`certificate rejected: ${code === "" ? error.message : code}`, trust);
}

function codeOf(error: Error): string {
	return "code" in error && typeof error.code === "string" ? error.code : "";
}
