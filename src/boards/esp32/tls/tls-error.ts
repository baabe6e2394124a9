import { ConnectionError } from "../../connection-error";

/** Alerts of a server that have a cause the user can do something about (RFC 5246 section 7.2). */
const alerts: Readonly<Record<number, string>> = Object.freeze({
	40: "it offers no key exchange that is safe",
	70: "it offers no TLS version that is safe",
	71: "it offers no key exchange that is safe",
	112: "it does not know that name",
});

/** An error that the SDK's session threw, in words. */
export function toConnectionError(error: Error): Error {
	if (error instanceof ConnectionError) return error;
	const [, alert] = /alert: \d+, (\d+)/.exec(error.message) ?? [];
	if (alert !== undefined)
		return new ConnectionError(alerts[Number(alert)] ?? `it ended the connection with TLS alert ${alert}`);
	// The engine's own errors, such as for reading past the end, may come without words.
	const what = error.message === "" ? "what it says is cut off" : error.message;
	return new ConnectionError(`what answers there does not speak TLS as it must: ${what}`);
}
