import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ApiResponse } from "./api";

/** The head of a request: its misbehaviour is chosen before the body has arrived. */
export interface ExchangeHead {
	readonly method: string;
	readonly path: string;
	/** Number of earlier requests to this server. */
	readonly index: number;
}

/** A request and its response, controlled by a {@link Misbehaviour}. */
export interface Exchange extends ExchangeHead {
	/**
	 * Reads the body, handles the request and stores its points, as a correct server does before it responds. Rejects if
	 * the body does not arrive completely. `body`: if it has been read already.
	 */
	readonly process: (body?: Uint8Array) => Promise<ApiResponse>;
	/** Sends a response as a correct server does. */
	readonly send: (answer: ApiResponse) => void;
	/** Resets the TCP connection. */
	readonly reset: () => void;
	readonly request: IncomingMessage;
	/** For responses that are valid HTTP. */
	readonly response: ServerResponse;
	/** For all other responses: writes bytes into the TLS connection. */
	readonly socket: Socket;
}

/** Handles an exchange. It decides whether points are stored and what is sent. */
export type Misbehaviour = (exchange: Exchange) => void | Promise<void>;

/** Handles a TCP connection before TLS; `accept` continues normally. */
export type ConnectionMisbehaviour = (connection: Socket, accept: () => void) => void;

/** The server's faults. Changes apply to the next connection or request. */
export interface Misbehaviours {
	connection?: ConnectionMisbehaviour | undefined;
	/** Returns `undefined` for a correct exchange. */
	exchange?: ((head: ExchangeHead) => Misbehaviour | undefined) | undefined;
}

/** Sends a response as a correct server does. `now`: for the `Date` header, milliseconds of Unix time. */
export function sendResponse(
	response: ServerResponse,
	{ status, headers, body }: ApiResponse,
	now: number,
): void {
	const bytes = Buffer.from(JSON.stringify(body));
	response.writeHead(status, {
		Date: new Date(now).toUTCString(),
		"Content-Type": "application/json; charset=utf-8",
		"Content-Length": bytes.length,
		...headers,
	});
	response.end(bytes);
}

/**
 * Reads a request's body; `undefined` once it exceeds `limit`. The rest is then read and discarded, because closing a
 * connection with unread data resets it, and the response would be lost.
 */
export function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
	return new Promise((resolve, reject) => {
		const parts: Buffer[] = [];
		let length = 0;
		request.on("data", (part: Buffer) => {
			length += part.length;
			if (length <= limit) parts.push(part);
			else resolve(undefined);
		});
		request.on("end", () => resolve(Buffer.concat(parts)));
		request.on("close", () => reject(new Error("the request ended before its body was complete")));
	});
}
