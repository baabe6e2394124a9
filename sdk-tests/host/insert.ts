import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Bytes that somebody on the way puts into what a server sends, behind so many of its records. */
export interface Insertion {
	readonly after: number;
	readonly bytes: Buffer;
}

/** Stands between client and server, who know nothing of each other's keys to it. */
export async function insertInto(
	port: number,
	insertion: Insertion,
): Promise<{ port: number; close(): void }> {
	const sockets = new Set<Socket>();
	const server = createServer((client) => {
		const upstream = connect(port, "127.0.0.1");
		for (const socket of [client, upstream]) {
			sockets.add(socket);
			socket.on("error", () => {});
			socket.on("close", () => {
				client.destroy();
				upstream.destroy();
			});
		}
		client.pipe(upstream);
		relay(upstream, client, insertion);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		port: (server.address() as AddressInfo).port,
		close: () => {
			server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

function relay(from: Socket, to: Socket, { after, bytes }: Insertion): void {
	let received = Buffer.alloc(0);
	let records = 0;
	from.on("data", (data: Buffer) => {
		received = Buffer.concat([received, data]);
		while (received.length >= 5) {
			const end = 5 + received.readUInt16BE(3);
			if (received.length < end) return;
			to.write(received.subarray(0, end));
			received = received.subarray(end);
			if (++records === after) to.write(bytes);
		}
	});
	from.on("end", () => to.end());
}

/** A record of TLS 1.2; `length` other than that of its content is a lie. */
export function record(type: number, content: Buffer, length = content.length): Buffer {
	return Buffer.concat([Buffer.from([type, 3, 3, length >> 8, length & 0xff]), content]);
}
