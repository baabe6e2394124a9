import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { ApiResponse } from "./api";

/** The head of a request, for deciding what to do with it before its body is there. */
export interface ExchangeHead {
	readonly method: string;
	readonly path: string;
	/** Counts the requests of this server from 0. */
	readonly index: number;
}

/** One request and its answer, in the hands of a {@link Misbehaviour}. */
export interface Exchange extends ExchangeHead {
	/**
	 * Reads the body, judges it, keeps its points: what a good server does before it answers. Rejects when the
	 * body never arrives.
	 */
	readonly process: () => Promise<ApiResponse>;
	/** Sends an answer as a good server does. */
	readonly send: (answer: ApiResponse) => void;
	/** Resets the TCP connection. */
	readonly reset: () => void;
	readonly request: IncomingMessage;
	/** For answers that are still HTTP. */
	readonly response: ServerResponse;
	/** For everything else: what is written here goes out under TLS. */
	readonly socket: Socket;
}

/** Takes an exchange over. Whether points are kept and what goes out, if anything, is then its choice. */
export type Misbehaviour = (exchange: Exchange) => void | Promise<void>;

/** Takes a TCP connection over before TLS begins; `accept` goes on as if nothing were. */
export type ConnectionMisbehaviour = (connection: Socket, accept: () => void) => void;

/** What a server does wrong. Each may be changed at any time and counts from the next connection or request. */
export interface Misbehaviours {
	connection?: ConnectionMisbehaviour | undefined;
	/** `undefined`: this request is answered well. */
	exchange?: ((head: ExchangeHead) => Misbehaviour | undefined) | undefined;
}

/** An answer with its head as a good server sends it. `now`: for the `Date` header. */
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
 * A request's body; `undefined` as soon as it is longer than `limit`. The rest of such a body is then read and
 * dropped, because a connection closed over unread bytes is reset, and the answer with it.
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
		request.on("close", () => reject(new Error("the request ended before its body did")));
	});
}
