import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeResolver } from "../../boards/node/resolver";
import { makeUDP } from "../../boards/node/udp";
import type { UDP, UDPPacket } from "../../src/boards/ecma419";

let holds = 0;
const hold = () => {
	holds++;
	return () => {
		holds--;
	};
};
const UDPSocket = makeUDP({ hold });

let peer: Socket;
let client: UDP | undefined;

beforeEach(async () => {
	holds = 0;
	peer = createSocket("udp4");
	peer.bind(0, "127.0.0.1");
	await once(peer, "listening");
});

afterEach(() => {
	client?.close();
	peer.close();
});

async function turns(): Promise<void> {
	for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe("a UDP socket on Node", () => {
	test("sends a packet and reads the response, with its sender", async () => {
		peer.once("message", (data, { address, port }) => peer.send(`${data}!`, port, address));
		const packet = await new Promise<UDPPacket | undefined>((resolve) => {
			client = new UDPSocket({
				onReadable(count) {
					expect(count).toBe(1);
					resolve(client?.read());
				},
			});
			const bytes = new TextEncoder().encode("hello");
			client.write(bytes, "127.0.0.1", peer.address().port);
			bytes.fill(0);
		});
		expect(packet).toBeInstanceOf(ArrayBuffer);
		expect(new TextDecoder().decode(packet)).toBe("hello!");
		expect(packet).toMatchObject({ address: "127.0.0.1", port: peer.address().port });
		expect(client?.read()).toBeUndefined();
	});

	test("keeps eight packets at the most", async () => {
		const counts: number[] = [];
		client = new UDPSocket({ onReadable: (count) => void counts.push(count) });
		client.write(new Uint8Array(1), "127.0.0.1", peer.address().port);
		const [, { address, port }] = await once(peer, "message");
		for (let i = 0; i < 12; i++) peer.send(Uint8Array.of(i), port, address);
		while (counts.length < 8) await turns();
		await turns();
		expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
		expect(new Uint8Array(client.read() ?? [])).toEqual(Uint8Array.of(0));
	});

	test("calls nothing after the close, which may be repeated", async () => {
		let said = 0;
		client = new UDPSocket({
			onReadable: () => void said++,
			onError: () => void said++,
		});
		client.write(new Uint8Array(1), "127.0.0.1", peer.address().port);
		const [, { address, port }] = await once(peer, "message");
		expect(holds).toBe(1);
		client.close();
		client.close();
		expect(holds).toBe(0);
		peer.send("late", port, address);
		await turns();
		expect(said).toBe(0);
		expect(() => client?.write(new Uint8Array(1), "127.0.0.1", 1)).toThrow("closed");
	});

	test("reports that its port is taken", async () => {
		const message = await new Promise((resolve) => {
			client = new UDPSocket({ port: peer.address().port, onError: (error) => resolve(error?.message) });
		});
		expect(message).toBe("EADDRINUSE");
		expect(holds).toBe(0);
	});

	test("refuses a name where an address belongs", () => {
		client = new UDPSocket({});
		expect(() => client?.write(new Uint8Array(1), "localhost", 1)).toThrow("not an IPv4 address");
	});
});

describe("the resolver on Node", () => {
	function resolve(host: string): { answer: Promise<string>; answered: () => boolean } {
		let answered = false;
		const answer = new Promise<string>((done) => {
			makeResolver({ hold }).resolve({
				host,
				onResolved(name, address) {
					answered = true;
					done(`${name} ${address}`);
				},
				onError(name) {
					answered = true;
					done(`${name} failed`);
				},
			});
		});
		return { answer, answered: () => answered };
	}

	test("resolves a dotted address to itself, but not before it returns", async () => {
		const { answer, answered } = resolve("192.0.2.7");
		expect(answered()).toBe(false);
		expect(holds).toBe(1);
		expect(await answer).toBe("192.0.2.7 192.0.2.7");
		expect(holds).toBe(0);
	});

	test("knows localhost", async () => {
		expect(await resolve("localhost").answer).toBe("localhost 127.0.0.1");
	});

	test.each(["", "not a name", "x".repeat(300)])("fails for %j", async (host) => {
		expect(await resolve(host).answer).toBe(`${host} failed`);
		expect(holds).toBe(0);
	});
});
