import { ConnectionError, type TrustFault } from "../../src/boards/connection-error";

const reasons: Readonly<Record<string, string>> = {
	ECONNREFUSED: "it refuses connections there",
	ECONNRESET: "it was reset",
	EPIPE: "it was closed at the other end",
	ETIMEDOUT: "nothing answers there",
	EHOSTUNREACH: "there is no way to it",
	ENETUNREACH: "there is no way to its network",
	ERR_SSL_WRONG_VERSION_NUMBER: "what answers there does not speak TLS",
	ERR_SSL_UNSUPPORTED_PROTOCOL: "it offers no TLS version that is safe",
};

/** OpenSSL's verification errors, by Node's names for them; what is not listed is a chain that does not hold. */
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

/** An error of a Node socket, in words. */
export function explainError(error: Error): ConnectionError {
	const code = codeOf(error);
	return new ConnectionError(reasons[code] ?? (code === "" ? error.message : code));
}

/** An error of a TLS socket; `refused` when it is the peer's certificate that was not accepted. */
export function explainTLSError(error: Error, refused: boolean): ConnectionError {
	const code = codeOf(error);
	const trust = trustFaults[code] ?? (refused ? "forged" : undefined);
	return trust === undefined
		? explainError(error)
		: new ConnectionError(`its certificate is refused: ${code === "" ? error.message : code}`, trust);
}

function codeOf(error: Error): string {
	return "code" in error && typeof error.code === "string" ? error.code : "";
}
