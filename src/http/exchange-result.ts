import type { TrustFault } from "../boards/connection-error";

/** Where an exchange can fail, in order. */
export type ExchangePhase = "resolve" | "connect" | "secure" | "send" | "receive";

/** How an exchange ended. */
export type ExchangeResult = HttpResponse | ExchangeFailure;

/** The server has answered: its status is known, whatever became of the rest. */
export interface HttpResponse {
	readonly kind: "answer";
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
