import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "./directory-lock";

/**
 * The preferred port of 127.0.0.1 until this process ends, or another one if a process uses it. Several boards that start
 * together find it free, as they listen later: it is locked, too.
 */
export async function reservePort(port: number): Promise<number> {
	const held = lockDirectory(join(tmpdir(), `dakkio-port-${port}-${hostname()}`));
	if ("problem" in held) return freePort();
	process.once("exit", () => held.release());
	const server = createServer();
	try {
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		server.close();
		await once(server, "close");
		return port;
	} catch {
		held.release();
		return freePort();
	}
}

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
