import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeListener } from "../../boards/node/listener";
import { makeTCP } from "../../boards/node/tcp";
import type { Listener, TCP, TCPCallbacks } from "../../src/boards/ecma419";

/** Counts the sockets that hold a board's time. */
let holds = { begun: 0, ended: 0 };
const hold = () => {
	holds.begun++;
	return () => {
		holds.ended++;
	};
};
const TCPSocket = makeTCP({ hold });
const ListenerSocket = makeListener();

const open: { close(): void }[] = [];
let server: Server;
let accepted: Promise<Socket>;

beforeEach(async () => {
	holds = { begun: 0, ended: 0 };
	server = createServer();
	accepted = new Promise((resolve) => server.on("connection", resolve));
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
});

afterEach(async () => {
	for (const each of open.splice(0)) each.close();
	server.close();
	(await Promise.race([accepted, undefined]))?.destroy();
});

function port(): number {
	return (server.address() as AddressInfo).port;
}

/** A connection and its events; `next` waits for the next one. */
class Client {
	readonly said: string[] = [];
	readonly socket: TCP;
	private wake = () => {};

	constructor(callbacks: TCPCallbacks = {}, target: { port?: number } | { from: TCP } = {}) {
		const say = (what: string) => {
			this.said.push(what);
			this.wake();
		};
		const options = {
			onReadable(count: number) {
				say(`readable ${count}`);
				callbacks.onReadable?.(count);
			},
			onWritable(count: number) {
				say(`writable ${count}`);
				callbacks.onWritable?.(count);
			},
			onError(error?: Error) {
				say(`error ${error?.message ?? ""}`.trim());
				callbacks.onError?.(error);
			},
		};
		this.socket = new TCPSocket(
			"from" in target
				? { ...target, ...options }
				: { address: "127.0.0.1", port: target.port ?? port(), ...options },
		);
		open.push(this.socket);
	}

	async until(count: number): Promise<readonly string[]> {
		while (this.said.length < count)
			await new Promise<void>((resolve) => {
				this.wake = resolve;
			});
		return this.said;
	}
}

/** As many turns of the event loop as anything here needs. */
async function turns(): Promise<void> {
	for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a TCP connection on Node", () => {
	test("reports that it is open by what can be written", async () => {
		const client = new Client();
		expect(client.said).toEqual([]);
		expect(await client.until(1)).toEqual(["writable 4096"]);
		expect(client.socket.remoteAddress).toBe("127.0.0.1");
		expect(client.socket.remotePort).toBe(port());
	});

	test("takes no more than it announced, and announces again what the kernel took", async () => {
		const client = new Client();
		await client.until(1);
		client.socket.write(new Uint8Array(4000));
		expect(() => client.socket.write(new Uint8Array(97))).toThrow(RangeError);
		client.socket.write(new Uint8Array(96));
		expect(() => client.socket.write(new Uint8Array(1))).toThrow(RangeError);
		await client.until(3);
		expect(client.said.at(-1)).toBe("writable 4096");
	});

	test("copies what is written: the buffer is the caller's again at once", async () => {
		const client = new Client();
		await client.until(1);
		const buffer = new Uint8Array([1, 2, 3]);
		client.socket.write(buffer);
		buffer.fill(9);
		const [data] = await once(await accepted, "data");
		expect([...data]).toEqual([1, 2, 3]);
	});

	test("refuses a write before it is open", () => {
		const client = new Client();
		expect(() => client.socket.write(new Uint8Array(1))).toThrow("not open");
	});

	test("announces at most 4 KB, and takes no more from the network until they are read", async () => {
		const client = new Client();
		const peer = await accepted;
		const all = 16 * 1024 * 1024;
		peer.write(new Uint8Array(all));
		await client.until(2);
		await turns();
		expect(client.said.slice(1)).toEqual(["readable 4096"]);
		expect(peer.writableLength).toBeGreaterThan(0);

		let read = client.socket.read(new Uint8Array(10_000));
		expect(read).toBe(4096);
		for (let heard = 2; read < all; heard++) {
			await client.until(heard + 1);
			read += client.socket.read(new Uint8Array(4096));
		}
		expect(read).toBe(all);
	});

	test("gives the bytes in their order, in whatever portions they are read", async () => {
		const received: number[] = [];
		const client: Client = new Client({
			onReadable(count) {
				for (let left = count; left > 0; ) {
					const buffer = new Uint8Array(Math.min(left, 1 + (received.length % 700)));
					const length = client.socket.read(buffer);
					received.push(...buffer.subarray(0, length));
					left -= length;
				}
			},
		});
		const sent = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7) % 251);
		(await accepted).end(sent);
		while (client.said.at(-1) !== "error") await client.until(client.said.length + 1);
		expect(Uint8Array.from(received)).toEqual(sent);
	});

	test("announces what was left unread together with what comes next", async () => {
		const client = new Client();
		const peer = await accepted;
		peer.write("abc");
		await client.until(2);
		expect(client.socket.read(new Uint8Array(1))).toBe(1);
		await turns();
		expect(client.said).toHaveLength(2);
		peer.write("de");
		await client.until(3);
		expect(client.said.slice(1)).toEqual(["readable 3", "readable 4"]);
		expect(client.socket.read(new Uint8Array(10))).toBe(4);
		expect(client.socket.read(new Uint8Array(10))).toBe(0);
	});

	test("announces data beyond 4 KB only once those are read", async () => {
		const client = new Client();
		(await accepted).write(new Uint8Array(10_000));
		await client.until(2);
		client.socket.read(new Uint8Array(1));
		await turns();
		expect(client.said.slice(1)).toEqual(["readable 4096"]);
		client.socket.read(new Uint8Array(4095));
		await client.until(3);
		expect(client.said.slice(1)).toEqual(["readable 4096", "readable 4096"]);
	});

	test("reports the end after all received data was read", async () => {
		const client = new Client();
		(await accepted).end("last words");
		await client.until(2);
		await turns();
		expect(client.said.slice(1)).toEqual(["readable 10"]);
		client.socket.read(new Uint8Array(9));
		await turns();
		expect(client.said).toHaveLength(2);
		client.socket.read(new Uint8Array(1));
		expect(client.said).toHaveLength(2);
		await client.until(3);
		expect(client.said.at(-1)).toBe("error");
	});

	test("reports a reset after the received data", async () => {
		const client = new Client();
		const peer = await accepted;
		peer.write("abc");
		await client.until(2);
		peer.resetAndDestroy();
		await turns();
		expect(client.said).toHaveLength(2);
		client.socket.read(new Uint8Array(3));
		await client.until(3);
		expect(client.said.at(-1)).toBe("error connection reset");
	});

	test("reports that it was refused", async () => {
		const { port } = server.address() as AddressInfo;
		server.close();
		const client = new Client({}, { port });
		expect(await client.until(1)).toEqual(["error connection refused"]);
	});

	test("refuses a name where an address belongs", () => {
		expect(() => new TCPSocket({ address: "localhost", port: 1 })).toThrow("not an IPv4 address");
	});

	test("keeps copies of what the network does not take, and sends it all after the close", async () => {
		const peer = accepted.then((socket) => socket.pause());
		let written = 0;
		const buffer = new Uint8Array(4096);
		const client: Client = new Client({
			onWritable(count) {
				buffer.fill(1);
				client.socket.write(buffer.subarray(0, count));
				buffer.fill(9);
				written += count;
			},
		});
		for (let before = -1; before < written; ) {
			before = written;
			await turns();
		}
		client.socket.close();
		let received = 0;
		let wrong = 0;
		(await peer).on("data", (data) => {
			received += data.length;
			wrong += data.filter((byte) => byte !== 1).length;
		});
		(await peer).resume();
		await once(await peer, "end");
		expect(received).toBe(written);
		expect(wrong).toBe(0);
	});

	test("sends what was written before the close", async () => {
		const client: Client = new Client({
			onWritable() {
				client.socket.write(new TextEncoder().encode("goodbye"));
				client.socket.close();
			},
		});
		const peer = await accepted;
		let received = "";
		peer.on("data", (data) => {
			received += data;
		});
		await once(peer, "end");
		expect(received).toBe("goodbye");
	});

	test("calls nothing after the close, which may be repeated", async () => {
		const client = new Client();
		await client.until(1);
		const peer = await accepted;
		peer.write("abc");
		await client.until(2);
		client.socket.read(new Uint8Array(1));
		client.socket.close();
		client.socket.close();
		expect(client.socket.read(new Uint8Array(2))).toBe(0);
		expect(() => client.socket.write(new Uint8Array(1))).toThrow("not open");
		peer.write("more");
		await turns();
		expect(client.said).toHaveLength(2);
		expect(holds).toEqual({ begun: 1, ended: 1 });
	});

	test("calls nothing if it is closed before it is open", async () => {
		const client = new Client();
		client.socket.close();
		await turns();
		expect(client.said).toEqual([]);
		expect(holds).toEqual({ begun: 1, ended: 1 });
	});

	test("holds the board's time until its end, once", async () => {
		const client = new Client();
		await client.until(1);
		expect(holds).toEqual({ begun: 1, ended: 0 });
		(await accepted).destroy();
		await client.until(2);
		client.socket.close();
		expect(holds).toEqual({ begun: 1, ended: 1 });
	});

	test("ends with an error when a callback throws, and throws nothing into Node", async () => {
		const client = new Client({
			onWritable() {
				throw new Error("a mistake in the program");
			},
		});
		expect(await client.until(2)).toEqual(["writable 4096", "error a mistake in the program"]);
		await once(await accepted, "close");
	});
});

describe("a listener on Node", () => {
	let listener: Listener;
	let wake = () => {};
	let counts: number[] = [];

	async function listen(): Promise<void> {
		counts = [];
		listener = new ListenerSocket({
			port: 0,
			onReadable(count) {
				counts.push(count);
				wake();
			},
		});
		open.push(listener);
		while (listener.port === 0) await turns();
	}

	async function waiting(count: number): Promise<void> {
		while (counts.length < count)
			await new Promise<void>((resolve) => {
				wake = resolve;
			});
	}

	test("hands over connections, with all that they have sent", async () => {
		await listen();
		const visitor = new Client({}, { port: listener.port });
		await visitor.until(1);
		visitor.socket.write(new TextEncoder().encode("knock"));
		await waiting(1);
		expect(counts).toEqual([1]);
		await turns();
		const from = listener.read();
		if (from === undefined) throw new Error("no client is connected");
		expect(listener.read()).toBeUndefined();
		const host = new Client({}, { from });
		expect(host.said).toEqual([]);
		expect((await host.until(2)).toSorted()).toEqual(["readable 5", "writable 4096"]);
		host.socket.write(new TextEncoder().encode("come in"));
		await visitor.until(3);
		expect(visitor.said).toContain("readable 7");
		expect(() => new Client({}, { from })).toThrow("once");
	});

	test("listens on loopback alone", async () => {
		await listen();
		const visitor = new Client({}, { port: listener.port });
		await visitor.until(1);
		expect(visitor.socket.remoteAddress).toBe("127.0.0.1");
	});

	test("turns away more than eight that wait", async () => {
		await listen();
		const visitors = Array.from({ length: 9 }, () => new Client({}, { port: listener.port }));
		await waiting(8);
		const [, , , , , , , , last] = visitors;
		while (!visitors.some(({ said }) => said.some((word) => word.startsWith("error")))) await turns();
		expect(last?.said.at(-1)).toMatch(/^error/);
		expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
	});

	test("closes those that still wait, and itself twice", async () => {
		await listen();
		const visitor = new Client({}, { port: listener.port });
		await waiting(1);
		listener.close();
		listener.close();
		await visitor.until(2);
		expect(visitor.said.at(-1)).toMatch(/^error/);
		expect(listener.read()).toBeUndefined();
	});

	test("reports that its port is taken", async () => {
		const error = await new Promise<Error | undefined>((resolve) => {
			open.push(new ListenerSocket({ port: port(), onError: resolve }));
		});
		expect(error?.message).toBe("EADDRINUSE");
	});
});
