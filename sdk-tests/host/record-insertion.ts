import type { Socket } from "node:net";
import { startTcpProxy, type TcpProxy } from "../../simulator/tcp-proxy";

/** Bytes that a man in the middle inserts into the server's data, after this many records. */
export interface Insertion {
	readonly after: number;
	readonly bytes: Buffer;
}

/** A man in the middle without the keys of either side. */
export function insertRecords(port: number, insertion: Insertion): Promise<TcpProxy> {
	return startTcpProxy(port, { relayResponse: (server, client) => relay(server, client, insertion) });
}

function relay(from: Socket, to: Socket, { after, bytes }: Insertion): void {
	let received = Buffer.alloc(0);
	let records = 0;
	if (after === 0) to.write(bytes);
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
}
