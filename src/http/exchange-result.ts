import { ConnectionError, type TrustFault } from "../boards/connection-error";

/** Where an exchange can fail, in order. */
export type ExchangePhase = "resolve" | "connect" | "secure" | "send" | "receive";

/** How an exchange ended. */
export type ExchangeResult = HttpResponse | ExchangeFailure;

/** The server has answered: its status is known, whatever became of the rest. */
export interface HttpResponse {
	readonly kind: "response";
	/** 200 … 999; nobody has ever seen one beyond 599 that meant well. */
	readonly status: number;
	/** Lower-case names; only those asked for. */
	readonly headers: ReadonlyMap<string, string>;
	/** What was kept of the body, as text: invalid UTF-8 is replaced. */
	readonly body: string;
	/** Set when `body` is not the whole body: longer than what is kept, cut off, or damaged on the way. */
	readonly truncated?: true;
}

/** No status was received. */
export interface ExchangeFailure {
	readonly kind: "failure";
	readonly phase: ExchangePhase;
	/** For the log: what failed, and why. Never a part of the request. */
	readonly message: string;
	/** Set when the server's certificate was refused. */
	readonly trustFault?: TrustFault;
	/**
	 * Whether the server may have acted on the request: all of it was handed to the socket. A request that was
	 * handed over in part cannot have been acted upon, since its length was announced.
	 */
	readonly fullySent: boolean;
}

/** Where a connection leads. */
export interface Origin {
	readonly host: string;
	readonly port: number;
	/** TLS. */
	readonly secure: boolean;
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
