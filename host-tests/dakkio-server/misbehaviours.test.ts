import { connect as connectTCP } from "node:net";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ConnectionMisbehaviour, Misbehaviour } from "../../simulator/dakkio/exchange";
import * as faults from "../../simulator/dakkio/misbehaviours";
import { DakkioServer } from "../../simulator/dakkio/server";
import { ApiClient } from "./api-client";

let server: DakkioServer;
let client: ApiClient;

beforeEach(async () => {
	server = await DakkioServer.start();
	client = new ApiClient(server);
});

afterEach(async () => {
	client.close();
	await server.close();
});

/** What a client of its own connection gets to see until the end: the bytes, and how it ended. */
function raw(head: string, body: string): Promise<{ text: string; end: string }> {
	return new Promise((resolve) => {
		const { port, certificates } = server;
		const socket = connect({ host: "127.0.0.1", port, ca: certificates.root.pem, servername: "localhost" });
		let text = "";
		socket.setEncoding("utf8");
		socket.on("data", (part: string) => {
			text += part;
		});
		socket.on("error", (error) => resolve({ text, end: "code" in error ? String(error.code) : "?" }));
		socket.on("end", () => resolve({ text, end: "closed" }));
		socket.write(head + body);
	});
}

/** A good point's request, its body announced `extra` bytes longer than it is. */
function pointRequest(extra = 0): [head: string, body: string] {
	const { key, bucketId, dataSourceId } = server.credentials;
	const body = JSON.stringify({ bucketId, dataSourceId, values: { a: 1 } });
	const length = body.length + extra;
	return [
		`POST /api/data HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\nContent-Type: application/json\r\n` +
			`Content-Length: ${length}\r\n\r\n`,
		body,
	];
}

describe("misbehaviour of an exchange", () => {
	// libuv takes a reset for an ordinary end when it comes together with the last bytes.
	const eitherEnd = expect.stringMatching(/^(ECONNRESET|closed)$/);

	/** What it is, what the client sees, how the connection ends, how many points are kept. */
	const cases: readonly (readonly [string, Misbehaviour, RegExp, unknown, number])[] = [
		["a lost answer", faults.loseResponse, /^$/, "ECONNRESET", 1],
		["an answer cut off", faults.resetDuringResponse(30), /^HTTP\/1.1 201[\s\S]{0,18}$/, eitherEnd, 1],
		["an answer without length", faults.respondUntilClose, /close\r\n\r\n\{"message/, "closed", 1],
		["a length too long", faults.wrongLength(10), /^HTTP\/1.1 201/, "closed", 1],
		["nonsense", faults.respondRaw("What?\r\n"), /^What\?\r\n$/, "closed", 1],
		["a slow drip", faults.drip(0), /^HTTP\/1.1 201[\s\S]*\}\}$/, "closed", 1],
		["a close after the answer", faults.closeAfterResponse, /keep-alive[\s\S]*\}\}$/, "closed", 1],
		[
			"an answer before the body",
			faults.respondEarly(503),
			/^HTTP\/1.1 503[\s\S]*close[\s\S]*Early/,
			"closed",
			0,
		],
	];

	test.each(cases)("%s", async (_, misbehaviour, text, end, points) => {
		server.misbehaviours.exchange = () => misbehaviour;
		// Only the early answer does not wait for the whole body.
		const missing = points === 0 ? 10 : 0;
		expect(await raw(...pointRequest(missing))).toEqual({ text: expect.stringMatching(text), end });
		expect(server.points()).toHaveLength(points);
	});

	test("a reset in the middle of the request", async () => {
		server.misbehaviours.exchange = () => faults.resetDuringRequest;
		expect(await raw(...pointRequest(10))).toEqual({ text: "", end: "ECONNRESET" });
	});

	test("any status, with headers, on a connection that stays open", async () => {
		const headers = { "Retry-After": "7" };
		server.misbehaviours.exchange = faults.firstRequests(1, faults.respondWith(503, { headers }));
		const refused = await client.post();
		expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "7"]);
		expect((await client.post()).status).toBe(201);
		expect([server.handshakes, server.points().length]).toEqual([1, 1]);
	});

	test.each([
		["100 and 103 before it", faults.interimResponses],
		["in chunks", faults.chunkedResponse],
	])("a good answer: %s", async (_, misbehaviour) => {
		server.misbehaviours.exchange = () => misbehaviour;
		expect((await client.post()).json()).toMatchObject({ dataPoint: { values: { temperature: 22.48 } } });
	});

	test("silence: the request is read, and no answer comes", async () => {
		server.misbehaviours.exchange = () => async (exchange) => {
			await faults.neverRespond(exchange);
			expect(exchange.response.headersSent).toBe(false);
			exchange.reset();
		};
		await expect(client.post()).rejects.toThrow(/socket hang up|ECONNRESET/);
		expect(server.points()).toHaveLength(0);
	});

	test("can be chosen by request", async () => {
		server.misbehaviours.exchange = ({ path, index }) =>
			path === "/api/data" && index === 1 ? faults.respondWith(502) : undefined;
		const statuses = [await client.post(), await client.post(), await client.post()].map(
			({ status }) => status,
		);
		expect(statuses).toEqual([201, 502, 201]);
	});
});

describe("misbehaviour of a connection", () => {
	/** What a TCP client sees that sends something, for as long as the connection lasts. */
	function see(misbehaviour: ConnectionMisbehaviour, isEnough: (bytes: number) => boolean) {
		server.misbehaviours.connection = misbehaviour;
		return new Promise<string>((resolve) => {
			const socket = connectTCP(server.port, "127.0.0.1", () => socket.write("hello"));
			let length = 0;
			socket.on("data", (part) => {
				length += part.length;
				if (isEnough(length)) resolve(`${length} bytes`);
			});
			socket.on("end", () => resolve(`${length} bytes, closed`));
			socket.on("error", () => resolve("reset"));
		});
	}

	test("a reset", async () => {
		expect(await see(faults.resetConnection, () => false)).toBe("reset");
	});

	test("a handshake that stops half way", async () => {
		expect(await see(faults.haltedHandshake, (length) => length >= 11)).toBe("11 bytes");
	});

	test("something that speaks no TLS", async () => {
		expect(await see(faults.plainTextConnection, () => false)).toBe("28 bytes, closed");
	});

	test("silence, until the server cuts all connections", async () => {
		const cut = see(
			(connection, accept) => {
				faults.silentConnection(connection, accept);
				setImmediate(() => server.disconnect());
			},
			() => true,
		);
		expect(await cut).toBe("reset");
		expect(server.handshakes).toBe(0);
	});

	test("ends when it is taken back", async () => {
		await see(faults.resetConnection, () => false);
		server.misbehaviours.connection = undefined;
		expect((await client.post()).status).toBe(201);
	});
});

test("another certificate is shown from the next connection on", async () => {
	await client.post();
	server.useIdentity(await server.certificates.faulty("expired"));
	expect((await client.post()).status).toBe(201);
	server.disconnect();
	await expect(new ApiClient(server).post()).rejects.toThrow(/expired/);
	server.useIdentity(server.certificates.server);
	expect((await new ApiClient(server).post()).status).toBe(201);
});
