import type { KeyExchange } from "./handshake";

/** Who made a session decides what it trusts. */
export interface PeerVerifier {
	/** Throws when the chain does not hold. */
	verifyCertificates(certificates: readonly Uint8Array[]): void;
	/** Whether the server's signature over its half of the key exchange holds; asked after the certificates. */
	verifyExchange(exchange: KeyExchange): boolean;
}

/** Stands for the SDK's `ssl/cert`, which passes forged chains. */
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

	/** The session gives the server's certificate to be remembered: it is. */
	register(): void {}

	/** A client certificate; the board has none. */
	findPreferredCert(): readonly Uint8Array[] {
		return [];
	}
}
