import { connect, type Socket } from "node:net";
import { below, pick, randomFrom } from "../host-tests/queue/seeded-random";

/** Uses a connection; `at` is an offset in the request. */
type Client = (socket: Socket, request: string, at: number) => void;

/** Ways in which a browser, a script or a phone that walks away ends a connection. */
const clients = {
	"reads the response": (socket, request) => {
		socket.write(request);
		socket.on("data", () => {});
	},
	"resets at once": (socket) => socket.resetAndDestroy(),
	"closes at once": (socket) => socket.end(),
	"resets in the request": (socket, request, at) => {
		socket.write(request.slice(0, at), () => socket.resetAndDestroy());
	},
	"closes in the request": (socket, request, at) => socket.end(request.slice(0, at)),
	"resets after the request": (socket, request) => {
		socket.write(request, () => socket.resetAndDestroy());
	},
	"resets in the response": (socket, request) => {
		socket.write(request);
		socket.once("data", () => socket.resetAndDestroy());
	},
	"closes, then resets": (socket, request) => {
		socket.end(request, () => setImmediate(() => socket.resetAndDestroy()));
	},
} as const satisfies Readonly<Record<string, Client>>;

/**
 * Has clients of all these kinds ask the setup page, each over a connection of its own, some at a time; resolves when all
 * have ended.
 */
export async function sendImpatientClients(
	port: number,
	host: string,
	count: number,
	seed: number,
): Promise<void> {
	const random = randomFrom(seed);
	const request = `GET /api/update HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
	for (let sent = 0; sent < count; ) {
		// QEMU lets two wait for it.
		const together = 1 + below(2, random);
		const ended: Promise<void>[] = [];
		for (let i = 0; i < together; i++, sent++) {
			const client = pick(Object.values(clients), random);
			const at = 1 + below(request.length - 1, random);
			ended.push(
				new Promise((resolve) => {
					const socket = connect({ port, host: "127.0.0.1" }, () => client(socket, request, at));
					socket.on("error", () => {});
					socket.on("close", () => resolve());
				}),
			);
		}
		await Promise.all(ended);
	}
}
