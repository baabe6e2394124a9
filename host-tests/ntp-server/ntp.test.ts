import { createSocket } from "node:dgram";
import { once } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeNtpResponse, type NtpFault } from "../../simulator/ntp/ntp-response";
import { NtpServer } from "../../simulator/ntp/ntp-server";

/** A version 4 request whose transmit timestamp is random, as RFC 8633 section 3.4 recommends. */
function makeRequest(version = 4, mode = 3): Uint8Array {
	const packet = new Uint8Array(48);
	packet[0] = (version << 3) | mode;
	packet[2] = 6;
	packet.set([1, 2, 3, 4, 5, 6, 7, 8], 40);
	return packet;
}

interface Answer {
	readonly leap: number;
	readonly version: number;
	readonly mode: number;
	readonly stratum: number;
	readonly poll: number;
	readonly precision: number;
	readonly referenceId: string;
	readonly originate: readonly number[];
	readonly reference: number;
	readonly receive: number;
	readonly transmit: number;
}

/** The fields of RFC 5905 figure 8; timestamps as milliseconds of Unix time in the era from 1968 to 2104. */
function read(packet: Uint8Array): Answer {
	const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
	const time = (offset: number) => {
		const seconds = view.getUint32(offset);
		const era = seconds < 0x8000_0000 ? 2 ** 32 : 0;
		return (seconds + era - 2_208_988_800) * 1000 + (view.getUint32(offset + 4) / 2 ** 32) * 1000;
	};
	return {
		leap: view.getUint8(0) >> 6,
		version: (view.getUint8(0) >> 3) & 7,
		mode: view.getUint8(0) & 7,
		stratum: view.getUint8(1),
		poll: view.getInt8(2),
		precision: view.getInt8(3),
		referenceId: String.fromCharCode(...packet.subarray(12, 16)),
		originate: [...packet.subarray(24, 32)],
		reference: time(16),
		receive: time(32),
		transmit: time(40),
	};
}

function answered(request: Uint8Array, utc: number, fault?: NtpFault): Answer {
	const answer = makeNtpResponse(request, { receive: utc, transmit: utc + 0.25 }, fault);
	if (answer === undefined) throw new Error("no answer");
	return read(answer);
}

const now = Date.UTC(2026, 1, 10, 12) + 123.456;

describe("an answer", () => {
	test("is a stratum 2 server's, with the client's transmit time and version returned", () => {
		expect(answered(makeRequest(), now)).toMatchObject({
			leap: 0,
			version: 4,
			mode: 4,
			stratum: 2,
			poll: 6,
			precision: -20,
			originate: [1, 2, 3, 4, 5, 6, 7, 8],
		});
		expect(answered(makeRequest(3), now).version).toBe(3);
	});

	test("has the known bytes of a known time", () => {
		// 2000-01-01T00:00:00.5Z: RFC 5905 figure 4 has 3,155,673,600 s for that day.
		const answer = makeNtpResponse(makeRequest(), { receive: 0, transmit: Date.UTC(2000, 0, 1) + 500 });
		const view = new DataView(answer?.buffer ?? new ArrayBuffer(0));
		expect([view.getUint32(40), view.getUint32(44)]).toEqual([3_155_673_600, 0x8000_0000]);
	});

	test("encodes every time to the microsecond, also after the end of the era in 2036", () => {
		const time = fc.double({ min: 0, max: Date.UTC(2100), noNaN: true });
		fc.assert(
			fc.property(time, (utc) => {
				const { reference, receive, transmit } = answered(makeRequest(), utc);
				expect(Math.abs(receive - utc)).toBeLessThan(0.001);
				expect(Math.abs(transmit - utc - 0.25)).toBeLessThan(0.001);
				expect(Math.abs(receive - reference - 60_000)).toBeLessThan(0.001);
			}),
		);
		expect(answered(makeRequest(), Date.UTC(2036, 1, 7, 6, 28, 16)).receive).toBe(
			Date.UTC(2036, 1, 7, 6, 28, 16),
		);
	});

	test.each([
		["47 bytes", makeRequest().subarray(0, 47)],
		["nothing", new Uint8Array(0)],
		["a server's packet", makeRequest(4, 4)],
		["a broadcast", makeRequest(4, 5)],
		["version 0", makeRequest(0)],
		["version 5", makeRequest(5)],
	])("is not sent to what is not a client's request: %s", (_, request) => {
		expect(makeNtpResponse(request, { receive: now, transmit: now })).toBeUndefined();
	});

	test("is sent to a request with extension fields", () => {
		const long = new Uint8Array(68);
		long.set(makeRequest());
		expect(answered(long, now).stratum).toBe(2);
	});
});

describe("a response with a fault", () => {
	const cases: readonly (readonly [NtpFault, Partial<Answer>])[] = [
		[{ kind: "wrong originate" }, { originate: [1, 2, 3, 4, 5, 6, 7, 9] }],
		[
			{ kind: "kiss", code: "RATE" },
			{ stratum: 0, leap: 3, referenceId: "RATE" },
		],
		[{ kind: "unsynchronized" }, { stratum: 16, leap: 3 }],
		[
			{ kind: "mode", mode: 5 },
			{ mode: 5, version: 4 },
		],
		[
			{ kind: "version", version: 1 },
			{ version: 1, mode: 4 },
		],
		[{ kind: "stratum", stratum: 17 }, { stratum: 17 }],
		[{ kind: "no time" }, { transmit: (2 ** 32 - 2_208_988_800) * 1000 }],
	];
	test.each(cases)("is wrong in one respect: $kind", (fault, wrong) => {
		expect(answered(makeRequest(), now, fault)).toEqual({ ...answered(makeRequest(), now), ...wrong });
	});

	test("is off by an hour", () => {
		const { receive, transmit } = answered(makeRequest(), now, { kind: "offset", milliseconds: -3_600_000 });
		expect([now - receive, now + 0.25 - transmit].map(Math.round)).toEqual([3_600_000, 3_600_000]);
	});

	test("is short, or missing", () => {
		const moments = { receive: now, transmit: now };
		expect(makeNtpResponse(makeRequest(), moments, { kind: "short", length: 20 })).toHaveLength(20);
		expect(makeNtpResponse(makeRequest(), moments, { kind: "silent" })).toBeUndefined();
	});
});

describe("over UDP", () => {
	let utc = now;
	let server: NtpServer;
	const client = () => createSocket("udp4");
	let socket = client();

	beforeEach(async () => {
		server = await NtpServer.start({ now: () => utc });
		socket = client();
	});

	afterEach(async () => {
		socket.close();
		await server.close();
	});

	async function ask(request: Uint8Array): Promise<Answer> {
		socket.send(request, server.port, "127.0.0.1");
		const [answer] = await once(socket, "message");
		return read(answer);
	}

	test("has the given time", async () => {
		expect((await ask(makeRequest())).transmit).toBeCloseTo(now, 2);
		utc = Date.UTC(2040, 0, 1);
		expect((await ask(makeRequest())).transmit).toBe(utc);
	});

	test("invalid packets are counted and dropped, and the next request gets a response", async () => {
		socket.send("rubbish", server.port, "127.0.0.1");
		socket.send("", server.port, "127.0.0.1");
		expect((await ask(makeRequest())).stratum).toBe(2);
		expect(server.requests).toBe(3);
	});

	test("a fault applies until it is removed", async () => {
		server.fault = { kind: "kiss", code: "DENY" };
		expect((await ask(makeRequest())).referenceId).toBe("DENY");
		server.fault = { kind: "silent" };
		socket.send(makeRequest(), server.port, "127.0.0.1");
		while (server.requests < 2) await new Promise(setImmediate);
		server.fault = undefined;
		expect((await ask(makeRequest())).stratum).toBe(2);
	});

	test("closes twice without an error, and a port in use is an error", async () => {
		await expect(NtpServer.start({ port: server.port })).rejects.toThrow(/EADDRINUSE/);
		await server.close();
		await server.close();
	});
});
