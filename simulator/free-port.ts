import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { lockDirectory } from "./directory-lock";

/** Of a user: a folder of another one could not be written to. */
const locks = join(tmpdir(), `dakkio-ports-${process.getuid?.() ?? "user"}-${hostname()}`);

/**
 * The preferred port of 127.0.0.1, or another one if it is in use. Locked until this process ends, where that can be done:
 * boards that start together would all find it free, as they listen later.
 */
export async function reservePort(port: number, directory = locks): Promise<number> {
	const held = lockDirectory(join(directory, String(port)));
	const isLocked = "release" in held;
	if (!isLocked && held.isInUse) return freePort();
	if (isLocked) process.once("exit", () => held.release());
	const server = createServer();
	try {
		server.listen(port, "127.0.0.1");
		await once(server, "listening");
		server.close();
		await once(server, "close");
		return port;
	} catch {
		if (isLocked) held.release();
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
