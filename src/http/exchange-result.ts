import { ConnectionError, type TrustFault } from "../boards/connection-error";

/** Where an exchange can fail, in order. */
export type ExchangePhase = "resolve" | "connect" | "secure" | "send" | "receive";

/** How an exchange ended. */
export type ExchangeResult = HttpResponse | ExchangeFailure;

/** The server responded: its status is known, whatever happened to the rest. */
export interface HttpResponse {
	readonly kind: "response";
	/** 200 … 999. */
	readonly status: number;
	/** The requested headers, by lower-case name. */
	readonly headers: ReadonlyMap<string, string>;
	/** The kept part of the body as text; invalid UTF-8 is replaced. */
	readonly body: string;
	/** Set if `body` is incomplete: longer than what is kept, cut off, or malformed. */
	readonly truncated?: true;
	/** For the log: what was invalid in the rest of the response; the connection was closed. */
	readonly oddity?: string;
}

/** No status was received, or a 2xx before the whole request was sent. */
export interface ExchangeFailure {
	readonly kind: "failure";
	readonly phase: ExchangePhase;
	/** For the log: what failed, and why. Never a part of the request. */
	readonly message: string;
	/** Set when the server's certificate was refused. */
	readonly trustFault?: TrustFault;
	/**
	 * Whether the whole request was handed to the socket, so that the server may have acted on it. It cannot act on a
	 * part, since the length was announced.
	 */
	readonly fullySent: boolean;
}

/** The server of a connection (RFC 6454). */
export interface Origin {
	readonly host: string;
	readonly port: number;
	/** TLS. */
	readonly secure: boolean;
}

/** Whether a request was accepted. */
export function isSuccess(status: number): boolean {
	return status >= 200 && status < 300;
}

export function isRedirect(status: number): boolean {
	return status >= 300 && status < 400;
}

/** For the log: `api.dakkio.io:443: connect timed out after 10 s`. */
export function timeoutMessage(phase: ExchangePhase, origin: Origin, timeoutMs: number): string {
	return `${describePhase(phase, origin)} timed out after ${timeoutMs / 1000} s`;
}

/** For the log, of an error or of a connection that the peer closed: `api.dakkio.io:443: send failed: reset`. */
export function failureMessage(phase: ExchangePhase, origin: Origin, error: unknown): string {
	const trustFault = trustFaultOf(error);
	if (trustFault !== undefined) return `certificate of ${origin.host}: ${trustFault}`;
	const reason = error instanceof Error && error.message !== "" ? `: ${error.message}` : "";
	return `${describePhase(phase, origin)} failed${reason}`;
}

function describePhase(phase: ExchangePhase, { host, port }: Origin): string {
	return `${host}:${port}: ${phase === "secure" ? "TLS handshake" : phase}`;
}

export function trustFaultOf(error: unknown): TrustFault | undefined {
	return error instanceof ConnectionError ? error.trustFault : undefined;
}

export function exchangeFailure(
	phase: ExchangePhase,
	message: string,
	fullySent: boolean,
	trustFault?: TrustFault,
): ExchangeFailure {
	return trustFault === undefined
		? { kind: "failure", phase, message, fullySent }
		: { kind: "failure", phase, message, fullySent, trustFault };
}
