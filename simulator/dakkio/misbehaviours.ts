import { STATUS_CODES } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { ApiResponse } from "./api";
import type { ConnectionMisbehaviour, Exchange, Misbehaviour, Misbehaviours } from "./exchange";

// --- Connections ---

/** Accepts the TCP connection, then sends nothing. */
export const silentConnection: ConnectionMisbehaviour = () => {};

/** Resets the TCP connection after accepting it. The listening port cannot refuse it. */
export const resetConnection: ConnectionMisbehaviour = (connection) => {
	connection.resetAndDestroy();
};

/** Stalls the TLS handshake after the client's first message. */
export const haltedHandshake: ConnectionMisbehaviour = (connection) => {
	// The start of a handshake record with the length of a ServerHello.
	connection.once("data", () => connection.write(Uint8Array.of(0x16, 3, 3, 0, 90, 2, 0, 0, 86, 3, 3)));
};

/** Responds in plain text instead of TLS. */
export const plainTextConnection: ConnectionMisbehaviour = (connection) => {
	connection.once("data", () => connection.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
};

// --- Exchanges: the points are not stored unless stated ---

/** Reads the request and responds with this status and message, as a failing service or a proxy does. */
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

/** Refuses a request that has one of these points; processes any other. */
export function refusePoints(
	isRefused: (seq: number) => boolean,
	status: number,
	message: string,
): Misbehaviour {
	return async (exchange) => {
		const parts: Buffer[] = [];
		for await (const part of exchange.request) parts.push(part);
		const body = Buffer.concat(parts);
		const seqs = Array.from(body.toString("utf8").matchAll(/"seq":(\d+)/g), ([, seq]) => Number(seq));
		const refusal = { status, headers: {}, body: { error: STATUS_CODES[status] ?? "Error", message } };
		exchange.send(seqs.some(isRefused) ? refusal : await exchange.process(body));
	};
}

/** Responds before reading the body, and closes the connection. */
export function respondEarly(status: number): Misbehaviour {
	return ({ send }) =>
		send({ status, headers: { Connection: "close" }, body: { error: "Early", message: "Not read" } });
}

/** Reads the request and never responds. */
export const neverRespond: Misbehaviour = async (exchange) => {
	await drainRequest(exchange);
};

/** Resets the connection during the request. */
export const resetDuringRequest: Misbehaviour = ({ request, reset }) => {
	request.once("data", reset);
};

/** Stores the points, then resets the connection instead of responding. */
export const loseResponse: Misbehaviour = async ({ process, reset }) => {
	await process();
	reset();
};

/** Stores the points, then resets the connection after the first `length` bytes of the response. */
export function resetDuringResponse(length: number): Misbehaviour {
	return async (exchange) => {
		const bytes = encodeApiResponse(await exchange.process());
		exchange.socket.write(bytes.subarray(0, length), exchange.reset);
	};
}

/** Stores the points, then responds one byte at a time, `milliseconds` apart. */
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

/** Stores the points, responds, and closes the connection unannounced. */
export const closeAfterResponse: Misbehaviour = async ({ process, send, response, socket }) => {
	send(await process());
	response.once("finish", () => socket.end());
};

/** Stores the points; sends `100 Continue` and `103 Early Hints` before the response. */
export const interimResponses: Misbehaviour = async ({ process, send, response }) => {
	response.writeContinue();
	response.writeEarlyHints({ link: "</hint>; rel=preload" });
	send(await process());
};

/** Stores the points; the response is chunked, a few bytes per chunk. */
export const chunkedResponse: Misbehaviour = async ({ process, response }) => {
	const { status, headers, body } = await process();
	response.writeHead(status, { "Content-Type": "application/json", ...headers });
	for (const part of JSON.stringify(body).match(/.{1,7}/gs) ?? []) response.write(part);
	response.end();
};

/** Stores the points; the response has no length and ends with the connection. */
export const respondUntilClose: Misbehaviour = async ({ process, socket }) => {
	const { status, body } = await process();
	socket.end(`HTTP/1.1 ${status} Whatever\r\nConnection: close\r\n\r\n${JSON.stringify(body)}`);
};

/** Stores the points, responds with exactly these bytes, and closes the connection. */
export function respondRaw(bytes: string | Uint8Array): Misbehaviour {
	return async ({ process, socket }) => {
		await process();
		socket.end(bytes);
	};
}

/** Stores the points; `Content-Length` is wrong by `by` bytes; closes the connection. */
export function wrongLength(by: number): Misbehaviour {
	return async ({ process, socket }) => {
		const { status, body } = await process();
		const json = JSON.stringify(body);
		const length = Buffer.byteLength(json) + by;
		socket.end(`HTTP/1.1 ${status} Whatever\r\nContent-Length: ${length}\r\n\r\n${json}`);
	};
}

/** For {@link Misbehaviours.exchange}: applies to the first `count` requests. */
export function firstRequests(count: number, misbehaviour: Misbehaviour): Misbehaviours["exchange"] {
	let left = count;
	return () => (left-- > 0 ? misbehaviour : undefined);
}

/** Reads a request completely and discards it. */
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
