import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VirtualTime } from "../../simulator/virtual-time";
import type { ExchangeResult } from "../../src/http/exchange-result";
import { HttpConnection } from "../../src/http/http-connection";
import type { HttpRequest } from "../../src/http/request";
import { ChipNetwork } from "./chip-network";
import { textBodyOf } from "./http-test-client";

function connect(secure: boolean) {
	const network = new ChipNetwork();
	const time = new VirtualTime();
	const connection = new HttpConnection({ network, time, host: "dakkio.example", port: 443, secure });
	return { network, time, connection };
}

function latin1(text: string): Uint8Array {
	return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function portions(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
	const parts: Uint8Array[] = [];
	for (let at = 0, turn = 0; at < bytes.length; turn++) {
		const size = sizes[turn % sizes.length] ?? 1;
		parts.push(bytes.subarray(at, at + size));
		at += size;
	}
	return parts;
}

const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6000 }));
const sizes = fc.array(size, { minLength: 1, maxLength: 6 });

describe("on a chip's network", () => {
	test("request and response are transferred completely, whatever the portions of the network", async () => {
		await fc.assert(
			fc.asyncProperty(fc.boolean(), fc.nat(5000), sizes, sizes, async (secure, length, rooms, gives) => {
				const { network, connection } = connect(secure);
				const text = "é".repeat(length);
				const exchange = connection.exchange({
					method: "POST",
					path: "/",
					headers: [],
					body: textBodyOf(text),
				});
				network.lookups[0]?.resolve("192.0.2.1");
				const socket = network.socket;
				if (socket === undefined) throw new Error("nothing was connected");
				const head =
					"POST / HTTP/1.1\r\n" +
					`Host: dakkio.example${secure ? "" : ":443"}\r\n` +
					`Content-Length: ${2 * length}\r\n\r\n`;
				const whole = head.length + 2 * length;
				for (let turn = 0; socket.written.length < whole && turn < whole; turn++)
					socket.writable(rooms[turn % rooms.length] ?? 1);
				expect(new TextDecoder().decode(Uint8Array.from(socket.written))).toBe(head + text);
				const answer = latin1("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello");
				for (const part of portions(answer, gives)) socket.deliver(part);
				expect(await exchange).toMatchObject({ kind: "response", status: 201, body: "hello" });
			}),
			{ numRuns: 200 },
		);
	});

	test("the room that the network has is filled, without overrunning it", async () => {
		const { network, connection } = connect(true);
		const body = textBodyOf("x".repeat(20_000));
		const exchange = connection.exchange({ method: "POST", path: "/", headers: [], body });
		network.lookups[0]?.resolve("192.0.2.1");
		// lwIP's send buffer on an ESP32: four segments of 1436 bytes.
		for (let filled = 1; filled <= 3; filled++) {
			network.socket?.writable(5744);
			expect(network.socket?.written.length).toBe(filled * 5744);
		}
		connection.close();
		await exchange;
	});
});

describe("a response that arrives before the request is sent", () => {
	function begin() {
		const chip = connect(false);
		const body = textBodyOf("x".repeat(10_000));
		const exchange = chip.connection.exchange({ method: "POST", path: "/", headers: [], body });
		chip.network.lookups[0]?.resolve("192.0.2.1");
		const socket = chip.network.socket;
		if (socket === undefined) throw new Error("nothing was connected");
		socket.writable(1000);
		return { ...chip, exchange, socket };
	}

	test("ends the sending as soon as its status is known", async () => {
		const { connection, exchange, socket } = begin();
		socket.deliver(latin1("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 413 Too"));
		socket.writable(1000);
		expect(socket.written).toHaveLength(2000);
		socket.deliver(latin1(" Large\r\nContent-Length: 3\r\n\r\n"));
		socket.writable(1000);
		expect(socket.written).toHaveLength(2000);
		socket.deliver(latin1("big"));
		expect(await exchange).toMatchObject({ kind: "response", status: 413, body: "big" });
		expect(socket.closed).toBe(true);
		connection.close();
	});

	test("confirms what was sent if only interim responses began before the end of the request", async () => {
		const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
		const text = `${interim}HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n`;
		for (let early = 1; early < text.length; early++) {
			const { connection, exchange, socket } = begin();
			socket.deliver(latin1(text.slice(0, early)));
			if (!socket.closed) socket.writable(20_000);
			if (!socket.closed) socket.deliver(latin1(text.slice(early)));
			const expected = early <= interim.length ? { kind: "response", status: 201 } : { kind: "failure" };
			expect(await exchange, `${early} bytes early`).toMatchObject(expected);
			connection.close();
		}
	});

	test("has the timeout of any response, however often the network becomes writable", async () => {
		const { connection, exchange, socket, time } = begin();
		await time.advance(15_000);
		socket.deliver(latin1("HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\n"));
		for (let second = 0; second < 29; second++) {
			await time.advance(1000);
			socket.writable(1000);
		}
		expect(socket.closed).toBe(false);
		await time.advance(1000);
		expect(socket.closed).toBe(true);
		expect(await exchange).toMatchObject({ kind: "response", status: 413, truncated: true });
		connection.close();
	});
});

test("acknowledgements after the request do not extend the timeout of the response", async () => {
	const { network, connection, time } = connect(false);
	const exchange = connection.exchange({ method: "GET", path: "/", headers: [] });
	network.lookups[0]?.resolve("192.0.2.1");
	network.socket?.writable(1000);
	await time.advance(10_000);
	network.socket?.writable(1000);
	await time.advance(19_999);
	expect(network.socket?.closed).toBe(false);
	await time.advance(1);
	expect(await exchange).toMatchObject({ kind: "failure", phase: "receive", fullySent: true });
});

// --- Anything at any time ---

interface Event {
	readonly kind: "resolve" | "fail" | "connected" | "writable" | "deliver" | "error" | "pass" | "close";
	/** Bytes, or milliseconds. */
	readonly count: number;
	readonly text: string;
}

const event: fc.Arbitrary<Event> = fc.record({
	kind: fc.oneof(
		{ weight: 30, arbitrary: fc.constantFrom("resolve", "writable", "deliver") },
		{ weight: 10, arbitrary: fc.constantFrom("connected", "pass") },
		{ weight: 3, arbitrary: fc.constantFrom("fail", "error") },
		{ weight: 1, arbitrary: fc.constant("close") },
	),
	count: fc.oneof(size, fc.constantFrom(20, 5_000, 31_000)),
	text: fc.oneof(
		fc.constantFrom(
			"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
			"HTTP/1.1 201 Created\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
			"HTTP/1.1 200 OK\r\n\r\n",
			"HTTP/1.1 100 Continue\r\n\r\n",
			"HTTP/1.1 ",
		),
		fc.string({ maxLength: 5 }),
	),
});

const requests: readonly HttpRequest[] = [
	{ method: "GET", path: "/", headers: [] },
	{ method: "POST", path: "/", headers: [], body: textBodyOf("x".repeat(3000)) },
	{ method: "POST", path: "/", headers: [], body: () => ({ length: 3000, read: () => 0 }) },
];

/** Lets the events come, starts an exchange whenever none is under way, and counts how often each has ended. */
async function play(
	secure: boolean,
	events: readonly Event[],
): Promise<readonly (readonly ExchangeResult[])[]> {
	const { network, time, connection } = connect(secure);
	const ends: ExchangeResult[][] = [];
	let busy = false;
	for (const [index, step] of events.entries()) {
		if (!busy) {
			const outcomes: ExchangeResult[] = [];
			ends.push(outcomes);
			busy = true;
			const request = requests[index % requests.length] ?? { method: "GET", path: "/", headers: [] };
			connection.exchange(request).then((outcome) => {
				outcomes.push(outcome);
				busy = false;
			});
		}
		if (step.kind === "resolve") network.lookups.at(-1)?.resolve("192.0.2.1");
		else if (step.kind === "fail") network.lookups.at(-1)?.fail();
		else if (step.kind === "connected") network.socket?.connected();
		else if (step.kind === "writable") network.socket?.writable(step.count);
		else if (step.kind === "deliver") network.socket?.deliver(latin1(step.text));
		else if (step.kind === "error") network.socket?.error();
		else if (step.kind === "close") connection.close();
		else await time.advance(step.count);
		await Promise.resolve();
	}
	await time.advance(200_000);
	expect(busy).toBe(false);
	connection.close();
	expect(time.pending).toBe(0);
	expect(network.sockets.every(({ closed }) => closed)).toBe(true);
	expect(network.sockets.length).toBeLessThanOrEqual(2 * ends.length);
	return ends;
}

test("whatever the network does, every exchange ends once, in time, and leaves nothing open", async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.boolean(),
			fc.array(event, { maxLength: 40, size: "max" }),
			async (secure, events) => {
				for (const outcomes of await play(secure, events)) expect(outcomes).toHaveLength(1);
			},
		),
		{ numRuns: 1500 },
	);
});
