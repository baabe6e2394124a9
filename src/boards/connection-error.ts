/** Why a server's certificate was rejected. */
export type TrustFault =
	/** Its validity period has ended. */
	| "expired"
	/** Its validity period has not begun, or the board's clock is wrong. */
	| "not yet valid"
	/** It is for another name. */
	| "wrong name"
	/** It does not lead to a trusted root. */
	| "untrusted"
	/** A signature in its chain is invalid, or a constraint is violated. */
	| "forged";

/** What {@link TCPCallbacks.onError} receives where the platform knows the cause. */
export class ConnectionError extends Error {
	/** Set if the peer's certificate was rejected: only other settings or a correct clock can help. */
	readonly trustFault: TrustFault | undefined;

	constructor(message: string, trustFault?: TrustFault) {
		super(message);
		this.trustFault = trustFault;
	}
}
