import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Somebody on the way: where to be met, and how to be sent home. */
export interface TcpProxy {
	readonly port: number;
	close(): void;
}

/**
 * Stands between client and server on loopback. What the client says is passed on as it is; `relay` brings what the
 * server says to the client.
 */
export async function startTcpProxy(
	port: number,
	relay: (server: Socket, client: Socket) => void,
): Promise<TcpProxy> {
	const sockets = new Set<Socket>();
	const listener = createServer((client) => {
		const server = connect(port, "127.0.0.1");
		for (const socket of [client, server]) {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => {
				client.destroy();
				server.destroy();
			});
		}
		client.pipe(server);
		relay(server, client);
	});
	listener.listen(0, "127.0.0.1");
	await once(listener, "listening");
	return {
		port: (listener.address() as AddressInfo).port,
		close: () => {
			listener.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

/** A record of TLS 1.2; `length` other than that of its content is a lie. */
export function tlsRecord(type: number, content: Buffer, length = content.length): Buffer {
	return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), content]);
}
