import { afterEach, describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import { makeResolver } from "../../src/boards/node/resolver";
import { makeTCP } from "../../src/boards/node/tcp";
import { makeTLS } from "../../src/boards/node/tls";
import { type Body, HttpConnection, type Outcome, type Request } from "../../src/http/exchange";
import { RawServer, type Script } from "./raw-server";

const servers: RawServer[] = [];

afterEach(async () => {
	for (const server of servers.splice(0)) await server.stop();
});

async function serve(...scripts: readonly Script[]): Promise<RawServer> {
	const server = await RawServer.start(...scripts);
	servers.push(server);
	return server;
}

function textBody(text: string): () => Body {
	return () => {
		const bytes = new TextEncoder().encode(text);
		let at = 0;
		return {
			length: bytes.length,
			read(into) {
				const part = bytes.subarray(at, at + into.length);
				into.set(part);
				at += part.length;
				return part.length;
			},
		};
	};
}

function connect(server: RawServer, time = new VirtualTime()) {
	const network = { TCP: makeTCP(), TLS: makeTLS({}), resolver: makeResolver() };
	const connection = new HttpConnection({
		network,
		time,
		host: "localhost",
		port: server.port,
		secure: false,
		answerHeaders: ["retry-after"],
	});
	return { connection, time };
}

/** Lets timers without delay fire until the outcome is there. */
async function settled(time: VirtualTime, outcome: Promise<Outcome>): Promise<Outcome> {
	let done = false;
	const mark = () => {
		done = true;
	};
	outcome.then(mark, mark);
	while (!done) await time.advance(0);
	return outcome;
}

const post: Request = {
	method: "POST",
	path: "/api/data",
	headers: [["X-API-Key", "secret"]],
	body: textBody("{}"),
};

describe("a good server", () => {
	test("gets the request as it should be, and its answer is given back", async () => {
		let seen: unknown;
		const server = await serve(async (peer) => {
			seen = await peer.request();
			peer.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nRetry-After: 7\r\nX-Other: 1\r\n\r\nhello");
		});
		const { connection, time } = connect(server);
		const outcome = await settled(time, connection.exchange(post));
		expect(outcome).toEqual({
			kind: "answer",
			status: 201,
			headers: new Map([["retry-after", "7"]]),
			body: "hello",
		});
		expect(seen).toEqual({
			head: `POST /api/data HTTP/1.1\r\nHost: localhost:${server.port}\r\nX-API-Key: secret\r\nContent-Length: 2\r\n\r\n`,
			body: "{}",
		});
		connection.close();
		expect(time.pending).toBe(0);
	});
});
