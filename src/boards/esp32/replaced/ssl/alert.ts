import sdk from "sdk/alert";

/** The members of the SDK's session that this module uses. */
interface Session {
	alert: { readonly level: number; readonly description: number } | undefined;
	/** Warnings that were ignored; `undefined` at first. */
	warnings?: number;
}

const warning = 1;
const closeNotify = 0;
/** Refuses a renegotiation (RFC 5246 section 7.2.2). */
const noRenegotiation = 100;
/** As OpenSSL does: a server could send warnings without end. */
const maxWarnings = 4;

/**
 * Replaces the SDK's `ssl/alert`: a warning, such as unrecognized_name or user_canceled, does not end the connection (RFC
 * 5246 section 7.2.2, RFC 6066 section 3).
 */
const alert = Object.freeze({
	...sdk,
	unpacketize(session: Session, fragment: Uint8Array): void {
		const [level = 0, description = 0] = fragment;
		if (fragment.length !== 2) throw new Error("an alert of another length");
		const isIgnored = level === warning && description !== closeNotify && description !== noRenegotiation;
		const { warnings = 0 } = session;
		if (isIgnored && warnings < maxWarnings) {
			session.warnings = warnings + 1;
			return;
		}
		session.alert = { level, description };
		if (description !== closeNotify) throw new Error(`alert: ${level}, ${description}`);
	},
});

export default alert;
