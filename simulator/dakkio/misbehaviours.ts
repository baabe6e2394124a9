import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiResponse } from "./api";
import type { ConnectionMisbehaviour, Exchange, Misbehaviour, Misbehaviours } from "./exchange";

// --- Connections ---

/** TCP accepts, and nothing more comes. */
export const silentConnection: ConnectionMisbehaviour = () => {};

/** TCP accepts, then resets: the nearest to a refused connection while the port is still ours. */
export const resetConnection: ConnectionMisbehaviour = (connection) => {
	connection.resetAndDestroy();
};

/** The handshake begins (the client's first message is read) and stops there. */
export const haltedHandshake: ConnectionMisbehaviour = (connection) => {
	// A record of type handshake with the length of a ServerHello, and only the first bytes of it.
	connection.once("data", () => connection.write(Uint8Array.of(0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3)));
};

/** What answers is no TLS server. */
export const plainTextConnection: ConnectionMisbehaviour = (connection) => {
	connection.once("data", () => connection.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
};

// --- Exchanges: the points are not kept unless it says so ---

/** Reads the request and answers with this status and these words, as a service in trouble or a proxy does. */
export function respondWith(
	status: number,
	{
		message = "Refused on command",
		headers = {},
	}: { message?: string; headers?: ApiResponse["headers"] } = {},
): Misbehaviour {
	return async (exchange) => {
		await drainRequest(exchange);
		exchange.send({ status, headers, body: { error: STATUS_CODES[status] ?? "Error", message } });
	};
}

/** Answers before the body was read, and closes. */
export function respondEarly(status: number): Misbehaviour {
	return ({ send }) =>
		send({ status, headers: { Connection: "close" }, body: { error: "Early", message: "Not read" } });
}

/** Reads the request, never answers. */
export const neverRespond: Misbehaviour = async (exchange) => {
	await drainRequest(exchange);
};

/** Resets the connection in the middle of the request. */
export const resetDuringRequest: Misbehaviour = ({ request, reset }) => {
	request.once("data", reset);
};

/** Keeps the points, and the answer is lost: the connection is reset instead. */
export const loseResponse: Misbehaviour = async ({ process, reset }) => {
	await process();
	reset();
};

/** Keeps the points, sends the good answer's first `length` bytes, and resets. */
export function resetDuringResponse(length: number): Misbehaviour {
	return async (exchange) => {
		const bytes = encodeApiResponse(await exchange.process());
		exchange.socket.write(bytes.subarray(0, length), exchange.reset);
	};
}

/** Keeps the points and sends the good answer so slowly: a byte, a pause of `milliseconds`, a byte. */
export function drip(milliseconds: number): Misbehaviour {
	return async ({ process, socket }) => {
		for (const byte of encodeApiResponse(await process())) {
			if (socket.destroyed) return;
			socket.write(Uint8Array.of(byte));
			await sleep(milliseconds);
		}
		socket.end();
	};
}

/** Keeps the points, answers well, and closes the connection without having said so. */
export const closeAfterResponse: Misbehaviour = async ({ process, send, response, socket }) => {
	send(await process());
	response.once("finish", () => socket.end());
};

/** Keeps the points; `100 Continue` and `103 Early Hints` come before the good answer. */
export const interimResponses: Misbehaviour = async ({ process, send, response }) => {
	response.writeContinue();
	response.writeEarlyHints({ link: "</hint>; rel=preload" });
	send(await process());
};

/** Keeps the points; the good answer is chunked, a few bytes a chunk. */
export const chunkedResponse: Misbehaviour = async ({ process, response }) => {
	const { status, headers, body } = await process();
	response.writeHead(status, { "Content-Type": "application/json", ...headers });
	for (const part of JSON.stringify(body).match(/.{1,7}/gs) ?? []) response.write(part);
	response.end();
};

/** Keeps the points; the good answer has no length and ends with the connection. */
export const respondUntilClose: Misbehaviour = async ({ process, socket }) => {
	const { status, body } = await process();
	socket.end(`HTTP/1.1 ${status} Whatever\r\nConnection: close\r\n\r\n${JSON.stringify(body)}`);
};

/** Keeps the points; sends exactly these bytes in place of an answer, and closes. */
export function respondRaw(bytes: string | Uint8Array): Misbehaviour {
	return async ({ process, socket }) => {
		await process();
		socket.end(bytes);
	};
}

/** Keeps the points; `Content-Length` is wrong by `by` bytes, and then the connection is closed. */
export function wrongLength(by: number): Misbehaviour {
	return async ({ process, socket }) => {
		const { status, body } = await process();
		const json = JSON.stringify(body);
		const length = Buffer.byteLength(json) + by;
		socket.end(`HTTP/1.1 ${status} Whatever\r\nContent-Length: ${length}\r\n\r\n${json}`);
	};
}

/** For {@link Misbehaviours.exchange}: the first `count` requests meet it, those after them a good server. */
export function firstRequests(count: number, misbehaviour: Misbehaviour): Misbehaviours["exchange"] {
	let left = count;
	return () => (left-- > 0 ? misbehaviour : undefined);
}

/** Reads a request to its end and drops it. */
async function drainRequest({ request }: Exchange): Promise<void> {
	for await (const _ of request);
}

/** The bytes of an answer. */
function encodeApiResponse({ status, headers, body }: ApiResponse): Buffer {
	const json = JSON.stringify(body);
	const lines = Object.entries({ ...headers, "Content-Length": Buffer.byteLength(json) }).map(
		([name, value]) => `${name}: ${value}\r\n`,
	);
	return Buffer.from(`HTTP/1.1 ${status} Whatever\r\n${lines.join("")}\r\n${json}`);
}
