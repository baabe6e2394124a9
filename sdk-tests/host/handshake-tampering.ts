import type { Socket } from "node:net";
import { startTcpProxy, type TcpProxy } from "../../simulator/tcp-proxy";
import { tlsRecords } from "./tls-record";

/** A handshake message of a server, including its four-byte header (RFC 5246 section 7.4). */
export type HandshakeMessage = Buffer;

export type Tampering = (messages: HandshakeMessage[], clientRandom: Buffer) => HandshakeMessage[];

const handshake = 22;
const serverHelloDone = 14;

/**
 * A man in the middle who changes the server's first flight, which is unencrypted. Its messages are sent together in records
 * of `recordLength` bytes, or each in its own record.
 */
export function tamperHandshake(
	port: number,
	tampering: Tampering,
	recordLength?: number,
): Promise<TcpProxy> {
	return tamperFlight(port, (given, clientRandom) => {
		const messages = tampering(given, clientRandom);
		return recordLength === undefined
			? Buffer.concat(messages.map((message) => tlsRecords([message])))
			: tlsRecords(messages, recordLength);
	});
}

type FlightChange = (messages: HandshakeMessage[], clientRandom: Buffer) => Buffer;

/** Header of the record, header of ClientHello, version. */
const clientRandomAt = 5 + 4 + 2;

/**
 * A man in the middle who sends other bytes in place of the server's first flight, and closes the connection then if
 * `isLast`: a client would wait for the end of a message that was cut off.
 */
export function tamperFlight(port: number, change: FlightChange, isLast = false): Promise<TcpProxy> {
	const randoms: Buffer[] = [];
	return startTcpProxy(port, {
		relayRequest(client, server) {
			client.once("data", (data: Buffer) => {
				randoms.push(data.subarray(clientRandomAt, clientRandomAt + 32));
			});
			client.on("data", (data) => server.write(data));
		},
		relayResponse: (server, client) =>
			relayFlight(server, client, (messages) => change(messages, randoms.shift() ?? Buffer.alloc(0)), isLast),
	});
}

function relayFlight(
	from: Socket,
	to: Socket,
	change: (messages: HandshakeMessage[]) => Buffer,
	isLast: boolean,
): void {
	let received = Buffer.alloc(0);
	const take = (data: Buffer) => {
		received = Buffer.concat([received, data]);
		const flight = readFlight(received);
		if (flight === undefined) return;
		from.off("data", take);
		to.write(change(flight.messages));
		if (isLast) {
			to.end();
			return;
		}
		to.write(flight.rest);
		from.on("data", (later) => to.write(later));
	};
	from.on("data", take);
}

/** The server's messages up to ServerHelloDone or an alert, once all have arrived. */
export function readFlight(bytes: Buffer): { messages: HandshakeMessage[]; rest: Buffer } | undefined {
	let stream = Buffer.alloc(0);
	let at = 0;
	while (at + 5 <= bytes.length) {
		const length = bytes.readUInt16BE(at + 3);
		if (at + 5 + length > bytes.length) return undefined;
		if (bytes[at] !== handshake) return { messages: split(stream), rest: bytes.subarray(at) };
		stream = Buffer.concat([stream, bytes.subarray(at + 5, at + 5 + length)]);
		at += 5 + length;
		const messages = split(stream);
		if (messages.at(-1)?.[0] === serverHelloDone) return { messages, rest: bytes.subarray(at) };
	}
	return undefined;
}

function split(stream: Buffer): HandshakeMessage[] {
	const messages: HandshakeMessage[] = [];
	for (let at = 0; at + 4 <= stream.length; ) {
		const end = at + 4 + stream.readUIntBE(at + 1, 3);
		if (end > stream.length) break;
		messages.push(Buffer.from(stream.subarray(at, end)));
		at = end;
	}
	return messages;
}
