import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";

/** A port of 127.0.0.1 that no process uses at this moment. */
export async function freePort(transport: "tcp" | "udp" = "tcp"): Promise<number> {
	const socket =
		transport === "tcp" ? createServer().listen(0, "127.0.0.1") : createSocket("udp4").bind(0, "127.0.0.1");
	await once(socket, "listening");
	const address = socket.address();
	socket.close();
	await once(socket, "close");
	return typeof address === "object" && address !== null ? address.port : 0;
}
