import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import {
	certify,
	KeyUsageFlags,
	keyToPem,
	type TestCertificate,
	toPem,
} from "../../sdk-tests/host/certificate";
import { anyChange, applyChanges } from "../../sdk-tests/host/flight-changes";
import { tlsRecord, tlsRecords } from "../../sdk-tests/host/tls-record";
import type { PublicKey } from "../../src/boards/esp32/tls/certificate";
import { verifyCertificatePath } from "../../src/boards/esp32/tls/certificate-path";
import { offeredSchemes, type SignatureScheme } from "../../src/boards/esp32/tls/signature-scheme";
import { chipModule } from "../esp32/chip-module";
import { clientRandom, recordFlight, type ServerFlight } from "./server-flight";
import { certificatesOf, verifySignature } from "./verify-signature";

/**
 * What the chip does with the first flight of a server: records, messages, certificates and key exchange. Of the SDK's own part
 * only what it parses is played here; `npm run test:sdk` sends changed flights to the SDK itself.
 */

const long = process.env.MODE === "long";
const host = "api.dakkio.test";

vi.mock("ssl/stream", () => ({
	default: class {
		bytesAvailable: number;
		private at = 0;
		constructor(private readonly bytes: Uint8Array) {
			this.bytesAvailable = bytes.length;
		}
		readChunk(count: number) {
			if (count > this.bytesAvailable) throw new Error("");
			this.bytesAvailable -= count;
			this.at += count;
			return this.bytes.subarray(this.at - count, this.at);
		}
	},
}));

vi.mock("ssl/session", () => ({
	default: class {
		clientCipher = null;
		serverCipher = null;
		constructor(readonly options: object) {}
	},
}));

vi.mock("sdk/alert", () => ({ default: {} }));

/** Parses as the SDK does: without a check of what it does not need. */
vi.mock("sdk/handshake", () => ({
	default: {
		serverKeyExchange: {},
		unpacketize(
			this: { serverKeyExchange: { unpacketize(session: object, stream: unknown): void } },
			session: Session,
			stream: { bytesAvailable: number; readChunk(count: number): Uint8Array },
		) {
			const message = Buffer.from(stream.readChunk(stream.bytesAvailable));
			const body = message.subarray(4, 4 + message.readUIntBE(1, 3));
			switch (message[0]) {
				case 2: {
					session.serverRandom = new Uint8Array(body.subarray(2, 34)).buffer;
					const suite = body.readUInt16BE(35 + (body[34] ?? 0));
					if (suite !== 0xc02b && suite !== 0xc02f) throw new Error("handshake: unsupported cipher");
					session.chosenCipher = { value: [suite >> 8, suite & 0xff] };
					break;
				}
				case 11: {
					const certificates: Uint8Array[] = [];
					for (let at = 3; at < body.length; at += 3 + body.readUIntBE(at, 3))
						certificates.push(body.subarray(at + 3, at + 3 + body.readUIntBE(at, 3)));
					session.certificateManager.verify(certificates);
					break;
				}
				case 12:
					this.serverKeyExchange.unpacketize(session, {
						bytesAvailable: body.length,
						readChunk: (count: number) => new Uint8Array(body.subarray(0, count)),
					});
					break;
				case 13:
				case 14:
				case 20:
					break;
				default:
					throw new Error(`handshake: unknown type: ${message[0]}`);
			}
			session.transcript.push(message);
		},
	},
}));

interface Stream {
	readable: number;
	read(buffer: Uint8Array): void;
}

interface Session {
	readonly certificateManager: { verify(certificates: readonly Uint8Array[]): boolean };
	readonly transcript: Buffer[];
	clientRandom: ArrayBuffer;
	serverRandom: ArrayBuffer;
	chosenCipher: { value: [number, number] };
	serverCipher: object | null;
	clientCipher: object | null;
	dhparams?: { readonly dh_Ys: ArrayBuffer };
	alert?: { readonly description: number };
	lastMessage?: number;
	readPacket(stream: Stream): Uint8Array | undefined;
}

interface Exchange {
	readonly signed: Uint8Array;
	readonly scheme: SignatureScheme;
	readonly signature: Uint8Array;
}

interface Modules {
	readonly Session: new (options: object) => Session;
	readonly handshake: { unpacketize(session: Session, stream: object): void };
	readonly alert: { unpacketize(session: Session, fragment: Uint8Array): void };
	readonly Stream: new (bytes: Uint8Array) => object;
}

let modules: Modules;
const flights: ServerFlight[] = [];

beforeAll(async () => {
	const { StrictSession } = await chipModule<{ StrictSession: Modules["Session"] }>("tls/strict-session");
	const { default: handshake } = await chipModule<{ default: Modules["handshake"] }>(
		"replaced/ssl/handshake",
	);
	const { default: alert } = await chipModule<{ default: Modules["alert"] }>("replaced/ssl/alert");
	// A stand-in.
	const { default: Stream } = await import(/* @vite-ignore */ ["ssl", "stream"].join("/"));
	modules = { Session: StrictSession, handshake, alert, Stream };
	const root = await certify({ name: "Root", authority: true });
	const rsa = await certify({ name: "RSA", key: "RSA 2048", issuer: root, authority: 0 });
	const usage = KeyUsageFlags.digitalSignature;
	const server = async (
		issuer: TestCertificate,
		chain: readonly TestCertificate[],
		more: object,
		options = {},
	) => {
		const leaf = await certify({ name: "Server", issuer, names: [host], usage, ...more });
		const cert = [leaf, ...chain].map(toPem).join("");
		flights.push(await recordFlight({ key: await keyToPem(leaf), cert, ...options }, host, toPem(root)));
	};
	await server(root, [], {});
	await server(rsa, [rsa], { key: "RSA 2048", saltLength: 32 }, { sigalgs: "rsa_pss_rsae_sha256" });
	await server(
		rsa,
		[await certify({ name: "Unneeded" }), rsa, root],
		{ key: "P-384" },
		{
			requestCert: true,
			ecdhCurve: "P-384",
		},
	);
});

interface Outcome {
	/** Whether the flight was accepted up to its end. */
	readonly isAccepted: boolean;
	readonly transcript: Buffer;
	readonly point: Buffer | undefined;
	readonly reason: string;
}

/** Receives bytes in pieces of these sizes. */
function receive(
	{ root }: Pick<ServerFlight, "root">,
	bytes: Buffer,
	sizes: readonly number[] = [1460],
): Outcome {
	let key: PublicKey | undefined;
	const session = new modules.Session({});
	Object.assign(session, {
		clientRandom: new Uint8Array(clientRandom).buffer,
		transcript: [],
		options: {
			tls_server_name: host,
			tls_signature_algorithms: offeredSchemes,
			tls_elliptic_curves: [23, 24],
		},
		certificateManager: {
			verify(certificates: readonly Uint8Array[]) {
				const result = verifyCertificatePath({
					...{ certificates, host, now: Date.now(), verifySignature },
					...{ trusted: certificatesOf(root), findRoots: () => [] },
				});
				if ("fault" in result) throw new Error(`${result.fault}: ${result.reason}`);
				key = result.key;
				return true;
			},
			verifyExchange: ({ signed: signedBytes, scheme, signature }: Exchange) =>
				key?.kind === scheme.kind && verifySignature({ key, scheme, signedBytes, signature }),
		},
	});
	let at = 0;
	const stream: Stream = {
		readable: 0,
		read(buffer) {
			buffer.set(bytes.subarray(at, at + buffer.length));
			at += buffer.length;
		},
	};
	let reason = "";
	try {
		for (let turn = 0; at < bytes.length; turn++) {
			stream.readable = Math.min(bytes.length - at, sizes[turn % sizes.length] ?? 1);
			while (stream.readable > 0) {
				const record = session.readPacket(stream);
				if (record === undefined) break;
				const content = record.subarray(5);
				if (record[0] === 21) modules.alert.unpacketize(session, content);
				else modules.handshake.unpacketize(session, new modules.Stream(content));
				if (session.alert !== undefined) throw new Error("ended");
			}
		}
	} catch (error) {
		if (!(error instanceof Error) || error instanceof TypeError) throw error;
		reason = error.message;
	}
	const point = session.dhparams === undefined ? undefined : Buffer.from(session.dhparams.dh_Ys);
	const isAccepted = reason === "" && session.lastMessage === 14;
	return { isAccepted, transcript: Buffer.concat(session.transcript), point, reason };
}

const pieces = fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 3000 })), {
	minLength: 1,
	maxLength: 5,
});
const recordSize = fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 100, max: 16_384 }));

const others = () => flights.flatMap(({ messages }) => messages);

describe("a server's first flight", () => {
	test("is accepted in records and pieces of any size, with up to four warnings between", () => {
		fc.assert(
			fc.property(fc.nat(2), recordSize, pieces, fc.nat(4), (index, recordBytes, sizes, warnings) => {
				const flight = flights[index];
				if (flight === undefined) throw new Error("no flight");
				const alerts = Array.from({ length: warnings }, () => tlsRecord(21, Buffer.of(1, 112)));
				const bytes = Buffer.concat([...alerts, tlsRecords(flight.messages, recordBytes)]);
				const outcome = receive(flight, bytes, sizes);
				expect(outcome).toMatchObject({ isAccepted: true, reason: "" });
				expect(outcome.transcript.equals(Buffer.concat(flight.messages))).toBe(true);
			}),
			{ numRuns: long ? 500 : 50 },
		);
	});

	test("that was changed is refused, waits for more, or has the server's own point and another transcript", () => {
		fc.assert(
			fc.property(
				fc.nat(2),
				fc.array(anyChange, { minLength: 1, maxLength: 3 }),
				recordSize,
				pieces,
				(index, changes, recordBytes, sizes) => {
					const flight = flights[index];
					if (flight === undefined) throw new Error("no flight");
					const outcome = receive(
						flight,
						applyChanges(flight.messages, changes, recordBytes, others()),
						sizes,
					);
					if (!outcome.isAccepted) return;
					// Only the server could have signed another; Finished proves the rest.
					expect(outcome.point).toEqual(receive(flight, tlsRecords(flight.messages)).point);
				},
			),
			{ numRuns: long ? 20_000 : 400 },
		);
	});

	test("holds a message in parts only as far as a chip has memory for it and a record", () => {
		const [flight] = flights;
		if (flight === undefined) throw new Error("no flight");
		const [hello = Buffer.alloc(0)] = flight.messages;
		const tooLong = "a handshake message that is too long";
		/** Its first record has `first` bytes, all others `next`: a certificate message, which is refused for its content. */
		const sent = (bytes: number, first: number, next: number) => {
			const message = Buffer.alloc(bytes, 1);
			message.writeUInt32BE(11 * 0x1_00_00_00 + bytes - 4);
			const rest = tlsRecords([message.subarray(first)], next);
			return receive(
				flight,
				Buffer.concat([tlsRecords([hello]), tlsRecord(22, message.subarray(0, first)), rest]),
			);
		};
		const read = "a list of certificates of another length";
		expect(sent(16_384, 16_384, 1).reason).toBe(read);
		expect(sent(15_000, 1384, 1384).reason).toBe(read);
		expect(sent(15_000, 3, 1384).reason).toBe(read);
		expect(sent(15_000, 1385, 1384).reason).toBe(tooLong);
		expect(sent(15_000, 3, 1385).reason).toBe(tooLong);
		expect(sent(15_000, 1384, 1385).reason).toBe("a record that is too long");
		expect(sent(16_385, 3, 1).reason).toBe(tooLong);
	});

	test.each([
		["close_notify", [1, 0], "ended"],
		["no_renegotiation", [1, 100], "alert: 1, 100"],
		["an error", [2, 40], "alert: 2, 40"],
		["nothing", [], "an alert of another length"],
		["three bytes", [1, 112, 0], "an alert of another length"],
	])("is not waited for after an alert: %s", (_, bytes, reason) => {
		const [flight] = flights;
		if (flight === undefined) throw new Error("no flight");
		const all = Buffer.concat([tlsRecord(21, Buffer.from(bytes)), tlsRecords(flight.messages)]);
		expect(receive(flight, all)).toMatchObject({ isAccepted: false, reason });
	});

	test("ends with the fifth warning", () => {
		const [flight] = flights;
		if (flight === undefined) throw new Error("no flight");
		const all = Buffer.concat([
			...Array.from({ length: 5 }, () => tlsRecord(21, Buffer.of(1, 90))),
			tlsRecords(flight.messages),
		]);
		expect(receive(flight, all)).toMatchObject({ isAccepted: false, reason: "alert: 1, 90" });
	});
});

describe("a server's answer to a session that is offered", () => {
	const id = Buffer.alloc(32, 7);
	const resume = {
		suite: 0x2b,
		masterSecret: new Uint8Array(48),
		id: new Uint8Array(id),
		ticket: new Uint8Array(0),
	};
	const vector = (lengthBytes: number, content: Buffer) => {
		const length = Buffer.alloc(lengthBytes);
		length.writeUIntBE(content.length, 0, lengthBytes);
		return Buffer.concat([length, content]);
	};
	const message = (type: number, body: Buffer) => Buffer.concat([Buffer.of(type), vector(3, body)]);
	const extended = Buffer.of(0, 23, 0, 0);
	const announced = Buffer.of(0, 35, 0, 0);
	const hello = (session: Buffer, suite: number, ...extensions: Buffer[]) =>
		message(
			2,
			Buffer.concat([
				...[Buffer.of(3, 3), Buffer.alloc(32, 9), vector(1, session), Buffer.of(0xc0, suite, 0)],
				vector(2, Buffer.concat(extensions)),
			]),
		);
	const ticket = message(4, Buffer.concat([Buffer.of(0, 0, 1, 0), vector(2, Buffer.alloc(5, 3))]));
	const change = tlsRecord(20, Buffer.of(1));
	/** With what stands for nonce and tag. */
	const end = tlsRecord(22, Buffer.concat([Buffer.of(20, 0, 0, 12), Buffer.alloc(24)]));

	/** The session after these records; its error if one is refused. */
	function answer(records: readonly Buffer[], offered: typeof resume | null = resume): unknown {
		const session = new modules.Session({});
		Object.assign(session, {
			options: { resume: offered ?? undefined },
			clientSessionID: offered === null ? undefined : new Uint8Array(id).buffer,
			masterSecret: offered?.masterSecret,
			handshakeDigests: {
				SHA256: { write: (bytes: Uint8Array) => session.transcript.push(Buffer.from(bytes)) },
			},
			transcript: [],
		});
		const bytes = Buffer.concat(records);
		let at = 0;
		const stream: Stream = {
			readable: bytes.length,
			read(buffer) {
				buffer.set(bytes.subarray(at, at + buffer.length));
				at += buffer.length;
			},
		};
		try {
			while (stream.readable > 0) {
				const record = session.readPacket(stream);
				if (record === undefined) throw new Error("cut off");
				if (record[0] === 20) session.serverCipher = {};
				else {
					const content = session.serverCipher === null ? record.subarray(5) : record.subarray(5, -12);
					modules.handshake.unpacketize(session, new modules.Stream(content));
				}
			}
			return session;
		} catch (error) {
			return error instanceof Error ? error.message : "";
		}
	}

	test("resumes it, with a new ticket or without", () => {
		const session = answer([tlsRecords([hello(id, 0x2b, extended)]), change, end]);
		expect(session).toMatchObject({ isResumed: true, isExtended: true, lastMessage: 20 });
		const renewed = answer([tlsRecords([hello(id, 0x2b, extended, announced), ticket]), change, end]);
		expect(renewed).toMatchObject({
			...{ isResumed: true, lastMessage: 20 },
			issued: { lifetimeS: 256, ticket: new Uint8Array(5).fill(3), id: new Uint8Array(0) },
		});
		expect((renewed as Session).transcript).toHaveLength(3);
	});

	test("resumes it with a ticket of any size; one that is never kept takes no memory", () => {
		const sized = (bytes: number) => {
			const large = message(4, Buffer.concat([Buffer.alloc(4), vector(2, Buffer.alloc(bytes, 3))]));
			return answer([tlsRecords([hello(id, 0x2b, extended, announced), large], 1024), change, end]);
		};
		for (const [bytes, kept] of [
			[0, 0],
			[500, 500],
			[15_000, 0],
		] as const)
			expect(sized(bytes)).toMatchObject({
				...{ isResumed: true, lastMessage: 20 },
				issued: { lifetimeS: 0, ticket: new Uint8Array(kept).fill(3) },
			});
		expect(sized(65_535)).toBe("a handshake message that is too long");
	});

	test("declines with another id, or none: its secret is forgotten", () => {
		for (const other of [Buffer.alloc(32, 8), Buffer.alloc(31, 7), Buffer.alloc(0)])
			expect(answer([tlsRecords([hello(other, 0x2b, extended)])])).toMatchObject({
				...{ isResumed: false, masterSecret: undefined, clientSessionID: undefined },
			});
	});

	const notOffered = "a session resumed as another than it was";
	test.each([
		["the other suite", [tlsRecords([hello(id, 0x2f, extended)])], notOffered],
		["an older suite", [tlsRecords([hello(id, 0x09, extended)])], notOffered],
		["no extended master secret", [tlsRecords([hello(id, 0x2b)])], notOffered],
		[
			"a certificate",
			[tlsRecords([hello(id, 0x2b, extended), message(11, Buffer.alloc(3))])],
			"handshake message 11 out of order",
		],
		[
			"the end of a first flight",
			[tlsRecords([hello(id, 0x2b, extended), message(14, Buffer.alloc(0))])],
			"handshake message 14 out of order",
		],
		[
			"a ticket that was not announced",
			[tlsRecords([hello(id, 0x2b, extended), ticket])],
			"handshake message 4 out of order",
		],
		[
			"no ticket where one was announced",
			[tlsRecords([hello(id, 0x2b, extended, announced)]), change, end],
			"handshake message 20 out of order",
		],
		[
			"a ticket twice",
			[tlsRecords([hello(id, 0x2b, extended, announced), ticket, ticket])],
			"handshake message 4 out of order",
		],
		[
			"a ticket of another length",
			[tlsRecords([hello(id, 0x2b, extended, announced), message(4, Buffer.of(0, 0, 0, 1, 0, 2, 3))])],
			"a ticket of another length",
		],
		[
			"a ticket without its length",
			[tlsRecords([hello(id, 0x2b, extended, announced), message(4, Buffer.of(0, 0, 0))])],
			"a ticket of another length",
		],
		[
			"Finished in the clear",
			[tlsRecords([hello(id, 0x2b, extended), message(20, Buffer.alloc(12))])],
			"handshake message 20 on the wrong side of the change to encryption",
		],
		[
			"an announced ticket with content",
			[tlsRecords([hello(id, 0x2b, extended, Buffer.of(0, 35, 0, 1, 0))])],
			"an extension of another length",
		],
		["a change to encryption before its hello", [change], "a change to encryption out of order"],
		[
			"a change to encryption after it has declined",
			[tlsRecords([hello(Buffer.alloc(0), 0x2b, extended)]), change],
			"a change to encryption out of order",
		],
		[
			"a change to encryption twice",
			[tlsRecords([hello(id, 0x2b, extended)]), change, change],
			"a record that is too short",
		],
	])("is refused with %s", (_, records, expected) => {
		expect(answer(records)).toBe(expected);
	});

	test("cannot resume what was not offered", () => {
		expect(answer([tlsRecords([hello(id, 0x2b, extended)])], null)).toMatchObject({ isResumed: false });
		expect(answer([tlsRecords([hello(id, 0x2b, extended)]), change, end], null)).toBe(
			"a change to encryption out of order",
		);
	});
});

describe("the server's last messages", () => {
	/** After the board has sent all of its own, or none yet. */
	function lastMessages(records: Buffer, clientCipher: object | null = {}): string {
		const session = new modules.Session({});
		Object.assign(session, {
			...{ clientCipher, lastMessage: 14, sendsTicket: true, transcript: [] },
			handshakeDigests: { SHA256: { write() {} } },
		});
		let at = 0;
		const stream: Stream = {
			readable: records.length,
			read(buffer) {
				buffer.set(records.subarray(at, at + buffer.length));
				at += buffer.length;
			},
		};
		try {
			while (stream.readable > 0) {
				const record = session.readPacket(stream);
				if (record?.[0] === 20) session.serverCipher = {};
				else if (record !== undefined) {
					// Decrypted already, for this test.
					const content = record.subarray(5, session.serverCipher === null ? undefined : -12);
					modules.handshake.unpacketize(session, new modules.Stream(content));
				}
			}
			return "accepted";
		} catch (error) {
			return error instanceof Error ? error.message : "";
		}
	}

	const changeOfCipher = tlsRecord(20, Buffer.of(1));
	/** With what stands for nonce and tag. */
	const finished = (length: number) =>
		tlsRecord(22, Buffer.concat([Buffer.of(20, 0, 0, length), Buffer.alloc(length + 12)]));

	const ticketOf8 = Buffer.concat([Buffer.of(4, 0, 0, 14, 0, 0, 0, 0, 0, 8), Buffer.alloc(8)]);
	const ticket = tlsRecord(22, ticketOf8);
	const encryptedTicket = tlsRecord(22, Buffer.concat([ticketOf8, Buffer.alloc(12)]));

	test.each([
		["a ticket, a change of cipher and Finished", [ticket, changeOfCipher, finished(12)], "accepted"],
		["no ticket", [changeOfCipher, finished(12)], "handshake message 20 out of order"],
		["a ticket twice", [ticket, ticket], "handshake message 4 out of order"],
		[
			"a ticket behind the change of cipher",
			[changeOfCipher, encryptedTicket],
			"handshake message 4 on the wrong side of the change to encryption",
		],
		[
			"a ticket behind Finished",
			[ticket, changeOfCipher, finished(12), encryptedTicket],
			"handshake message 4 out of order",
		],
		[
			"Finished twice",
			[ticket, changeOfCipher, finished(12), finished(12)],
			"handshake message 20 out of order",
		],
		[
			"Finished of 13 bytes",
			[ticket, changeOfCipher, finished(13)],
			"handshake message 20 of another length",
		],
		[
			"Finished of 11 bytes",
			[ticket, changeOfCipher, finished(11)],
			"handshake message 20 of another length",
		],
		[
			"a change of cipher of two bytes",
			[tlsRecord(20, Buffer.of(1, 1))],
			"a change to encryption of another length",
		],
		[
			"an empty change of cipher",
			[tlsRecord(20, Buffer.alloc(0))],
			"a change to encryption of another length",
		],
	])("%s", (_, records, expected) => {
		expect(lastMessages(Buffer.concat(records))).toBe(expected);
	});

	test("cannot come before the board's", () => {
		expect(lastMessages(ticket, null)).toBe("handshake message 4 out of order");
		expect(lastMessages(changeOfCipher, null)).toBe("a change to encryption out of order");
	});
});
