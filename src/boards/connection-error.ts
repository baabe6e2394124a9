/** Why a server's certificate was refused. */
export type TrustFault =
	/** Its validity has ended. */
	| "expired"
	/** Its validity has not begun, or the board's clock is wrong. */
	| "not yet valid"
	/** It is for another name. */
	| "wrong name"
	/** It leads to no root that the board trusts. */
	| "untrusted"
	/** A signature or a restriction in its chain does not hold. */
	| "forged";

/** What {@link TCPCallbacks.onError} receives where the platform knows the cause. */
export class ConnectionError extends Error {
	// A field, because XS freezes the built-in prototypes.
	override name = "ConnectionError";
	/** Set when the peer's certificate was refused; then nothing but a change of settings or of the clock helps. */
	readonly trustFault: TrustFault | undefined;

	constructor(message: string, trust?: TrustFault) {
		super(message);
		this.trustFault = trust;
	}
}
