import type { KeyExchange } from "./handshake";

/** Verification of the server, provided by the creator of a session. */
export interface PeerVerifier {
	/** Throws if the certificate path is invalid. */
	verifyCertificates(certificates: readonly Uint8Array[]): void;
	/** Whether the server's signature over its key exchange is valid; called after the certificates. */
	verifyExchange(exchange: KeyExchange): boolean;
}

/** Replaces the SDK's `ssl/cert`, which accepts forged chains. */
export default class CertificateManager {
	private readonly trust: PeerVerifier;

	constructor(trust: PeerVerifier) {
		this.trust = trust;
	}

	verify(certificates: readonly Uint8Array[]): boolean {
		this.trust.verifyCertificates(certificates);
		return true;
	}

	verifyExchange(exchange: KeyExchange): boolean {
		return this.trust.verifyExchange(exchange);
	}

	/** Called with the server's certificate, which the verifier already has. */
	register(): void {}

	/** A client certificate; the board has none. */
	findPreferredCert(): readonly Uint8Array[] {
		return [];
	}
}
