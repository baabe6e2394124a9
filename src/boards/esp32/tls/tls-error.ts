import { ConnectionError } from "../../connection-error";

/** Alerts whose cause the user can fix (RFC 5246 section 7.2). */
const alerts: Readonly<Record<number, string>> = Object.freeze({
	40: "the server offers no secure key exchange",
	70: "the server offers no secure TLS version",
	71: "the server offers no secure key exchange",
	112: "the server does not know this name",
});

/** Describes an error thrown by the SDK's session. */
export function toConnectionError(error: Error): Error {
	if (error instanceof ConnectionError) return error;
	// The SDK's message is "alert: " with the level and the description.
	const alert = Number.parseInt(error.message.split("alert: ")[1]?.split(", ")[1] ?? "", 10);
	if (!Number.isNaN(alert))
		return new ConnectionError(alerts[alert] ?? `the server ended the connection with TLS alert ${alert}`);
	// Errors of the engine, such as for reading past the end, may have no message.
	const what = error.message === "" ? "its message is cut off" : error.message;
	return new ConnectionError(`invalid TLS: ${what}`);
}
