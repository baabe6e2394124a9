import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface TcpProxy {
	readonly port: number;
	/** Resets all connections. */
	close(): Promise<void>;
}

/** Forwards data from one socket to the other. */
export type Relay = (from: Socket, to: Socket) => void;

export interface TcpProxyOptions {
	readonly relayRequest?: Relay;
	readonly relayResponse?: Relay;
	onConnection?(): void;
}

/** A man in the middle in front of a server on 127.0.0.1. Forwards everything, except where a relay says otherwise. */
export async function startTcpProxy(
	port: number,
	{ relayRequest = forward, relayResponse = forward, onConnection }: TcpProxyOptions = {},
): Promise<TcpProxy> {
	const sockets = new Set<Socket>();
	const listener = createServer((client) => {
		onConnection?.();
		const server = connect(port, "127.0.0.1");
		for (const [socket, peer] of [
			[client, server],
			[server, client],
		] as const) {
			sockets.add(socket);
			socket.setNoDelay(true);
			socket.on("error", () => peer.destroy());
			socket.on("end", () => peer.end());
			socket.on("close", () => {
				sockets.delete(socket);
				peer.end();
			});
		}
		relayRequest(client, server);
		relayResponse(server, client);
	});
	listener.listen(0, "127.0.0.1");
	await once(listener, "listening");
	return {
		port: (listener.address() as AddressInfo).port,
		close: async () => {
			for (const socket of sockets) socket.destroy();
			listener.close();
			await once(listener, "close");
		},
	};
}

function forward(from: Socket, to: Socket): void {
	from.on("data", (data) => to.write(data));
}
