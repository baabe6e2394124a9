import { once } from "node:events";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { createServer, type TlsOptions } from "node:tls";
import { readFlight } from "../../sdk-tests/host/handshake-tampering";
import { tlsRecords } from "../../sdk-tests/host/tls-record";

/** A server's first flight in TLS 1.2, up to ServerHelloDone. */
export interface ServerFlight {
	readonly host: string;
	/** The client's root, PEM. */
	readonly root: string;
	/** The messages, headers included. */
	readonly messages: readonly Buffer[];
}

/** Of all recorded flights. */
export const clientRandom = Buffer.alloc(32, 0x5a);

const serverHelloDone = 14;

/** Extensions as the chip's: name, curves, point formats, signature algorithms. */
function clientHello(host: string): Buffer {
	const extension = (type: number, content: Buffer) => vector(2, content, Buffer.of(0, type));
	const name = vector(2, Buffer.from(host), Buffer.of(0));
	const schemes = Buffer.from("04030401080405030501080506010806", "hex");
	const extensions = Buffer.concat([
		extension(0, vector(2, name)),
		extension(10, vector(2, Buffer.of(0, 23, 0, 24))),
		extension(11, vector(1, Buffer.of(0))),
		extension(13, vector(2, schemes)),
	]);
	const body = Buffer.concat([
		Buffer.of(3, 3),
		clientRandom,
		Buffer.of(0),
		vector(2, Buffer.of(0xc0, 0x2b, 0xc0, 0x2f)),
		vector(1, Buffer.of(0)),
		vector(2, extensions),
	]);
	return tlsRecords([vector(3, body, Buffer.of(1))]);
}

function vector(lengthBytes: number, content: Buffer, before: Buffer = Buffer.alloc(0)): Buffer {
	const length = Buffer.alloc(lengthBytes);
	length.writeUIntBE(content.length, 0, lengthBytes);
	return Buffer.concat([before, length, content]);
}

/** What a server of Node sends to a client like the chip. */
export async function recordFlight(options: TlsOptions, host: string, root: string): Promise<ServerFlight> {
	const server = createServer({ minVersion: "TLSv1.2", maxVersion: "TLSv1.2", ...options });
	server.on("tlsClientError", () => {});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const socket = connectTcp((server.address() as AddressInfo).port, "127.0.0.1");
	socket.write(clientHello(host));
	let bytes = Buffer.alloc(0);
	let flight: ReturnType<typeof readFlight>;
	for await (const data of socket) {
		bytes = Buffer.concat([bytes, data as Buffer]);
		flight = readFlight(bytes);
		if (flight !== undefined) break;
	}
	socket.destroy();
	server.close();
	const messages = flight?.messages ?? [];
	if (messages.at(-1)?.[0] !== serverHelloDone) throw new Error("the server did not finish its flight");
	return { host, root, messages };
}
