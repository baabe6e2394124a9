import type { Socket } from "node:net";
import { startTcpProxy, type TcpProxy } from "../../simulator/tcp-proxy";
import { tlsRecord } from "./tls-record";

/** A handshake message of a server, including its four-byte header (RFC 5246 section 7.4). */
export type HandshakeMessage = Buffer;

export type Tampering = (messages: HandshakeMessage[]) => HandshakeMessage[];

const handshake = 22;
const serverHelloDone = 14;

/** Maximum record length (RFC 5246 section 6.2.1). */
const maxRecordBytes = 16_384;

/**
 * A man in the middle who changes the server's first flight, which is unencrypted. Its messages are sent together in records
 * of `recordLength` bytes, or each in its own record.
 */
export function tamperHandshake(
	port: number,
	tampering: Tampering,
	recordLength?: number,
): Promise<TcpProxy> {
	const change: Tampering =
		recordLength === undefined ? tampering : (messages) => [Buffer.concat(tampering(messages))];
	return startTcpProxy(port, {
		relayResponse: (server, client) => relayFlight(server, client, change, recordLength ?? maxRecordBytes),
	});
}

function relayFlight(from: Socket, to: Socket, tampering: Tampering, recordLength: number): void {
	let received = Buffer.alloc(0);
	const take = (data: Buffer) => {
		received = Buffer.concat([received, data]);
		const flight = readFlight(received);
		if (flight === undefined) return;
		from.off("data", take);
		for (const message of tampering(flight.messages))
			for (let at = 0; at < message.length; at += recordLength)
				to.write(tlsRecord(handshake, message.subarray(at, at + recordLength)));
		to.write(flight.rest);
		from.on("data", (later) => to.write(later));
	};
	from.on("data", take);
}

/** The server's messages up to ServerHelloDone or an alert, once all have arrived. */
function readFlight(bytes: Buffer): { messages: HandshakeMessage[]; rest: Buffer } | undefined {
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
