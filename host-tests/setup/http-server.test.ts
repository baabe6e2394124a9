import { once } from "node:events";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { makeListener } from "../../boards/node/listener";
import { makeTCP } from "../../boards/node/tcp";
import { VirtualTime } from "../../simulator/virtual-time";
import type {
	Listener,
	ListenerOptions,
	TCP,
	TCPConstructor,
	TCPFromOptions,
	TCPOptions,
} from "../../src/boards/ecma419";
import { defaultServerLimits, HttpServer } from "../../src/http/http-server";
import { textBody } from "../../src/http/message-stream";
import { ServerConnection } from "../../src/http/server-connection";
import type { ServerRequest, ServerResponse } from "../../src/http/server-messages";

const seconds = (count: number) => count * 1000;
const closers: (() => void)[] = [];

afterEach(() => {
	for (const close of closers.splice(0)) close();
});

/** A server on loopback whose deadlines are in the test's hand; it answers with what it was asked. */
async function serve(handle: (request: ServerRequest) => ServerResponse = echo) {
	const time = new VirtualTime();
	const requests: ServerRequest[] = [];
	const server = new HttpServer({
		network: { Listener: makeListener(), TCP: makeTCP() },
		time,
		port: 0,
		keptHeaders: ["x-asked", "origin", "if-none-match"],
		handle: (request) => {
			requests.push(request);
			return handle(request);
		},
		onError: (error) => {
			throw error ?? new Error("the listener is gone");
		},
	});
	closers.push(() => server.close());
	await new Promise((resolve) => setImmediate(resolve));
	return { server, time, requests, dial: () => Peer.dial(server.port) };
}

function echo({ method, path, host, headers, body }: ServerRequest): ServerResponse {
	const echoed = JSON.stringify({ method, path, host, asked: headers.get("x-asked"), body });
	return { status: 200, headers: [["Content-Type", "application/json"]], body: textBody(echoed) };
}

/** The other end, byte by byte. */
class Peer {
	private readonly socket: Socket;
	private _received = "";
	private _closed = false;

	private constructor(socket: Socket) {
		this.socket = socket;
		socket.setEncoding("latin1");
		socket.on("data", (data) => (this._received += data));
		socket.on("close", () => (this._closed = true));
		socket.on("error", () => (this._closed = true));
		closers.push(() => socket.destroy());
	}

	static async dial(port: number): Promise<Peer> {
		const socket = connect(port, "127.0.0.1");
		const peer = new Peer(socket);
		await once(socket, "connect");
		return peer;
	}

	get received(): string {
		return this._received;
	}

	get isClosed(): boolean {
		return this._closed;
	}

	send(text: string): void {
		this.socket.write(text, "latin1");
	}

	/** Resolves with all that has come as soon as it matches. */
	async until(pattern: RegExp): Promise<string> {
		while (!pattern.test(this._received)) {
			if (this._closed) throw new Error(`closed after ${JSON.stringify(this._received)}`);
			await Promise.race([once(this.socket, "data"), once(this.socket, "close")]);
		}
		return this._received;
	}

	async closed(): Promise<string> {
		if (!this._closed) await once(this.socket, "close");
		return this._received;
	}
}

/** A socket in the test's hand: what is pushed is there to be read at once, and what is written is kept. */
class PushedSocket implements TCP {
	static last: PushedSocket | undefined;
	readonly remoteAddress: string | undefined;
	readonly remotePort = undefined;
	private readonly options: TCPOptions | TCPFromOptions;
	private _unread = new Uint8Array(0);
	written = 0;
	closed = false;

	constructor(options: TCPOptions | TCPFromOptions) {
		this.options = options;
		this.remoteAddress = "from" in options ? options.from.remoteAddress : options.address;
		PushedSocket.last = this;
	}

	get unread(): number {
		return this._unread.length;
	}

	push(bytes: Uint8Array): void {
		if (this.closed) return;
		this._unread = Uint8Array.from([...this._unread, ...bytes]);
		this.options.onReadable?.(this._unread.length);
	}

	room(): void {
		if (!this.closed) this.options.onWritable?.(1000);
	}

	read(buffer: Uint8Array): number {
		const part = this._unread.subarray(0, buffer.length);
		buffer.set(part);
		this._unread = this._unread.slice(part.length);
		return part.length;
	}

	write(buffer: Uint8Array): void {
		if (this.closed) throw new Error("written after the close");
		this.written += buffer.length;
	}

	close(): void {
		this.closed = true;
	}

	/** By the client. */
	disconnect(): void {
		if (!this.closed) this.options.onError?.();
	}
}

/** A server whose connections come from any address. */
function serveAddresses() {
	const time = new VirtualTime();
	const waiting: TCP[] = [];
	let accept = () => {};
	class QueueListener implements Listener {
		readonly port = 80;
		constructor({ onReadable }: ListenerOptions) {
			accept = () => onReadable?.(waiting.length);
		}
		read(): TCP | undefined {
			return waiting.shift();
		}
		close(): void {}
	}
	const server = new HttpServer({
		network: { Listener: QueueListener, TCP: PushedSocket as TCPConstructor },
		time,
		port: 80,
		keptHeaders: [],
		handle: echo,
		onError: () => {},
	});
	const dialFrom = (address: string): PushedSocket => {
		waiting.push(new PushedSocket({ address, port: 0 }));
		accept();
		if (PushedSocket.last === undefined) throw new Error("no connection");
		return PushedSocket.last;
	};
	return { server, time, dialFrom };
}

/** Lets what is under way in the sockets arrive. */
async function turns(count = 20): Promise<void> {
	for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const get = (path = "/", more = "") => `GET ${path} HTTP/1.1\r\nHost: board\r\n${more}\r\n`;
const post = (body: string, more = "") =>
	`POST /a HTTP/1.1\r\nHost: board\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
/** A value that is too long to keep. */
const long = "x".repeat(600);

describe("a request", () => {
	test("is answered, and another may follow over the same connection", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(get("/first?query=1", "X-Asked: yes\r\n"));
		const answer = await peer.until(/\}$/);
		expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(answer).toContain("Connection: keep-alive\r\n");
		expect(answer).toContain('{"method":"GET","path":"/first","host":"board","asked":"yes","body":""}');
		peer.send(post("hello"));
		await peer.until(/hello/);
		expect(requests.map(({ path }) => path)).toEqual(["/first", "/a"]);
	});

	test("may come in any portions", async () => {
		const { dial } = await serve();
		const peer = await dial();
		for (const byte of post("Grüße")) {
			peer.send(byte);
			await turns(1);
		}
		await peer.until(/"body":"/);
	});

	test("may have a first line as long as a head may be: its query is dropped, its path cut", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(get(`/generate_204?${"x=1&".repeat(3_000)}`));
		await peer.until(/\}$/);
		peer.send(get(`http://connect.example/check?${"y".repeat(9_000)}`));
		await peer.until(/"path":"\/check"/);
		peer.send(get(`/${"long/".repeat(2_000)}end?q`));
		await peer.until(/long/);
		expect(requests.map(({ path }) => path.slice(0, 20))).toEqual([
			"/generate_204",
			"/check",
			"/long/long/long/long",
		]);
		expect(requests[2]?.path.length).toBeLessThan(512);
	});

	test("may have bytes in its path that should have been escaped", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(get("/caf\xe9/\xf0\x9f\x90\x9d?\xff"));
		await peer.until(/\}$/);
		expect(requests.map(({ path }) => path)).toEqual(["/caf\ufffd/🐝"]);
	});

	test("may come after empty lines, also on a kept connection", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(`\r\n\r\n${get("/first")}`);
		await peer.until(/first[\s\S]*\}$/);
		peer.send(`\r\n${get("/second")}`);
		await peer.until(/second[\s\S]*\}$/);
		// Some clients send a line after a body.
		peer.send(`${post("third")}\r\n`);
		await peer.until(/"third"\}$/);
		peer.send("\r");
		await turns();
		peer.send("\n");
		await turns();
		peer.send(get("/fourth"));
		expect(await peer.until(/fourth/)).not.toContain("Connection: close");
		expect(requests.map(({ path }) => path)).toEqual(["/first", "/second", "/a", "/fourth"]);
	});

	test("that waits for 100 Continue gets it, once, before its body", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send("POST /a HTTP/1.1\r\nHost: board\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n");
		expect(await peer.until(/\r\n\r\n$/)).toBe("HTTP/1.1 100 Continue\r\n\r\n");
		expect(requests).toEqual([]);
		peer.send("he");
		await turns();
		peer.send("llo");
		const received = await peer.until(/hello/);
		expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 100", "HTTP/1.1 200"]);
		// The next request has an expectation of its own.
		peer.send(
			"POST /b HTTP/1.1\r\nHost: board\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n",
		);
		await peer.until(/100 Continue\r\n\r\n$/);
		peer.send("1\r\nx\r\n0\r\n\r\n");
		await peer.until(/"path":"\/b"/);
	});

	test("of HTTP/1.0, or with its body already there, gets no 100 Continue", async () => {
		const { dial } = await serve();
		const old = await dial();
		old.send("POST /a HTTP/1.0\r\nHost: board\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
		await turns();
		old.send("hello");
		expect(await old.until(/hello/)).toMatch(/^HTTP\/1\.1 200/);
		const peer = await dial();
		peer.send(post("hello", "Expect: 100-continue\r\n"));
		expect(await peer.until(/hello/)).toMatch(/^HTTP\/1\.1 200/);
	});

	test.each([
		["of one byte", (byte: string) => `1\r\n${byte}\r\n`],
		["of one byte, their sizes in eight digits", (byte: string) => `00000001\r\n${byte}\r\n`],
		["of one byte, with an extension", (byte: string) => `1;a=b\r\n${byte}\r\n`],
	])("may have a body of 8 KB in chunks %s", async (_, chunk) => {
		const { dial, requests } = await serve();
		const peer = await dial();
		const body = "0123456789abcdef".repeat(512);
		peer.send("POST /a HTTP/1.1\r\nHost: board\r\nTransfer-Encoding: chunked\r\n\r\n");
		peer.send(`${[...body].map(chunk).join("")}0\r\n\r\n`);
		await peer.until(/\}$/);
		expect(requests[0]?.body).toBe(body);
	});

	test("with HEAD gets the head alone, with the length that GET would have", async () => {
		const { dial } = await serve();
		const peer = await dial();
		peer.send("HEAD / HTTP/1.1\r\nHost: board\r\nConnection: close\r\n\r\n");
		const answer = await peer.closed();
		expect(answer).toMatch(/Content-Length: [1-9]\d+\r\n/);
		expect(answer.endsWith("\r\n\r\n")).toBe(true);
	});

	test("in HTTP/1.0 is answered, and the connection closed", async () => {
		const { dial } = await serve();
		const peer = await dial();
		peer.send("GET / HTTP/1.0\r\n\r\n");
		expect(await peer.closed()).toContain("Connection: close");
	});

	test.each(["http", "HTTP", "Http"])("in absolute form names its host itself: %s", async (scheme) => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(`GET ${scheme}://probe.example/x HTTP/1.1\r\nHost: other\r\n\r\n`);
		expect(await peer.until(/\}$/)).toMatch(/^HTTP\/1\.1 200 /);
		expect(requests).toMatchObject([{ host: "probe.example", path: "/x" }]);
	});

	test("loses a header that is too long to keep, with what was kept of it before and what follows", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(
			get("/", `If-None-Match: "a"\r\nIf-None-Match: ${long}\r\nIf-None-Match: "b"\r\nX-Asked: yes\r\n`),
		);
		await peer.until(/\}$/);
		expect([...(requests[0]?.headers ?? [])]).toEqual([
			["host", "board"],
			["x-asked", "yes"],
		]);
	});

	test("on which the handler throws gets 500, and the server keeps running", async () => {
		const { dial } = await serve(() => {
			throw new Error("secret");
		});
		const peer = await dial();
		peer.send(get());
		const answer = await peer.until(/\}$/);
		expect(answer).toContain("500 Internal Server Error");
		expect(answer).not.toContain("secret");
	});
});

describe("an invalid or oversized request is refused, and the connection closed", () => {
	test.each<[what: string, bytes: string, status: number]>([
		["not HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400],
		["no version", "GET /\r\n\r\n", 400],
		["a space in the path", "GET /a b HTTP/1.1\r\n\r\n", 400],
		["a control character in the path", "GET /\x01 HTTP/1.1\r\n\r\n", 400],
		["a header without a name", "GET / HTTP/1.1\r\n: x\r\n\r\n", 400],
		["a folded header", "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400],
		["bare line feeds", "GET / HTTP/1.1\nHost: a\n\n", 400],
		["a first line of 600 bytes without a path", `${"G".repeat(600)} / HTTP/1.1\r\n\r\n`, 400],
		["a first line of 17 KB", `GET /?${"x".repeat(17_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 400],
		["two hosts", "GET / HTTP/1.1\r\nHost: board\r\nHost: evil\r\n\r\n", 400],
		["an empty host and a second", "GET / HTTP/1.1\r\nHost:\r\nHost: board\r\n\r\n", 400],
		["the same host twice", "GET / HTTP/1.1\r\nHost: board\r\nhost: board\r\n\r\n", 400],
		["a host and a second that is too long", `GET / HTTP/1.1\r\nHost: board\r\nHost: ${long}\r\n\r\n`, 400],
		["a host that is too long and a second", `GET / HTTP/1.1\r\nHost: ${long}\r\nHost: board\r\n\r\n`, 400],
		["a host that is too long", `GET / HTTP/1.1\r\nHost: ${long}\r\n\r\n`, 400],
		["an origin and a second that is too long", get("/", `Origin: http://board\r\nOrigin: ${long}\r\n`), 400],
		["an origin that is too long and a second", get("/", `Origin: ${long}\r\nOrigin: http://board\r\n`), 400],
		["two hosts in one", "GET / HTTP/1.1\r\nHost: board, evil\r\n\r\n", 400],
		["two hosts besides one in the target", "GET http://board/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400],
		["a host that is none", "GET / HTTP/1.1\r\nHost: user@board\r\n\r\n", 400],
		["a host with a path", "GET / HTTP/1.1\r\nHost: board/x\r\n\r\n", 400],
		[
			"two hosts and a body that is yet to come",
			"POST / HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 9\r\n\r\n",
			400,
		],
		["another expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 5\r\n\r\n", 417],
		[
			"an expectation and a body that is too long",
			"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n",
			413,
		],
		["101 headers", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(101)}\r\n`, 400],
		["a head of 17 KB", `GET / HTTP/1.1\r\n${`A: ${"b".repeat(400)}\r\n`.repeat(43)}\r\n`, 400],
		[
			"a length and chunks",
			"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
			400,
		],
		["two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400],
		["a length that is no number", "POST / HTTP/1.1\r\nContent-Length: 1e3\r\n\r\n", 400],
		["a coding that was not asked for", "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400],
		["a chunk without a size", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx", 400],
		["a length over 8 KB, before any of it came", "POST / HTTP/1.1\r\nContent-Length: 8193\r\n\r\n", 413],
		["a length over all measure", "POST / HTTP/1.1\r\nContent-Length: 999999999999999\r\n\r\n", 413],
		[
			"chunks that grow over 8 KB",
			`POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${`1000\r\n${"x".repeat(4096)}\r\n`.repeat(5)}`,
			413,
		],
	])("%s", async (_, bytes, status) => {
		const { dial, requests, time } = await serve();
		const peer = await dial();
		peer.send(bytes);
		const answer = await peer.until(/\}$/);
		expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
		expect(answer).toContain("Connection: close");
		expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4))).toEqual({ error: expect.any(String) });
		expect(requests).toEqual([]);
		await time.advance(defaultServerLimits.drain);
		await peer.closed();
	});

	test("a body of exactly 8 KB is taken", async () => {
		const { dial, requests } = await serve();
		const peer = await dial();
		peer.send(post("x".repeat(8_192)));
		await peer.until(/\}$/);
		expect(requests[0]?.body).toHaveLength(8_192);
	});

	test("413 arrives while the client keeps sending: the rest is read and dropped", async () => {
		const { dial } = await serve();
		const peer = await dial();
		peer.send(post("x".repeat(1_000_000)));
		expect(await peer.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 /);
	});

	test("what is sent before the answer was read ends the connection, not the answer", async () => {
		const { dial, requests, time } = await serve();
		const peer = await dial();
		peer.send(get("/1") + get("/2"));
		expect(await peer.until(/\}$/)).toContain("Connection: close");
		await time.advance(defaultServerLimits.drain);
		await peer.closed();
		expect(requests).toHaveLength(1);
	});
});

describe("time is bounded", () => {
	test("a connection without a request is closed after 5 s, before and after an answer", async () => {
		const { dial, time } = await serve();
		const [silent, spoken] = [await dial(), await dial()];
		spoken.send(get());
		await spoken.until(/\}$/);
		await time.advance(seconds(4.9));
		expect([silent.isClosed, spoken.isClosed]).toEqual([false, false]);
		await time.advance(seconds(0.2));
		expect(await silent.closed()).toBe("");
		await spoken.closed();
	});

	test("a request that crawls gets 408 after 10 s, however steadily it crawls", async () => {
		const { dial, time } = await serve();
		const peer = await dial();
		peer.send("GET / HTTP/1.1\r\n");
		for (let passed = 0; passed < 9; passed++) {
			await turns();
			await time.advance(seconds(1));
			peer.send("A: b\r\n");
		}
		await turns();
		expect(peer.isClosed).toBe(false);
		await time.advance(seconds(1.1));
		expect(await peer.closed()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*Connection: close\r\n/);
	});

	test("a response that no client reads is aborted after 30 s", async () => {
		const endless = { length: 100_000_000, read: (into: Uint8Array) => into.fill(0x61).length };
		const { server, time } = await serve(() => ({ status: 200, headers: [], body: endless }));
		const socket = connect({ port: server.port, host: "127.0.0.1" });
		closers.push(() => socket.destroy());
		socket.pause();
		await once(socket, "connect");
		socket.write(get());
		await turns(200);
		await time.advance(seconds(29));
		expect(time.pending).toBe(1);
		await time.advance(seconds(2));
		expect(time.pending).toBe(0);
	});
});

describe("connections are bounded", () => {
	test("a fifth takes the place of the one that has waited longest", async () => {
		const { dial } = await serve();
		const slow: Peer[] = [];
		for (let count = 0; count < 4; count++) {
			const peer = await dial();
			peer.send("GET / HTTP/1.1\r\nHost: b");
			await turns();
			slow.push(peer);
		}
		const fifth = await dial();
		fifth.send(get());
		await fifth.until(/\}$/);
		await slow[0]?.closed();
		expect(slow.map(({ isClosed }) => isClosed)).toEqual([true, false, false, false]);
		slow[3]?.send("oard\r\n\r\n");
		await slow[3]?.until(/\}$/);
	});

	test("one between two requests makes room before one that sends a request, however old", async () => {
		const { dial } = await serve();
		const busy = await dial();
		busy.send("GET / HTTP/1.1\r\nHost: b");
		await turns();
		const idle = [await dial(), await dial(), await dial()];
		await turns();
		const fifth = await dial();
		fifth.send(get());
		await fifth.until(/\}$/);
		await idle[0]?.closed();
		expect([busy, ...idle].map(({ isClosed }) => isClosed)).toEqual([false, true, false, false]);
		busy.send("oard\r\n\r\n");
		await busy.until(/\}$/);
	});

	test("the one that was served last is kept, however old, before idle ones", async () => {
		const { dial, time } = await serve();
		const kept = await dial();
		await turns();
		const idle = [await dial(), await dial(), await dial()];
		await turns();
		await time.advance(seconds(1));
		kept.send(get());
		await kept.until(/\}$/);
		for (let count = 0; count < 3; count++) {
			await time.advance(100);
			await dial();
			await idle[count]?.closed();
		}
		expect(kept.isClosed).toBe(false);
		kept.send(get("/again"));
		await kept.until(/again.*\}$/s);
	});

	test("two clients that take turns do not keep out a third, whatever they send", async () => {
		const { server, time, dialFrom } = serveAddresses();
		const encode = (text: string) => new TextEncoder().encode(text);
		for (const sent of ["", "GET / HTTP/1.1\r\nHost: b", get()]) {
			const phone = dialFrom("10.0.0.9");
			for (let count = 0; count < 40; count++) {
				await time.advance(10);
				dialFrom(count % 2 === 0 ? "10.0.0.1" : "10.0.0.2").push(encode(sent));
			}
			phone.push(encode(get()));
			phone.room();
			expect([sent, phone.closed, phone.written > 100]).toEqual([sent, false, true]);
			phone.disconnect();
		}
		server.close();
	});

	test("three hundred at once are served, four at a time, and none is left", async () => {
		const { dial, time, requests } = await serve();
		for (let count = 0; count < 300; count++) {
			const peer = await dial();
			if (count % 3 === 0) peer.send("GET ");
			if (count % 3 === 1) peer.send(get("/", "Connection: close\r\n"));
		}
		await turns(100);
		const last = await dial();
		last.send(get("/last"));
		await last.until(/\}$/);
		expect(requests.at(-1)?.path).toBe("/last");
		await time.advance(seconds(60));
		expect(time.pending).toBe(0);
	});

	test("a client outside the access point's subnet is rejected unread", async () => {
		const server = new HttpServer({
			network: { Listener: makeListener(), TCP: makeTCP() },
			time: new VirtualTime(),
			port: 0,
			keptHeaders: [],
			acceptsClient: (address) => address !== "127.0.0.1",
			handle: echo,
			onError: () => {},
		});
		closers.push(() => server.close());
		await turns(1);
		const peer = await Peer.dial(server.port);
		peer.send(get());
		expect(await peer.closed()).toBe("");
	});

	test("a listener that could not be opened is opened again, later each time, until the server is closed", async () => {
		const time = new VirtualTime();
		const opened: number[] = [];
		class Unavailable implements Listener {
			readonly port = 80;
			constructor({ onError }: ListenerOptions) {
				opened.push(time.ticks());
				time.set(() => onError?.(new Error("no network")), 0);
			}
			read(): undefined {}
			close(): void {}
		}
		const problems: string[] = [];
		const server = new HttpServer({
			network: { Listener: Unavailable, TCP: makeTCP() },
			time,
			port: 80,
			keptHeaders: [],
			handle: echo,
			onError: (error) => problems.push(error?.message ?? ""),
		});
		await time.advance(8_000);
		expect(opened).toEqual([0, 1_000, 3_000, 7_000]);
		expect(new Set(problems)).toEqual(new Set(["no network"]));
		server.close();
		await time.advance(seconds(3_600));
		expect(opened.length).toBe(4);
		expect(time.pending).toBe(0);
	});
});

describe("whatever comes", () => {
	const pieces = fc.constantFrom(
		"GET / HTTP/1.1\r\n",
		"POST /api/save HTTP/1.1\r\n",
		"Host: board\r\n",
		"Content-Length: 5\r\n",
		"Content-Length: 99999\r\n",
		"Transfer-Encoding: chunked\r\n",
		"\r\n",
		"5\r\nhello\r\n",
		"0\r\n\r\n",
		"hello",
		"\0",
		"A: \xff\r\n",
		"x".repeat(600),
	);
	const text = fc.array(fc.oneof(pieces, fc.string()), { maxLength: 12 }).map((parts) => parts.join(""));
	const bytes = fc.oneof(
		text.map((all) => Uint8Array.from(all, (character) => character.charCodeAt(0) & 0xff)),
		fc.uint8Array({ maxLength: 400 }),
	);

	test("a refused request is read and dropped for a second before the close, or its answer would be lost", async () => {
		const time = new VirtualTime();
		new ServerConnection({
			TCP: PushedSocket as TCPConstructor,
			from: new PushedSocket({ address: "", port: 0 }),
			time,
			limits: defaultServerLimits,
			keptHeaders: [],
			buffer: new Uint8Array(64),
			handle: echo,
			onEnd: () => {},
		});
		const socket = PushedSocket.last;
		socket?.room();
		socket?.push(new TextEncoder().encode("POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n"));
		expect(socket?.written).toBeGreaterThan(100);
		socket?.push(new Uint8Array(5000));
		await time.advance(defaultServerLimits.drain - 1);
		expect([socket?.closed, socket?.unread]).toEqual([false, 0]);
		await time.advance(1);
		expect(socket?.closed).toBe(true);
	});

	test("nothing is thrown, and each connection comes to its end, with a response where one can be sent", async () => {
		await fc.assert(
			fc.asyncProperty(bytes, fc.integer({ min: 1, max: 64 }), async (all, portion) => {
				const time = new VirtualTime();
				let ended = 0;
				new ServerConnection({
					TCP: PushedSocket as TCPConstructor,
					from: new PushedSocket({ address: "", port: 0 }),
					time,
					limits: defaultServerLimits,
					keptHeaders: [],
					buffer: new Uint8Array(64),
					handle: echo,
					onEnd: () => ended++,
				});
				const socket = PushedSocket.last;
				for (let at = 0; at < all.length; at += portion) {
					socket?.push(all.subarray(at, at + portion));
					socket?.room();
				}
				for (let turn = 0; turn < 20; turn++) socket?.room();
				await time.advance(seconds(120));
				expect([ended, socket?.closed, time.pending]).toEqual([1, true, 0]);
			}),
			{ numRuns: 500 },
		);
	});
});
