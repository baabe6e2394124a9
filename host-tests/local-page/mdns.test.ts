import { createSocket } from "node:dgram";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { makeUDP } from "../../boards/node/udp";
import { VirtualTime } from "../../simulator/virtual-time";
import { parseMdnsMessage } from "../../src/local-page/mdns-message";
import { MdnsResponder } from "../../src/local-page/mdns-responder";
import { addressOf, decodeMessage, encodeQuery, MdnsNetwork, type QueryOptions } from "./mdns-network";

/** Multicast DNS by RFC 6762; the numbers are its sections. */

const board = "192.168.1.7";
const other = "192.168.1.9";
const client = "192.168.1.20";
const name = "dakkio-a1b2.local";
const response = 0x8400;
let network: MdnsNetwork;

beforeEach(() => {
	network = new MdnsNetwork();
});

/** A board that has claimed its name, with what it sent taken away. */
async function claimed(): Promise<MdnsResponder> {
	const responder = network.board("dakkio-a1b2", board);
	await network.time.advance(10_000);
	network.take(board);
	return responder;
}

/** What the board sends in the second after a query. */
async function ask(options: QueryOptions = {}, from = client, port = 5353) {
	network.send(encodeQuery(name, options), from, port);
	await network.time.advance(1_000);
	return network
		.take(board)
		.map(({ to, toPort, bytes }) => ({ to: `${to}:${toPort}`, ...decodeMessage(bytes) }));
}

describe("probing and announcing (8)", () => {
	test("three probes 250 ms apart, then two announcements a second apart", async () => {
		network.board("dakkio-a1b2", board, 100);
		await network.time.advance(10_000);
		const packets = network.take(board);
		expect(packets.map(({ at }) => at)).toEqual([100, 350, 600, 850, 1850]);
		expect(new Set(packets.map(({ to, toPort }) => `${to}:${toPort}`))).toEqual(
			new Set(["224.0.0.251:5353"]),
		);
		const [probe, , , announcement, again] = packets.map(({ bytes }) => decodeMessage(bytes));
		expect(probe).toEqual({
			...{ id: 0, flags: 0, questions: [{ name, type: 255, classBits: 0x8001 }] },
			// Without the cache-flush bit: nothing is claimed yet (10.2).
			...{ answers: [], authorities: [addressOf(name, board, 120, 1)], additionals: [] },
		});
		expect(announcement).toMatchObject({
			...{ id: 0, flags: response, questions: [], authorities: [] },
			answers: [addressOf(name, board)],
		});
		expect(again).toEqual(announcement);
		expect(network.claims).toEqual([`${board} dakkio-a1b2 at 850`]);
	});

	test("a host that has the name keeps it: the board takes the next", async () => {
		network.board("dakkio-a1b2", other);
		await network.time.advance(5_000);
		network.board("dakkio-a1b2", board);
		await network.time.advance(5_000);
		network.board("dakkio-a1b2", "192.168.1.8");
		await network.time.advance(5_000);
		expect(network.claims.map((claim) => claim.split(" at ")[0])).toEqual([
			`${other} dakkio-a1b2`,
			`${board} dakkio-a1b2-2`,
			"192.168.1.8 dakkio-a1b2-3",
		]);
	});

	test("also one that has only an IPv6 address", async () => {
		const responder = network.board("dakkio-a1b2", board);
		await network.time.advance(300);
		const record = { name, type: 28, classBits: 0x8001, ttl: 120, data: "fe80".padEnd(32, "0") };
		network.send(encodeQuery(name, { flags: response, bare: true, answers: [record] }), other);
		await network.time.advance(5_000);
		expect(responder.host).toBe("dakkio-a1b2-2");
	});

	test.each([
		[other, board, other],
		[board, "192.168.1.200", "192.168.1.200"],
	])("of %s and %s, which probe at once, the later address wins (8.2)", async (one, two, winner) => {
		network.board("dakkio-a1b2", one, 0);
		network.board("dakkio-a1b2", two, 20);
		await network.time.advance(10_000);
		expect(network.claims[0]).toMatch(`${winner} dakkio-a1b2 at`);
		expect(network.claims[1]).toMatch(/ dakkio-a1b2-2 at/);
		expect(network.claims).toHaveLength(2);
	});

	test("in a tie, the host with more records wins", async () => {
		network.board("dakkio-a1b2", board);
		await network.time.advance(100);
		const more = { name, type: 28, classBits: 1, ttl: 120, data: "fe80".padEnd(32, "0") };
		const authorities = [more, addressOf(name, board, 120, 1)];
		network.send(encodeQuery(name, { type: 255, authorities }), other);
		await network.time.advance(10_000);
		// It waits a second after the packet, then probes again.
		expect(network.claims).toEqual([`${board} dakkio-a1b2 at ${100 + 1 + 1_000 + 750}`]);
	});

	test("its own packets, looped back, are no conflict", async () => {
		await claimed();
		network.send(encodeQuery(name, { type: 255, authorities: [addressOf(name, board, 120, 1)] }), board);
		network.send(
			encodeQuery(name, { flags: response, bare: true, answers: [addressOf(name, board)] }),
			board,
		);
		await network.time.advance(10_000);
		expect(network.claims).toHaveLength(1);
	});

	test("after fifteen conflicts, each attempt waits five seconds", async () => {
		network.board("dakkio-a1b2", board);
		for (let conflict = 1; conflict <= 40; conflict++) {
			const taken = `dakkio-a1b2${conflict === 1 ? "" : `-${conflict}`}.local`;
			network.send(
				encodeQuery(taken, { flags: response, bare: true, answers: [addressOf(taken, other)] }),
				other,
			);
			await network.time.advance(100);
		}
		network.take(board);
		await network.time.advance(10_000);
		const [first, second] = network.take(board);
		expect([first?.at, second?.at]).toEqual([4_000 - 100 + 1 + 5_000, 4_000 - 100 + 1 + 5_250]);
	});
});

describe("conflicts later (9)", () => {
	test("both probe again, and the one that is answered takes another name", async () => {
		const responder = await claimed();
		// The other host defends the name when it is probed.
		const answers = [addressOf(name, other)];
		network.send(encodeQuery(name, { flags: response, bare: true, answers }), other);
		await network.time.advance(100);
		expect(decodeMessage(network.take(board)[0]?.bytes ?? new Uint8Array(12)).questions).toHaveLength(1);
		network.send(encodeQuery(name, { flags: response, bare: true, answers }), other);
		await network.time.advance(10_000);
		expect(responder.host).toBe("dakkio-a1b2-2");
		expect(network.claims.at(-1)).toMatch("dakkio-a1b2-2");
	});

	test("if no host defends it, the board keeps the name", async () => {
		const responder = await claimed();
		const answers = [addressOf(name, other)];
		network.send(encodeQuery(name, { flags: response, bare: true, answers }), other);
		await network.time.advance(10_000);
		expect([responder.host, network.claims.length]).toEqual(["dakkio-a1b2", 2]);
	});

	test("a goodbye, another class or another name is no conflict; neither is a response from another port (6)", async () => {
		await claimed();
		for (const answers of [
			[addressOf(name, other, 0)],
			[addressOf(name, other, 120, 3)],
			[addressOf("dakkio-a1b2.lan", other)],
			[addressOf("dakkio-a1b.local", other)],
		])
			network.send(encodeQuery(name, { flags: response, bare: true, answers }), other);
		const answers = [addressOf(name, other)];
		network.send(encodeQuery(name, { flags: response, bare: true, answers }), other, 12_345);
		network.send(encodeQuery(name, { flags: 0x8403, bare: true, answers }), other);
		await network.time.advance(10_000);
		expect(network.claims).toHaveLength(1);
	});
});

describe("responses (6)", () => {
	test.each([1, 255])(
		"the address to all, with the note that it is the only record, to type %i",
		async (type) => {
			await claimed();
			const [answer, ...more] = await ask({ type });
			expect(more).toEqual([]);
			expect(answer).toMatchObject({
				...{ to: "224.0.0.251:5353", id: 0, flags: response, questions: [] },
				answers: [addressOf(name, board)],
				// The next name is the name itself, and the bitmap has type 1 (6.1).
				additionals: [{ name, type: 47, classBits: 0x8001, data: "c00c000140" }],
			});
		},
	);

	test("no record of another type: a negative response with the address beside it (6.1)", async () => {
		await claimed();
		const [answer] = await ask({ type: 28 });
		expect(answer?.answers).toMatchObject([{ name, type: 47, data: "c00c000140" }]);
		expect(answer?.additionals).toEqual([addressOf(name, board)]);
	});

	test("to a name in capitals, and to one that is compressed", async () => {
		await claimed();
		network.send(encodeQuery("DAKKIO-A1B2.LOCAL"), client);
		await network.time.advance(2_000);
		expect(network.take(board)).toHaveLength(1);
		// Two questions; the second name points to the first's "local".
		const first = encodeQuery("x.local");
		const question = Buffer.from("\x0bdakkio-a1b2\xc0\x0e\x00\x01\x00\x01", "latin1");
		const both = Buffer.concat([first, question]);
		both.writeUInt16BE(2, 4);
		network.send(both, client);
		await network.time.advance(2_000);
		expect(network.take(board)).toHaveLength(1);
	});

	test("none to other names, other classes, other opcodes", async () => {
		await claimed();
		for (const query of [
			encodeQuery("dakkio-a1b3.local"),
			encodeQuery("dakkio-a1b2.lan"),
			encodeQuery("a.dakkio-a1b2.local"),
			encodeQuery(name, { classBits: 3 }),
			encodeQuery(name, { flags: 0x2800 }),
		])
			network.send(query, client);
		await network.time.advance(2_000);
		expect(network.take(board)).toEqual([]);
	});

	test("none before the name is the board's", async () => {
		network.board("dakkio-a1b2", board);
		await network.time.advance(300);
		network.take(board);
		network.send(encodeQuery(name), client);
		await network.time.advance(100);
		expect(network.take(board)).toEqual([]);
	});

	test("not twice a second to all; a probe of another host is answered after 250 ms", async () => {
		await claimed();
		for (let i = 0; i < 10; i++) network.send(encodeQuery(name), client);
		await network.time.advance(500);
		expect(network.take(board)).toHaveLength(1);
		const probe = encodeQuery(name, { type: 255, authorities: [addressOf(name, other, 120, 1)] });
		network.send(probe, other);
		await network.time.advance(100);
		expect(network.take(board)).toHaveLength(1);
	});

	test("the address is not repeated to a client that knows it with at least half its TTL left (7.1)", async () => {
		await claimed();
		expect(await ask({ answers: [addressOf(name, board, 60)] })).toEqual([]);
		expect(await ask({ answers: [addressOf(name, board, 59)] })).toHaveLength(1);
		await network.time.advance(1_000);
		expect(await ask({ answers: [addressOf(name, other, 120)] })).toHaveLength(1);
	});

	test("by unicast where that is asked for, unless it is long since all heard it (5.4)", async () => {
		await claimed();
		expect(await ask({ classBits: 0x8001 })).toMatchObject([{ to: `${client}:5353` }]);
		await network.time.advance(30_000);
		expect(await ask({ classBits: 0x8001 })).toMatchObject([{ to: "224.0.0.251:5353" }]);
	});

	test("to a resolver of unicast DNS, with its id and question, briefly and without the flush bit (6.7)", async () => {
		await claimed();
		expect(await ask({ id: 0x1234 }, client, 40_000)).toEqual([
			{
				...{ to: `${client}:40000`, id: 0x1234, flags: response },
				questions: [{ name, type: 1, classBits: 1 }],
				...{ answers: [addressOf(name, board, 10, 1)], authorities: [], additionals: [] },
			},
		]);
		expect(await ask({ type: 28 }, client, 40_000)).toMatchObject([{ answers: [] }]);
	});

	test("a goodbye when it closes (10.1), and nothing afterwards", async () => {
		const responder = await claimed();
		responder.close();
		await network.time.advance(10_000);
		const [goodbye, ...more] = network.take(board).map(({ bytes }) => decodeMessage(bytes));
		expect(goodbye).toMatchObject({ answers: [addressOf(name, board, 0)] });
		expect([more, network.time.pending]).toEqual([[], 0]);
	});

	test("closed while it probes, it stops", async () => {
		const responder = network.board("dakkio-a1b2", board);
		await network.time.advance(100);
		responder.close();
		network.take(board);
		await network.time.advance(10_000);
		expect([network.take(board), network.claims]).toEqual([[], []]);
	});
});

describe("whatever arrives", () => {
	const pieces = fc.oneof(
		fc.uint8Array({ maxLength: 300 }),
		fc.tuple(fc.nat(1500), fc.nat(255), fc.boolean()).map(([place, value, isResponse]) => {
			const bytes = Uint8Array.from(
				encodeQuery(name, {
					flags: isResponse ? response : 0,
					answers: [addressOf(name, other)],
					authorities: [addressOf(name, other)],
				}),
			);
			bytes[place % bytes.length] = value;
			return bytes.subarray(0, 1 + (place % (bytes.length + 40)));
		}),
	);

	test("a message is read or dropped, nothing is thrown, and no response is larger than 128 bytes", async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(pieces, { maxLength: 20 }), async (packets) => {
				network = new MdnsNetwork();
				network.board("dakkio-a1b2", board);
				await network.time.advance(2_000);
				for (const packet of packets) network.send(packet, other);
				await network.time.advance(20_000);
				for (const { bytes } of network.take(board)) expect(bytes.length).toBeLessThan(128);
			}),
			{ numRuns: 300 },
		);
	});

	test.each([
		["a pointer to itself", "\xc0\x0c"],
		["a pointer forwards", "\xc0\x20"],
		["pointers in a circle", "\x01a\xc0\x0c"],
		["a name of 300 bytes", "\x3faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".repeat(5)],
		["a label of a reserved kind", "\x80a"],
	])("%s is dropped", (_, bad) => {
		const head = Buffer.from("\0\0\0\0\0\x01\0\0\0\0\0\0", "latin1");
		const packet = Buffer.concat([head, Buffer.from(`${bad}\0\0\x01\0\x01`, "latin1"), Buffer.alloc(40)]);
		expect(parseMdnsMessage(packet, "dakkio-a1b2")?.questions ?? []).toEqual([]);
	});

	test("a flood costs eight packets a turn", async () => {
		await claimed();
		let reads = 0;
		const responder = new MdnsResponder({
			network: {
				UDP: class {
					constructor({ onReadable }: { onReadable?(count: number): void }) {
						network.time.set(() => onReadable?.(1000), 5_000);
					}
					read() {
						reads++;
						return Object.assign(Uint8Array.from(encodeQuery(name)).buffer, { address: client, port: 5353 });
					}
					write() {}
					close() {}
				},
			},
			...{ time: network.time, host: "dakkio-a1b2", address: board, startDelayMs: 0 },
			...{ onClaimed: () => {}, onSocketError: () => {} },
		});
		await network.time.advance(6_000);
		expect(reads).toBe(8);
		responder.close();
	});
});

test("on real sockets: a resolver on this computer finds the board, and no other computer can", async () => {
	const time = new VirtualTime();
	const host = `dakkio-${process.pid.toString(16)}`;
	const errors: unknown[] = [];
	const responder = new MdnsResponder({
		network: { UDP: makeUDP() },
		...{ time, host, address: "127.0.0.1", startDelayMs: 0 },
		...{ onClaimed: () => {}, onSocketError: (error) => errors.push(error) },
	});
	await new Promise((resolve) => setImmediate(resolve));
	await time.advance(2_000);
	const socket = createSocket("udp4");
	try {
		socket.bind(0, "127.0.0.1");
		await once(socket, "listening");
		socket.setMulticastInterface("127.0.0.1");
		const answers: Uint8Array[] = [];
		socket.on("message", (bytes) => answers.push(bytes));
		// Asked again as resolvers do: the board's socket may not have joined the group yet.
		while (answers.length === 0 && errors.length === 0) {
			socket.send(encodeQuery(`${host}.local`, { id: 7 }), 5353, "224.0.0.251");
			await time.advance(500);
			await setTimeout(20);
		}
		expect(errors).toEqual([]);
		expect(decodeMessage(answers[0] ?? new Uint8Array(0))).toMatchObject({
			id: 7,
			answers: [{ name: `${host}.local`, data: "127.0.0.1" }],
		});
	} finally {
		socket.close();
		responder.close();
	}
});
