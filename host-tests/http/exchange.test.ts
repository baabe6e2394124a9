import { afterEach, describe, expect, test } from "vitest";
import type { HttpConnectionOptions } from "../../src/http/http-connection";
import {
	endlessBody,
	getRequest,
	HttpTestClient,
	postRequest,
	secretKey,
	textBodyOf,
} from "./http-test-client";
import { type ConnectionScript, RawServer } from "./raw-server";

const open: { close(): void | Promise<void> }[] = [];

afterEach(async () => {
	for (const each of open.splice(0)) await each.close();
});

async function serve(...scripts: readonly ConnectionScript[]): Promise<RawServer> {
	const server = await RawServer.start(...scripts);
	open.push({ close: () => server.stop() });
	return server;
}

function connect(port: number, options: Partial<HttpConnectionOptions> = {}): HttpTestClient {
	const client = new HttpTestClient({ port, ...options });
	open.unshift(client);
	return client;
}

/** Answers each request of a connection with the next of these; after the last it leaves it open. */
function answering(...answers: readonly string[]): ConnectionScript {
	return async (peer) => {
		for (const answer of answers) {
			await peer.request();
			peer.send(answer);
		}
	};
}

const created = "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}";
const answer201 = { kind: "response", status: 201, headers: new Map(), body: "{}" };
/** More than the kernel takes from one end of a loopback connection when the other does not read. */
const huge = 64 * 1024 * 1024;

describe("a good server", () => {
	test("receives the expected request, and its response is returned", async () => {
		let seen: unknown;
		const server = await serve(async (peer) => {
			seen = await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nRetry-After: 7\r\nX-Other: 1\r\n\r\nhello");
		});
		const client = connect(server.port);
		expect(await client.exchange(postRequest("grün"))).toEqual({
			kind: "response",
			status: 201,
			headers: new Map([["retry-after", "7"]]),
			body: "hello",
		});
		expect(seen).toEqual({
			head: `POST /api/data HTTP/1.1\r\nHost: localhost:${server.port}\r\nX-API-Key: ${secretKey}\r\nContent-Length: 5\r\n\r\n`,
			body: "gr\xc3\xbcn",
		});
	});

	test("receives a GET without a body, and a POST without a body with Content-Length 0", async () => {
		const heads: string[] = [];
		const server = await serve(async (peer) => {
			for (;;) {
				heads.push((await peer.request()).head);
				peer.send(created);
			}
		});
		const client = connect(server.port);
		await client.exchange(getRequest);
		await client.exchange({ method: "POST", path: "/x", headers: [] });
		expect(heads[0]).not.toContain("Content-Length");
		expect(heads[1]).toContain("Content-Length: 0\r\n");
	});

	test("serves a thousand exchanges over one connection", async () => {
		const server = await serve(answering(...new Array<string>(1000).fill(created)));
		const client = connect(server.port);
		for (let i = 0; i < 1000; i++) expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(client.connection.connectionCount).toBe(1);
		expect(server.connections).toBe(1);
	});

	test("receives a body larger than memory, part by part", async () => {
		const server = await serve(async (peer) => {
			await peer.until("\r\n\r\n");
			let received = 0;
			while (received < huge) received += (await peer.take(Math.min(65_536, huge - received))).length;
			peer.send(created);
		});
		const { body, taken } = endlessBody(huge);
		const client = connect(server.port);
		expect(await client.exchange({ ...postRequest(), body })).toEqual(answer201);
		expect(taken()).toBe(huge);
	});
});

describe("a response that ends the exchange", () => {
	test.each([
		[
			"after 100 and 103",
			`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n${created}`,
			201,
			"{}",
		],
		["204", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""],
		[
			"in chunks",
			"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
			201,
			"{}",
		],
		["301, which is not followed", "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n\r\n", 301, ""],
		["400 with words", "HTTP/1.1 400 Bad Request\r\nContent-Length: 4\r\n\r\nwhat", 400, "what"],
	])("%s; the connection is kept", async (_, answer, status, body) => {
		const server = await serve(answering(answer, created));
		const client = connect(server.port);
		expect(await client.exchange(postRequest())).toEqual({
			kind: "response",
			status,
			headers: new Map(),
			body,
		});
		expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(server.connections).toBe(1);
	});

	test.each([
		["with Connection: close", "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"],
		["of HTTP/1.0", "HTTP/1.0 201 Created\r\nContent-Length: 2\r\n\r\n{}"],
		["with more than it said", `${created}{}`],
	])("%s is the last on its connection", async (_, answer) => {
		const server = await serve(answering(answer), answering(created));
		const client = connect(server.port);
		expect(await client.exchange(postRequest())).toMatchObject(answer201);
		await (await server.peer(0)).closed();
		expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(server.connections).toBe(2);
	});

	test("without a length ends with the connection", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\n\r\n{}");
			peer.close();
		});
		expect(await connect(server.port).exchange(postRequest())).toEqual(answer201);
	});

	test("before the request was out ends the sending", async () => {
		const server = await serve(async (peer) => {
			await peer.until("\r\n\r\n");
			peer.socket.pause();
			peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
		});
		const { body, taken } = endlessBody(huge);
		const client = connect(server.port);
		expect(await client.exchange({ ...postRequest(), body })).toMatchObject({ status: 413, body: "big" });
		expect(taken()).toBeLessThan(huge);
		(await server.peer(0)).socket.resume();
		await (await server.peer(0)).closed();
	});

	test("keeps its status when its body is cut off by a close", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{}");
			peer.close();
		});
		expect(await connect(server.port).exchange(postRequest())).toMatchObject({
			...answer201,
			truncated: true,
		});
	});

	test("keeps its status when its body is cut off by a reset", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nContent-Length: 20\r\n\r\n{}");
			await peer.flushed();
			setImmediate(() => peer.reset());
		});
		expect(await connect(server.port).exchange(postRequest())).toMatchObject({
			status: 201,
			truncated: true,
		});
	});

	test("keeps its status when its body never ends", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send(`HTTP/1.1 500 Oops\r\nContent-Length: 10000000\r\n\r\n${"x".repeat(10_000_000)}`);
		});
		const outcome = await connect(server.port).exchange(postRequest());
		expect(outcome).toMatchObject({ kind: "response", status: 500, body: "x".repeat(1024), truncated: true });
		await (await server.peer(0)).closed();
	});

	test("keeps as much of its body as was asked for", async () => {
		const server = await serve(
			answering(`HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n${"y".repeat(5000)}`),
		);
		const outcome = await connect(server.port).exchange({ ...getRequest, maxKeptBodyBytes: 8192 });
		expect(outcome).toEqual({ kind: "response", status: 200, headers: new Map(), body: "y".repeat(5000) });
	});

	test("has the client's secret removed, in body and headers, also one that its end cuts off", async () => {
		const secret = "dakkio_w_0123456789abcdef";
		const start = `no ${secret}, ${secret}${"x".repeat(20)}`;
		for (const maxKeptBodyBytes of Array.from({ length: start.length }, (_, length) => length + 1)) {
			const server = await serve(
				answering(
					`HTTP/1.1 500 X\r\nLocation: /${secret}\r\nContent-Length: ${start.length}\r\n\r\n${start}`,
				),
			);
			const result = await connect(server.port, { secret }).exchange({ ...getRequest, maxKeptBodyBytes });
			expect(JSON.stringify(result)).not.toContain(secret.slice(0, 10));
		}
	});
});

describe("a status line in hand counts, and what is odd after it costs only the connection", () => {
	const sent = "HTTP/1.1 201 Created\r\n";
	test.each([
		["a length and chunks", `${sent}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`],
		["the same length twice", `${sent}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`],
		["two lengths", `${sent}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`],
		["a negative length", `${sent}Content-Length: -2\r\n\r\n{}`],
		["a length beyond counting", `${sent}Content-Length: ${"9".repeat(400)}\r\n\r\n{}`],
		["a line without a colon", `${sent}nonsense\r\n\r\n`],
		["an empty line before it", `\r\n${sent}Content-Length: 2\r\n\r\n{}`],
		[
			"an empty line too many after an interim response",
			`HTTP/1.1 100 Continue\r\n\r\n\r\n${sent}Content-Length: 0\r\n\r\n`,
		],
		["a NUL in a header", `${sent}X: \0\r\n\r\n`],
		["a line of 64 KB", `${sent}X: ${"x".repeat(65_536)}\r\n\r\n`],
		["64 KB of headers", `${sent}${`X: ${"x".repeat(1000)}\r\n`.repeat(64)}`],
		["a thousand headers", `${sent}${"A: b\r\n".repeat(1000)}\r\n`],
		["a folded first header", `${sent} folded\r\n\r\n`],
		["a bad chunk", `${sent}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`],
		["line ends without CR", "HTTP/1.1 201 Created\nContent-Length: 2\n\n{}"],
		["a NUL in the reason", "HTTP/1.1 201 \0\r\nContent-Length: 2\r\n\r\n{}"],
		["a second response", `${sent}Content-Length: 0\r\n\r\n${sent}Content-Length: 0\r\n\r\n`],
	])("%s", async (_, answer) => {
		const server = await serve(answering(answer), answering(created));
		const client = connect(server.port);
		const outcome = await client.exchange(postRequest());
		expect(outcome).toMatchObject({ kind: "response", status: 201, oddity: expect.stringMatching(/./) });
		await (await server.peer(0)).closed();
		expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(server.connections).toBe(2);
	});

	test("a close after the status line", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.socket.end(sent);
		});
		expect(await connect(server.port).exchange(postRequest())).toMatchObject({
			status: 201,
			truncated: true,
		});
	});

	test("silence after the status line", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send(sent);
		});
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		while (client.received < sent.length) await client.time.advance(0);
		await client.time.advance(30_000);
		expect(await exchange.outcome).toMatchObject({ status: 201, oddity: expect.stringContaining("30 s") });
	});
});

describe("a 2xx before the whole request was sent is a failure", () => {
	const early = async (text: string) => {
		const server = await serve(async (peer) => {
			await peer.until("\r\n\r\n");
			peer.socket.pause();
			peer.send(text);
		});
		const { body, taken } = endlessBody(huge);
		const outcome = await connect(server.port).exchange({ ...postRequest(), body });
		expect(taken()).toBeLessThan(huge);
		(await server.peer(0)).socket.resume();
		await (await server.peer(0)).closed();
		return outcome;
	};

	test.each([
		["200", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
		["201", created],
		["204", "HTTP/1.1 204 No Content\r\n\r\n"],
		["201 after 100", `HTTP/1.1 100 Continue\r\n\r\n${created}`],
		["201 without an end", "HTTP/1.1 201 Created\r\n"],
	])("%s", async (_, text) => {
		expect(await early(text)).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
	});

	test.each([400, 401, 413, 503])("but %i is an error", async (status) => {
		const text = `HTTP/1.1 ${status} No\r\nContent-Length: 3\r\n\r\nbig`;
		expect(await early(text)).toMatchObject({ kind: "response", status, body: "big" });
	});

	test("100 while the request is being sent is no answer yet", async () => {
		const server = await serve(async (peer) => {
			await peer.until("\r\n\r\n");
			peer.send("HTTP/1.1 100 Continue\r\n\r\n");
			await peer.take(500_000);
			peer.send(created);
		});
		const { body } = endlessBody(500_000);
		expect(await connect(server.port).exchange({ ...postRequest(), body })).toEqual(answer201);
	});
});

describe("an exchange without a response", () => {
	test("refused connection", async () => {
		const server = await RawServer.start();
		const { port } = server;
		await server.stop();
		expect(await connect(port).exchange(postRequest())).toEqual({
			kind: "failure",
			phase: "connect",
			message: `localhost:${port}: connect failed: connection refused`,
			fullySent: false,
		});
	});

	test("a name that has no address", async () => {
		const resolver = {
			resolve: ({ host, onError }: { host: string; onError(host: string): void }) => onError(host),
		};
		const network = { TCP: NoSocket, TLS: NoSocket, resolver };
		expect(await connect(1, { network, host: "no.example" }).exchange(postRequest())).toEqual({
			kind: "failure",
			phase: "resolve",
			message: "no.example:1: resolve failed",
			fullySent: false,
		});
	});

	test.each([
		["a status line that is none", "ERROR what do you want\r\n", "does not begin like an HTTP response"],
		["another protocol's", "HTTP/2 201\r\n\r\n", "does not begin like an HTTP response"],
		["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n", "unexpected"],
	])("%s", async (_, answer, problem) => {
		const server = await serve(answering(answer));
		const outcome = await connect(server.port).exchange(postRequest());
		expect(outcome).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
		expect(outcome).toHaveProperty("message", expect.stringContaining(problem));
		await (await server.peer(0)).closed();
	});

	test("a reset in the middle of the request: it cannot have been acted upon", async () => {
		const server = await serve(async (peer) => {
			await peer.until("\r\n\r\n");
			peer.socket.pause();
			peer.reset();
		});
		const outcome = await connect(server.port).exchange({ ...postRequest(), body: endlessBody(huge).body });
		expect(outcome).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
	});

	test.each([
		["a close before the response", "", false],
		["a reset before the response", "", true],
		["a close in the middle of the response's head", "HTTP/1.1 201 Cre", false],
		["a reset in the middle of the response's head", "HTTP/1.1 201 Cre", true],
		["a close after an interim response", "HTTP/1.1 100 Continue\r\n\r\n", false],
	])("%s: it may have been acted upon", async (_, part, resets) => {
		const server = await serve(async (peer) => {
			await peer.request();
			if (part !== "") peer.send(part);
			if (resets) peer.reset();
			else peer.close();
		});
		const outcome = await connect(server.port).exchange(postRequest());
		expect(outcome).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
		expect(server.connections).toBe(1);
	});
});

describe("every wait has a timeout", () => {
	test("a name that is never resolved, and an address that comes too late", async () => {
		let late: (() => void) | undefined;
		const resolver = {
			resolve({ host, onResolved }: { host: string; onResolved(host: string, address: string): void }) {
				late = () => onResolved(host, "127.0.0.1");
			},
		};
		const server = await serve(answering(created));
		const network = { TCP: NoSocket, TLS: NoSocket, resolver };
		const hanging = connect(server.port, { network });
		const exchange = hanging.start(postRequest());
		await hanging.time.advance(9_999);
		expect(exchange.done).toBe(false);
		await hanging.time.advance(1);
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "resolve", fullySent: false });
		expect(late).toBeDefined();
		late?.();
		await hanging.time.advance(0);
	});

	test("a server that accepts and is silent", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
		});
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		await arrived(server, "{}", client);
		await client.time.advance(29_999);
		expect(exchange.done).toBe(false);
		await client.time.advance(1);
		expect(await exchange.outcome).toEqual({
			kind: "failure",
			phase: "receive",
			message: `localhost:${server.port}: receive timed out after 30 s`,
			fullySent: true,
		});
		await (await server.peer(0)).closed();
	});

	test("a status line at a byte a second ends at the receive timeout", async () => {
		const server = await serve(() => {});
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		await arrived(server, "{}", client);
		const peer = await server.peer(0);
		for (let second = 0; second < 30; second++) {
			while (client.received < second) await client.time.advance(0);
			expect(exchange.done).toBe(false);
			peer.send("HTTP/1.1 201 Created, as you have asked\r\n".charAt(second));
			await client.time.advance(1000);
		}
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
	});

	test("a server that drips its body: the status is known", async () => {
		const head = "HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n";
		const server = await serve(answering(head));
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		const peer = await server.peer(0);
		for (let second = 0; second < 30; second++) {
			while (client.received < head.length + second) await client.time.advance(0);
			expect(exchange.done).toBe(false);
			peer.send(".");
			await client.time.advance(1000);
		}
		expect(await exchange.outcome).toMatchObject({ kind: "response", status: 201, truncated: true });
	});

	test("a request that the socket does not accept times out", async () => {
		const server = await serve((peer) => {
			peer.socket.pause();
		});
		const { body, taken } = endlessBody(huge);
		const client = connect(server.port);
		const exchange = client.start({ ...postRequest(), body });
		await still(client, taken);
		await client.time.advance(19_999);
		expect(exchange.done).toBe(false);
		await client.time.advance(1);
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
	});

	test("a slow exchange ends at the total timeout", async () => {
		const server = await serve(() => {});
		const client = connect(server.port, { timeoutsMs: { receive: 100_000, total: 45_000 } });
		const exchange = client.start(postRequest());
		await arrived(server, "{}", client);
		await client.time.advance(44_999);
		expect(exchange.done).toBe(false);
		await client.time.advance(1);
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
	});
});

describe("a reused connection", () => {
	test("closed by the server while idle is replaced before anything is sent", async () => {
		const closing: ConnectionScript = async (peer) => {
			await peer.request();
			peer.send(created);
			peer.close();
		};
		const server = await serve(closing, answering(created));
		const client = connect(server.port);
		expect(await client.exchange(postRequest())).toEqual(answer201);
		while (client.openCount > 0) await client.time.advance(0);
		expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(client.connection.connectionCount).toBe(2);
	});

	test("closed together with the response is replaced even when the next request follows at once", async () => {
		const closing: ConnectionScript = async (peer) => {
			await peer.request();
			peer.socket.end(created);
		};
		const server = await serve(closing);
		const client = connect(server.port);
		for (let i = 1; i <= 20; i++) {
			expect(await client.exchange(postRequest())).toEqual(answer201);
			expect(client.connection.connectionCount).toBe(i);
		}
	});

	test("with unsolicited bytes is not reused", async () => {
		const server = await serve(answering(created));
		const client = connect(server.port);
		expect(await client.exchange(postRequest())).toEqual(answer201);
		(await server.peer(0)).send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
		while (client.openCount > 0) await client.time.advance(0);
		expect(await client.exchange(postRequest())).toEqual(answer201);
	});

	const resetting: ConnectionScript = async (peer) => {
		await peer.request();
		peer.send(created);
		await peer.until("\r\n\r\n");
		peer.socket.pause();
		peer.reset();
	};

	test("lost before the request was complete: the request is sent again once, a second later", async () => {
		const server = await serve(resetting, async (peer) => {
			await peer.until("\r\n\r\n");
			peer.send("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
		});
		const client = connect(server.port);
		await client.exchange(postRequest());
		const again = await client.exchangeAgain({ ...postRequest(), body: endlessBody(huge).body });
		expect(again).toMatchObject({ kind: "response", status: 413 });
		expect(server.connections).toBe(2);
	});

	test("lost twice is a failure", async () => {
		const server = await serve(resetting, async (peer) => {
			await peer.until("\r\n\r\n");
			peer.socket.pause();
			peer.reset();
		});
		const client = connect(server.port);
		await client.exchange(postRequest());
		const outcome = await client.exchangeAgain({ ...postRequest(), body: endlessBody(huge).body });
		expect(outcome).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
		expect(server.connections).toBe(2);
	});

	test("lost after a complete POST is a failure: the server may have acted on it", async () => {
		const server = await serve(resetting, answering(created));
		const client = connect(server.port);
		await client.exchange(postRequest());
		expect(await client.exchange(postRequest())).toMatchObject({
			kind: "failure",
			phase: "receive",
			fullySent: true,
		});
		expect(server.connections).toBe(1);
	});

	test("lost after a GET: the GET is sent again a second later, it changes nothing", async () => {
		const server = await serve(resetting, answering(created));
		const client = connect(server.port);
		await client.exchange(postRequest());
		expect(await client.exchangeAgain(getRequest)).toEqual(answer201);
		expect(server.connections).toBe(2);
	});

	test("lost during the response is a failure, even of a GET", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send(created);
			await peer.request();
			peer.send("HTTP/1.1 2");
			await peer.flushed();
			setImmediate(() => peer.reset());
		}, answering(created));
		const client = connect(server.port);
		await client.exchange(postRequest());
		expect(await client.exchange(getRequest)).toMatchObject({ kind: "failure", phase: "receive" });
		expect(server.connections).toBe(1);
	});

	test("that stalls is a failure: the request may still arrive", async () => {
		const server = await serve(async (peer) => {
			await peer.request();
			peer.send(created);
			await peer.flushed();
			peer.socket.pause();
		}, answering(created));
		const client = connect(server.port);
		await client.exchange(postRequest());
		const { body, taken } = endlessBody(huge);
		const exchange = client.start({ ...postRequest(), body });
		await client.time.advance(20);
		await still(client, taken);
		await client.time.advance(20_000);
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
		expect(server.connections).toBe(1);
	});
});

describe("an invalid request", () => {
	test("throws before anything is sent, without a secret in the message", async () => {
		const server = await serve(answering(created));
		const client = connect(server.port);
		const smuggled = `${secretKey}\r\nX-Evil: 1`;
		const wrong = [
			{ ...postRequest(), headers: [["X-API-Key", smuggled]] },
			{ ...postRequest(), headers: [["X-API-Key", `${secretKey}\0`]] },
			{ ...postRequest(), headers: [["X API-Key", secretKey]] },
			{ ...postRequest(), headers: [["", secretKey]] },
			{ ...postRequest(), headers: [["content-length", "5"]] },
			{ ...postRequest(), headers: [["Host", "evil.example"]] },
			{ ...postRequest(), path: "/a b" },
			{ ...postRequest(), path: "/a\r\nX: y" },
			{ ...postRequest(), path: "http://evil.example/" },
		] as const;
		for (const request of wrong) {
			expect(() => client.connection.exchange(request)).toThrow(TypeError);
			expect(() => client.connection.exchange(request)).not.toThrow(secretKey);
		}
		expect(await client.exchange(postRequest())).toEqual(answer201);
		expect(server.connections).toBe(1);
	});

	test("one exchange at a time", async () => {
		const server = await serve(answering(created));
		const client = connect(server.port);
		const first = client.start(postRequest());
		expect(() => client.connection.exchange(postRequest())).toThrow("one exchange at a time");
		expect(await client.settled(first)).toEqual(answer201);
	});

	test.each([
		[
			"that throws",
			10,
			() => {
				throw new Error("the flash cannot be read");
			},
			"the flash cannot be read",
		],
		["that ends too early", 10, () => 0, "10 bytes too early"],
		["that claims more than there was room for", 10, (into: Uint8Array) => into.length + 1, "too early"],
		["without a usable length", -1, () => 0, "no usable length"],
	])("a body %s fails its exchange", async (_, length, read, reason) => {
		const server = await serve(() => {});
		const client = connect(server.port);
		const outcome = await client.exchange({ ...postRequest(), body: () => ({ length, read }) });
		expect(outcome).toMatchObject({ kind: "failure", phase: "send", fullySent: false });
		expect(outcome).toHaveProperty("message", expect.stringContaining(reason));
		await (await server.peer(0)).closed();
	});

	test("a body that cannot be made fails its exchange, and the next may go out", async () => {
		const server = await serve(() => {}, answering(created));
		const client = connect(server.port);
		const broken = () => {
			throw new Error("the flash cannot be read");
		};
		expect(await client.exchange({ ...postRequest(), body: broken })).toMatchObject({
			kind: "failure",
			fullySent: false,
		});
		expect(await client.exchange({ ...postRequest(), body: textBodyOf("{}") })).toEqual(answer201);
	});
});

describe("closing", () => {
	test("fails the exchange under way, and every later one", async () => {
		const server = await serve(() => {});
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		await arrived(server, "{}", client);
		client.close();
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
		expect(await client.exchange(postRequest())).toMatchObject({ kind: "failure", fullySent: false });
		client.close();
	});

	test("ends a lookup and a connection that are not made yet", async () => {
		const server = await serve(() => {});
		const client = connect(server.port);
		const exchange = client.start(postRequest());
		client.connection.close();
		expect(await exchange.outcome).toMatchObject({ kind: "failure", phase: "resolve", fullySent: false });
		while (client.openCount > 0) await client.time.advance(0);
		expect(server.connections).toBe(0);
	});
});

/** Stands where no socket may be made. */
class NoSocket {
	readonly remoteAddress = undefined;
	readonly remotePort = undefined;
	constructor() {
		throw new Error("no socket may be made here");
	}
	read(): number {
		return 0;
	}
	write(): void {}
	close(): void {}
}

/** Waits until the first connection's peer has got this. */
async function arrived(server: RawServer, text: string, client: HttpTestClient): Promise<void> {
	const peer = await server.peer(0);
	let there = false;
	peer.seen(text).then(() => {
		there = true;
	});
	while (!there) await client.time.advance(0);
}

/** Waits until a count stays the same for a while: the kernel takes no more. */
async function still(client: HttpTestClient, count: () => number): Promise<void> {
	for (let before = -1, rounds = 0; rounds < 200; rounds++) {
		if (count() === 0 || count() !== before) rounds = 0;
		before = count();
		await client.time.advance(0);
	}
}
