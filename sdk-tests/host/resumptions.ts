import { constants, randomBytes } from "node:crypto";
import type { TlsOptions } from "node:tls";
import type { TlsStep } from "../test-plan";
import { certify, keyToPem, type TestCertificate, toPem } from "./certificate";
import type { HandshakeMessage, Tampering } from "./handshake-tampering";
import type { Insertion } from "./record-insertion";
import { tlsRecord } from "./tls-record";

/** Connections to one address, one after the other. 204: the server made a whole handshake; 201: it resumed a session. */
export interface ResumptionCase {
	readonly name: string;
	readonly host: string;
	readonly root: string;
	readonly steps: readonly TlsStep[];
	/** Of each step. */
	readonly expected: readonly string[];
	/** The server of each connection, the last of all further ones; with one that failed there are more than steps. */
	readonly connections: readonly Connection[];
	readonly stricter?: string;
	readonly wider?: string;
}

interface Connection {
	readonly options: TlsOptions;
	/** What a man in the middle changes; `close`: the server breaks off after ClientHello. */
	readonly tampering?: Tampering | "close";
	readonly insertion?: Insertion;
}

const host = "api.dakkio.test";
const otherHost = "other.dakkio.test";
const whole = "accepted, 204";
const resumed = "accepted, 201";
const again = "it connects again, without the session";

const serverHello = 2;
const newSessionTicket = 4;
const serverKeyExchange = 12;
const finished = 20;
/** In ServerHello: header, version, random. */
const sessionIdAt = 4 + 2 + 32;

const tls12 = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
/** Without tickets, and without {@link noTickets}'s memory of ids. */
const forgetful = constants.SSL_OP_NO_TICKET | constants.SSL_OP_CIPHER_SERVER_PREFERENCE;
/** SSL_OP_NO_EXTENDED_MASTER_SECRET of OpenSSL 3. */
const noExtendedMasterSecret = 1;
const noTickets = { secureOptions: constants.SSL_OP_NO_TICKET } as const;

export async function makeResumptions(): Promise<readonly ResumptionCase[]> {
	const root = await certify({ name: "Root", authority: true });
	const otherRoot = await certify({ name: "Other Root", authority: true });
	const intermediate = await certify({ name: "Intermediate", issuer: root, authority: 0 });
	const leaf = await certify({ name: "Server", issuer: intermediate, names: [host, otherHost] });
	const otherLeaf = await certify({ name: "Server", issuer: intermediate, names: [host] });
	const untrusted = await certify({ name: "Server", issuer: otherRoot, names: [host] });
	const expired = await certify({ name: "Server", issuer: root, names: [host], fromDays: -20, toDays: -10 });
	const chain = async (first: TestCertificate, more: TlsOptions = {}): Promise<TlsOptions> => ({
		...tls12,
		cert: toPem(first) + toPem(intermediate),
		key: await keyToPem(first),
		...more,
	});
	const keys = { ticketKeys: randomBytes(48) };
	const server: Connection = { options: await chain(leaf, keys) };
	const ids: Connection = { options: await chain(leaf, noTickets) };
	const restarted: Connection = { options: await chain(leaf, { ticketKeys: randomBytes(48) }) };
	const signed = toPem(root);
	/** A man in the middle changes the second connection of the table's server. */
	const second = (change: Omit<Connection, "options">): readonly Connection[] => [
		server,
		{ ...server, ...change },
		server,
	];
	const cases: (Omit<ResumptionCase, "host" | "root"> & { readonly root?: string })[] = [
		{
			name: "a ticket",
			connections: [server],
			steps: [{}, {}, {}],
			expected: [whole, resumed, resumed],
		},
		{ name: "an id", connections: [ids], steps: [{}, {}, {}], expected: [whole, resumed, resumed] },
		{
			name: "neither ticket nor id",
			connections: [{ options: await chain(leaf, { secureOptions: forgetful }) }],
			steps: [{}, {}],
			expected: [whole, whole],
		},
		{
			name: "a server without extended master secret",
			connections: [{ options: await chain(leaf, { ...keys, secureOptions: noExtendedMasterSecret }) }],
			steps: [{}, {}],
			expected: [whole, whole],
		},
		{
			name: "a server that has other keys for tickets since",
			connections: [server, restarted],
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "a server that has forgotten the id",
			connections: [ids, { options: await chain(leaf, noTickets) }],
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "other roots",
			connections: [server],
			steps: [{}, { root: toPem(otherRoot) }, {}, {}],
			expected: [whole, "refused, untrusted", whole, resumed],
			stricter: "it takes a resumed session as verified, whatever its roots are now",
		},
		{
			name: "one root more",
			connections: [server],
			steps: [{}, { root: signed + toPem(otherRoot) }, { root: signed + toPem(otherRoot) }],
			expected: [whole, whole, resumed],
		},
		{
			name: "another name of the server",
			connections: [server],
			steps: [{}, { host: otherHost }, { host: otherHost }, {}],
			expected: [whole, whole, resumed, whole],
		},
		{
			name: "a name that the certificate does not have",
			connections: [server],
			steps: [{}, { host: "api.dakkio.example" }, {}],
			expected: [whole, "refused, wrong name", whole],
			stricter: "it takes a resumed session as verified, whatever name it was made for",
		},
		{
			name: "another certificate by the same authority",
			connections: [server, { options: await chain(otherLeaf, { ticketKeys: randomBytes(48) }) }],
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "a certificate by another authority",
			connections: [server, { options: await chain(untrusted, { ticketKeys: randomBytes(48) }) }, server],
			steps: [{}, {}, {}],
			expected: [whole, "refused, untrusted", resumed],
		},
		{
			name: "certificates whose dates have ended since",
			connections: [server],
			steps: [{}, {}, { change: "expired" }, {}],
			expected: [whole, resumed, whole, resumed],
		},
		{
			name: "a clock that was set back to before the session was made",
			connections: [server],
			steps: [{}, { change: "set back" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "a clock that was set back to before the certificates are valid",
			connections: [server],
			steps: [{}, { change: "early" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "an expired certificate, on a server with the same keys for tickets",
			connections: [server, { options: await chain(expired, keys) }],
			steps: [{}, { change: "expired" }],
			expected: [whole, "refused, expired"],
			stricter: "it takes a resumed session as verified, whatever the dates",
		},
		{
			name: "a ticket of which a bit was changed",
			connections: [server],
			steps: [{}, { change: "ticket" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "an id of which a bit was changed",
			connections: [ids],
			steps: [{}, { change: "id" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "a server that does not have the session's secret",
			connections: [server],
			steps: [{}, { change: "secret" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "a session of another suite",
			connections: [server],
			steps: [{}, { change: "suite" }, {}],
			expected: [whole, whole, resumed],
		},
		{
			name: "after a restart of the board",
			connections: [server],
			steps: [{}, { change: "forgotten" }, {}],
			expected: [whole, whole, resumed],
		},
		...(
			[
				["the other suite", hello((body) => (body[suiteAt(body) + 1] = 0x2f))],
				["an older suite", hello((body) => (body[suiteAt(body)] = 0))],
				["TLS 1.1", hello((body) => (body[5] = 2))],
				["a compression", hello((body) => (body[suiteAt(body) + 2] = 1))],
				["ServerHello twice", ([first, ...more]) => [first, first, ...more].flatMap((each) => each ?? [])],
				[
					"the end of a first flight",
					([first, ...more]) => [first, Buffer.of(14, 0, 0, 0), ...more].flatMap((each) => each ?? []),
				],
				["no id", withoutId],
				["another id", hello((body) => (body[sessionIdAt + 1] = (body[sessionIdAt + 1] ?? 0) ^ 1))],
				["another random number", hello((body) => (body[10] = (body[10] ?? 0) ^ 1))],
				["no extended master secret", withoutExtensions],
				[
					"a ticket that was not announced",
					([first, ...more]) => [first, ticket, ...more].flatMap((each) => each ?? []),
				],
				[
					"a certificate",
					([first, ...more]) =>
						[first, Buffer.of(11, 0, 0, 3, 0, 0, 0), ...more].flatMap((each) => each ?? []),
				],
				[
					"Finished in the clear",
					([first]) => (first ? [first, Buffer.alloc(16).fill(finished, 0, 1).fill(12, 3, 4)] : []),
				],
				["nothing but the end of the connection", "close"],
			] as const satisfies readonly (readonly [string, Tampering | "close"])[]
		).map(([what, tampering]) => ({
			name: `resumed with ${what}`,
			connections: second({ tampering }),
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
			wider: again,
		})),
		// The server's records are ServerHello, the change to encryption, and Finished.
		...(
			[
				["ServerHello, the change to encryption", 0, changeCipherSpec],
				["ServerHello, an error", 0, tlsRecord(alert, Buffer.of(2, 40))],
				["the change to encryption, data", 1, tlsRecord(applicationData, answer)],
				["Finished, another change to encryption", 2, changeCipherSpec],
				[
					"Finished, one in the clear",
					2,
					tlsRecord(handshake, Buffer.alloc(16).fill(finished, 0, 1).fill(12, 3, 4)),
				],
				["Finished, an error in the clear", 2, tlsRecord(alert, Buffer.of(2, 40))],
				["Finished, data in the clear", 2, tlsRecord(applicationData, answer)],
			] as const
		).map(([what, after, bytes]) => ({
			name: `resumed, and before ${what}`,
			connections: second({ insertion: { after, bytes } }),
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
			wider: again,
		})),
		{
			// Which is no failure for OpenSSL's command.
			name: "resumed, and before ServerHello, the server's farewell",
			connections: second({ insertion: { after: 0, bytes: tlsRecord(alert, Buffer.of(1, 0)) } }),
			steps: [{}, {}, {}],
			expected: [whole, whole, resumed],
		},
		...(
			[
				["a warning", 0, tlsRecord(alert, Buffer.of(1, 112))],
				["HelloRequest", 0, tlsRecord(handshake, Buffer.alloc(4))],
				["HelloRequest behind ServerHello", 1, tlsRecord(handshake, Buffer.alloc(4))],
			] as const
		).map(([what, after, bytes]) => ({
			name: `resumed with ${what}`,
			connections: [server, { ...server, insertion: { after, bytes } }],
			steps: [{}, {}],
			expected: [whole, resumed],
		})),
		{
			name: "resumed with another suite each time",
			connections: [server, { ...server, tampering: hello((body) => (body[suiteAt(body) + 1] = 0x2f)) }],
			steps: [{}, {}],
			expected: [whole, "refused"],
		},
		{
			name: "a known chain, and an invalid signature of the key exchange",
			connections: [
				ids,
				{
					options: await chain(leaf, noTickets),
					tampering: (messages) =>
						messages.map((each) => (each[0] === serverKeyExchange ? flipped(each, each.length - 3) : each)),
				},
			],
			steps: [{}, {}],
			expected: [whole, "refused, invalid TLS: a key exchange with a signature that does not hold"],
		},
		{
			name: "a known chain with a changed byte in its second certificate",
			connections: [
				ids,
				{
					options: await chain(leaf, noTickets),
					tampering: (messages) =>
						messages.map((each) => (each[0] === 11 ? flipped(each, each.length - 3) : each)),
				},
			],
			steps: [{}, {}],
			expected: [whole, "refused, forged"],
		},
	];
	return cases.map((each) => ({ host, root: signed, ...each }));
}

const changeCipherSpec = tlsRecord(20, Buffer.of(1));
const alert = 21;
const handshake = 22;
const applicationData = 23;
const answer = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

/** An empty one. */
const ticket: HandshakeMessage = Buffer.of(newSessionTicket, 0, 0, 6, 0, 0, 0, 0, 0, 0);

function suiteAt(message: HandshakeMessage): number {
	return sessionIdAt + 1 + (message[sessionIdAt] ?? 0);
}

function hello(change: (message: HandshakeMessage) => unknown): Tampering {
	return (messages) => {
		for (const message of messages) if (message[0] === serverHello) change(message);
		return messages;
	};
}

function withoutExtensions(messages: HandshakeMessage[]): HandshakeMessage[] {
	return messages.map((each) => {
		if (each[0] !== serverHello) return each;
		const short = Buffer.from(each.subarray(0, suiteAt(each) + 3));
		short.writeUIntBE(short.length - 4, 1, 3);
		return short;
	});
}

function withoutId(messages: HandshakeMessage[]): HandshakeMessage[] {
	return messages.map((each) => {
		if (each[0] !== serverHello) return each;
		const short = Buffer.concat([each.subarray(0, sessionIdAt), Buffer.of(0), each.subarray(suiteAt(each))]);
		short.writeUIntBE(short.length - 4, 1, 3);
		return short;
	});
}

function flipped(message: HandshakeMessage, at: number): HandshakeMessage {
	const copy = Buffer.from(message);
	copy[at] = (copy[at] ?? 0) ^ 1;
	return copy;
}
