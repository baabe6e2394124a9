import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeListener } from "../../boards/node/listener";
import { makeTCP } from "../../boards/node/tcp";
import { VirtualTime } from "../../simulator/virtual-time";
import type { ListenerOptions } from "../../src/boards/ecma419";
import { LogRing } from "../../src/common/log-ring";
import { LocalPage } from "../../src/local-page/local-page";
import type { LocalStatus } from "../../src/local-page/local-status";
import { MdnsNetwork } from "./mdns-network";

/** The server and the name together, on real TCP sockets whose deadlines are in the test's hand. */

const status: LocalStatus = {
	device: { id: "ESP32-A1B2C3", location: "", chip: "node", firmwareVersion: "0.2.0" },
	update: { offered: null, failed: null, isOnTrial: false },
	utc: null,
	boot: { number: 1, resetReason: "power-on", uptimeMs: 0, resetCounts: { "power-on": 1 } },
	...{ freeMemoryBytes: null, signalStrength: null, batteryLevel: null, sample: null },
	readings: { pending: 0, capacity: 1, overwritten: 0, quarantined: 0 },
	damagedFlashBytes: 0,
	upload: { state: "idle", last: null },
	calls: { limit: 10_000, remaining: 10_000, resetUtc: 0 },
};

let time: VirtualTime;
let page: LocalPage;
let log: string[];
const sockets: Socket[] = [];

function makePage(port = 0): LocalPage {
	const mdns = new MdnsNetwork(time);
	const Listener = makeListener();
	return new LocalPage({
		board: {
			identity: { chip: "node", serial: "A1B2C3" },
			time,
			log: (line) => log.push(line),
			network: {
				TCP: makeTCP(),
				Listener: class extends Listener {
					constructor(options: ListenerOptions) {
						super({ ...options, port: options.port === 80 ? port : options.port });
					}
				},
				UDP: mdns.udpOf("127.0.0.1"),
			},
		},
		localStatus: () => status,
		history: () => [],
		ownLogLines: () => {
			const ring = new LogRing();
			ring.add(1_000, "a line");
			return ring.lines();
		},
	});
}

beforeEach(async () => {
	time = new VirtualTime();
	log = [];
	page = makePage();
	page.open("127.0.0.1");
	await new Promise((resolve) => setImmediate(resolve));
});

afterEach(() => {
	page.close();
	for (const socket of sockets.splice(0)) socket.destroy();
});

/** Only ends what hangs, however busy the computer is. */
function eventually<T>(value: () => T) {
	return expect.poll(value, { timeout: 120_000 });
}

async function dial(): Promise<Socket> {
	const socket = connect(page.port ?? 0, "127.0.0.1");
	socket.on("error", () => {});
	sockets.push(socket);
	await once(socket, "connect");
	return socket;
}

/** The whole response to these bytes, until the board closes the connection. */
async function exchange(request: string): Promise<string> {
	const socket = await dial();
	const parts: Buffer[] = [];
	socket.on("data", (part) => parts.push(part));
	const end = once(socket, "close");
	socket.write(request);
	await end;
	return Buffer.concat(parts).toString("latin1");
}

function ask(method: string, path: string, more = ""): Promise<string> {
	const host = `localhost:${page.port}`;
	return exchange(`${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}`);
}

const paths = ["/", "/api/status", "/api/history", "/api/log", "/metrics"];

describe("requests", () => {
	test.each(paths)("GET %s, and HEAD with the same head and no body", async (path) => {
		const [head = "", body = ""] = (await ask("GET", path, "\r\n")).split("\r\n\r\n");
		expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
		expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
		expect(body.length).toBeGreaterThan(0);
		expect(await ask("HEAD", path, "\r\n")).toBe(`${head}\r\n\r\n`);
	});

	test("a POST is 405 with a body and without; one with a large body is 413", async () => {
		expect(await ask("POST", "/", "\r\n")).toMatch(/^HTTP\/1\.1 405 /);
		expect(await ask("POST", "/", "Content-Length: 4\r\n\r\na=bc")).toMatch(/^HTTP\/1\.1 405 /);
		const large = ask("PUT", "/api/status", `Content-Length: 2000\r\n\r\n${"a".repeat(2000)}`);
		await eventually(() => time.pending).toBeGreaterThan(0);
		expect(await Promise.race([large, waitAndDrain(large)])).toMatch(/^HTTP\/1\.1 413 /);
	});
});

/** The rest of a refused request is read for a second. */
async function waitAndDrain(response: Promise<string>): Promise<string> {
	let ended = false;
	void response.finally(() => {
		ended = true;
	});
	while (!ended) {
		await time.advance(100);
		await new Promise((resolve) => setImmediate(resolve));
	}
	return response;
}

describe("bounds", () => {
	test("a silent connection is closed after 5 s", async () => {
		const silent = await dial();
		let isClosed = false;
		silent.on("close", () => (isClosed = true));
		// One of its name, and one of the connection once it is taken over.
		await eventually(() => time.pending).toBe(2);
		await time.advance(4_999);
		expect(silent.destroyed || isClosed).toBe(false);
		await time.advance(1);
		await eventually(() => isClosed).toBe(true);
	});

	test("ten half requests do not block others", async () => {
		for (let i = 0; i < 10; i++) (await dial()).write("GET / HT");
		expect(await ask("GET", "/api/status", "\r\n")).toMatch(/^HTTP\/1\.1 200 OK/);
	});

	test("a head that does not end is refused", async () => {
		const endless = exchange(`GET / HTTP/1.1\r\n${`A: ${"b".repeat(400)}\r\n`.repeat(200)}`);
		expect(await Promise.race([endless, waitAndDrain(endless)])).toMatch(/^HTTP\/1\.1 400 /);
	});
});

describe("opening and closing", () => {
	test("the log says where the page is, once its name is claimed", async () => {
		await time.advance(2_000);
		expect(log).toEqual([`local page: http://dakkio-b2c3.local:${page.port}, http://127.0.0.1:${page.port}`]);
	});

	test("once closed, its ports are closed and no timer is left; it opens again", async () => {
		const port = page.port ?? 0;
		page.close();
		expect([page.port, time.pending]).toEqual([undefined, 0]);
		const socket = connect(port, "127.0.0.1");
		const [error] = await once(socket, "error");
		expect(error.code).toBe("ECONNREFUSED");
		page.open("127.0.0.1");
		await new Promise((resolve) => setImmediate(resolve));
		expect(await ask("GET", "/api/log", "\r\n")).toMatch(/\r\n\r\n1 a line\n$/);
	});

	test("a port in use is reported, and costs the board nothing else", async () => {
		page.close();
		const other = createServer().listen(0, "127.0.0.1");
		await once(other, "listening");
		const { port } = other.address() as AddressInfo;
		page = makePage(port);
		page.open("127.0.0.1");
		await eventually(() => log.at(-1)).toMatch(/^local page: EADDRINUSE/);
		other.close();
	});
});
