import { createSocket, type Socket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { makeUDP } from "../../boards/node/udp";
import { freePort } from "../../simulator/free-port";
import { VirtualTime } from "../../simulator/virtual-time";
import type { UDP, UDPOptions, UDPPacket } from "../../src/boards/ecma419";
import { makeDnsResponse } from "../../src/setup/dns-message";
import { DnsServer } from "../../src/setup/dns-server";
import { isInSameSubnet } from "../../src/setup/subnet";

const address = "192.168.4.1";
const types = { A: 1, NS: 2, AAAA: 28, HTTPS: 65, ANY: 255 } as const;

interface Question {
	readonly id?: number;
	readonly flags?: number;
	readonly questions?: number;
	readonly answers?: number;
	readonly name?: readonly number[];
	readonly type?: number;
	readonly class?: number;
	readonly more?: readonly number[];
}

const nameOf = (...labels: readonly string[]) => [
	...labels.flatMap((label) => [label.length, ...Buffer.from(label, "latin1")]),
	0,
];

function question(asked: Question = {}): Uint8Array {
	const { id = 0x1234, flags = 0x0100, questions = 1, answers = 0, more = [] } = asked;
	const name = asked.name ?? nameOf("example", "com");
	const head = [id, flags, questions, answers, 0, more.length > 0 ? 1 : 0];
	const tail = [asked.type ?? types.A, asked.class ?? 1];
	const words = (values: readonly number[]) => values.flatMap((value) => [value >> 8, value & 0xff]);
	return Uint8Array.from([...words(head), ...name, ...words(tail), ...more]);
}

describe("a query", () => {
	test("for an address gets the board's, with a TTL of seconds", () => {
		const asked = question();
		const answer = makeDnsResponse(asked, address) ?? new Uint8Array(0);
		const view = new DataView(answer.buffer);
		expect([0, 2, 4, 6, 8, 10].map((at) => view.getUint16(at))).toEqual([0x1234, 0x8500, 1, 1, 0, 0]);
		expect([...answer.subarray(12, asked.length)]).toEqual([...asked.subarray(12)]);
		expect([...answer.subarray(asked.length)]).toEqual([
			0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, 192, 168, 4, 1,
		]);
	});

	test.each([
		["AAAA", question({ type: types.AAAA })],
		["HTTPS", question({ type: types.HTTPS })],
		["ANY", question({ type: types.ANY })],
		["an address in another class", question({ class: 3 })],
	])("for %s is answered with nothing, at once", (_, asked) => {
		const answer = makeDnsResponse(asked, address) ?? new Uint8Array(0);
		const view = new DataView(answer.buffer);
		expect([view.getUint16(2), view.getUint16(4), view.getUint16(6)]).toEqual([0x8500, 1, 0]);
		expect(answer).toHaveLength(asked.length);
	});

	test.each([
		["with EDNS after it", question({ more: [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0] })],
		["for the root", question({ name: [0] })],
		["for a name of 255 bytes", question({ name: nameOf(...Array(4).fill("x".repeat(62)), "y") })],
		["with the longest label", question({ name: nameOf("x".repeat(63)) })],
		["without recursion", question({ flags: 0 })],
	])("%s is answered", (_, asked) => {
		const answer = makeDnsResponse(asked, address);
		expect(answer?.[7]).toBe(1);
		expect(answer?.[11]).toBe(0);
	});
});

describe("anything but a query is dropped", () => {
	test.each<[string, Uint8Array]>([
		["nothing", new Uint8Array(0)],
		["half a header", question().subarray(0, 11)],
		["a header alone", question().subarray(0, 12)],
		["a name that ends with the packet", question().subarray(0, 20)],
		["no type", question().subarray(0, 25)],
		["half a class", question().subarray(0, -1)],
		["an answer", question({ flags: 0x8180 })],
		["another operation", question({ flags: 0x2800 })],
		["no question", question({ questions: 0 })],
		["two questions", question({ questions: 2 })],
		["an answer besides", question({ answers: 1 })],
		["a compressed name", question({ name: [0xc0, 12] })],
		["a name that points at itself after a label", question({ name: [1, 0x61, 0xc0, 12] })],
		["a label of a kind that is not known", question({ name: [0x41, 1, 0] })],
		["a label of 64 bytes", question({ name: [64, ...Array(64).fill(0x61), 0] })],
		["a name of 256 bytes", question({ name: nameOf(...Array(4).fill("x".repeat(62)), "yy") })],
		["a label that reaches past the end", question({ name: [63] })],
		["513 bytes", question({ more: Array(513 - 29).fill(0) })],
	])("%s", (_, packet) => {
		expect(makeDnsResponse(packet, address)).toBeUndefined();
	});

	test("no input throws, and no response is longer than the query and one address", () => {
		const near = fc
			.tuple(fc.uint8Array({ maxLength: 60 }), fc.nat(40), fc.nat(255))
			.map(([, at, value]) => question().map((byte, index) => (index === at ? value : byte)));
		fc.assert(
			fc.property(fc.oneof(fc.uint8Array({ maxLength: 600 }), near), (packet) => {
				const before = Uint8Array.from(packet);
				const answer = makeDnsResponse(packet, address);
				expect(packet).toEqual(before);
				if (answer === undefined) return;
				expect(answer.length).toBeLessThanOrEqual(packet.length + 16);
				expect([answer[0], answer[1]]).toEqual([packet[0], packet[1]]);
				expect((answer[2] ?? 0) & 0x80).toBe(0x80);
			}),
			{ numRuns: 2000 },
		);
	});
});

describe("the DNS server", () => {
	const closers: (() => void)[] = [];
	afterEach(() => {
		for (const close of closers.splice(0)) close();
	});

	/** On another port than 53, which requires privileges. */
	async function serve(own = "127.0.0.1") {
		const port = await freePort("udp");
		const Base = makeUDP();
		class Moved extends Base {
			constructor(options: UDPOptions) {
				expect(options.port).toBe(53);
				super({ ...options, port });
			}
		}
		const server = new DnsServer({
			network: { UDP: Moved },
			time: new VirtualTime(),
			address: own,
			onError: (error) => {
				throw error ?? new Error("it is gone");
			},
		});
		closers.push(() => server.close());
		// Node binds a socket some turns of the event loop later.
		for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
		return port;
	}

	test("gives a real resolver the board's address for every name", async () => {
		const resolver = new Resolver({ timeout: 60_000, tries: 1 });
		resolver.setServers([`127.0.0.1:${await serve()}`]);
		expect(await resolver.resolve4("connectivitycheck.gstatic.com")).toEqual(["127.0.0.1"]);
		expect(await resolver.resolve4("captive.apple.com")).toEqual(["127.0.0.1"]);
		await expect(resolver.resolve6("captive.apple.com")).rejects.toThrow("ENODATA");
	});

	test("survives arbitrary packets", async () => {
		const port = await serve();
		const socket: Socket = createSocket("udp4");
		closers.push(() => socket.close());
		for (let length = 0; length < 600; length += 7)
			socket.send(Buffer.alloc(length, 0xc0), port, "127.0.0.1");
		const resolver = new Resolver({ timeout: 60_000, tries: 3 });
		resolver.setServers([`127.0.0.1:${port}`]);
		expect(await resolver.resolve4("still.there.example")).toEqual(["127.0.0.1"]);
	});

	test("responds only to its own network: a joined one has a DNS server", () => {
		const written: string[] = [];
		const packets = ["192.168.4.2", "192.168.1.7", "10.0.0.1"].map((from): UDPPacket => {
			const { buffer } = Uint8Array.from(question());
			return Object.assign(buffer, { address: from, port: 5353 });
		});
		let announce = () => {};
		class Given implements UDP {
			constructor({ onReadable }: UDPOptions) {
				announce = () => onReadable?.(packets.length);
			}
			read(): UDPPacket | undefined {
				return packets.shift();
			}
			write(_: Uint8Array, to: string): void {
				written.push(to);
				throw new Error("no room");
			}
			close(): void {}
		}
		new DnsServer({ network: { UDP: Given }, time: new VirtualTime(), address, onError: () => {} });
		announce();
		expect(written).toEqual(["192.168.4.2"]);
	});

	test("opens its socket again until the access point's interface is up, and not after it was closed", async () => {
		const time = new VirtualTime();
		const opened: number[] = [];
		const problems: string[] = [];
		let isUp = false;
		class Socket implements UDP {
			constructor({ onError }: UDPOptions) {
				opened.push(time.ticks());
				if (!isUp) time.set(() => onError?.(new Error("no network")), 0);
			}
			read(): undefined {}
			write(): void {}
			close(): void {}
		}
		const server = new DnsServer({
			network: { UDP: Socket },
			time,
			address,
			onError: (error) => problems.push(error?.message ?? ""),
		});
		await time.advance(2_500);
		isUp = true;
		await time.advance(60_000);
		expect(opened).toEqual([0, 1_000, 3_000]);
		expect(problems).toEqual(["no network", "no network"]);
		isUp = false;
		new DnsServer({ network: { UDP: Socket }, time, address, onError: () => server.close() });
		server.close();
		expect(time.pending).toBe(1);
	});
});

test.each([
	["192.168.4.2", true],
	["192.168.4.255", true],
	["192.168.40.2", false],
	["192.168.1.4", false],
	[undefined, false],
	["", false],
])("%s is in the board's own network: %s", (other, expected) => {
	expect(isInSameSubnet(other, address)).toBe(expected);
});
