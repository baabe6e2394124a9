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
	/** A sentence for the user: what failed, why, what to do. Never a part of the request. */
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

/** A step has not come to its end in time (`deadline` in milliseconds). */
export function timeoutMessage(step: ExchangePhase, { host, port }: Origin, deadline: number): string {
	const seconds = `within ${deadline / 1000} s`;
	switch (step) {
		case "resolve":
			return `no address for the name ${host} came ${seconds}; check the network and its DNS`;
		case "connect":
			return `${host} did not accept a connection to port ${port} ${seconds}`;
		case "secure":
			return `${host} port ${port} did not finish the TLS handshake ${seconds}`;
		case "send":
			return `${host} has stopped taking the request: nothing went out ${seconds}`;
		case "receive":
			return `${host} took the request but did not answer it in full ${seconds}`;
	}
}

/** A step was ended by an error, or by the peer's closing the connection. */
export function failureMessage(step: ExchangePhase, { host, port }: Origin, error: unknown): string {
	const trust = trustFaultOf(error);
	if (trust !== undefined) return certificateMessage(host, trust);
	const reason = error instanceof Error && error.message !== "" ? `: ${error.message}` : "";
	switch (step) {
		case "resolve":
			return `the name ${host} has no address${reason}; check it, and the network's DNS`;
		case "connect":
			return `no connection to ${host} port ${port}${reason}`;
		case "secure":
			return `no TLS connection to ${host} port ${port}${reason}`;
		case "send":
			return `the connection to ${host} was lost while the request was sent${reason}`;
		case "receive":
			return `the connection to ${host} was lost before its answer was complete${reason}`;
	}
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

function certificateMessage(host: string, fault: TrustFault): string {
	const certificate = `the certificate of ${host}`;
	switch (fault) {
		case "expired":
			return `${certificate} has expired; whoever runs the server has to renew it`;
		case "not yet valid":
			return `${certificate} is not valid yet: the server's clock or this board's is wrong`;
		case "wrong name":
			return `${certificate} is for another name; check the address of the service`;
		case "untrusted":
			return `${certificate} comes from no authority that this board trusts; a server of your own needs its root certificate in the settings`;
		case "forged":
			return `${certificate} is not genuine: a signature or a restriction in its chain does not hold; somebody may be between the board and the server`;
	}
}
