import { sign } from "node:crypto";
import type { TlsOptions } from "node:tls";
import type { HandshakeMessage, Tampering } from "./handshake-tampering";
import type { Insertion } from "./record-insertion";
import { tlsRecord } from "./tls-record";

/** A handshake with a valid certificate that deviates from the usual. */
export interface HandshakeCase {
	readonly name: string;
	readonly key: "EC" | "P-384" | "RSA";
	readonly options: TlsOptions;
	readonly tampering?: Tampering;
	/** Other parameters of the key exchange, which the server itself signs (RFC 8422 section 5.4). */
	readonly parameters?: (given: Buffer) => Buffer;
	/** Record length of the handshake messages, bytes; omitted: one record per message. */
	readonly recordBytes?: number;
	readonly insertion?: Insertion;
	/** It comes after the handshake: OpenSSL's client may have ended by then. */
	readonly isLate?: boolean;
	readonly expected: string;
	readonly stricter?: string;
	readonly wider?: string;
}

const serverHello = 2;
const certificate = 11;
const serverKeyExchange = 12;
const certificateRequest = 13;
const serverHelloDone = 14;

/** Curve type, curve, length and point precede hash, signature algorithm, length and signature. */
const algorithmAt = 4 + 4 + 65;

/** Types of records (RFC 5246 section 6.2.1). */
const changeOfCipher = 20;
const alert = 21;
const handshake = 22;
const applicationData = 23;
/** Records of a server: four messages, a ticket, ChangeCipherSpec, Finished. */
const recordsUntilFinished = 7;

/** A forged success response: if the board accepted it, it would discard readings. */
const forgedResponse = tlsRecord(
	applicationData,
	Buffer.from("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
);

const invalidTls = "invalid TLS: ";
const invalidRecord = `receive failed: ${invalidTls}`;

const tls12 = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;

export const handshakes: readonly HandshakeCase[] = [
	{ name: "ECDHE-ECDSA-AES128-GCM-SHA256", key: "EC", options: tls12, expected: "accepted" },
	{
		name: "ECDHE-RSA-AES128-GCM-SHA256",
		key: "RSA",
		options: { ...tls12, ciphers: "ECDHE-RSA-AES128-GCM-SHA256" },
		expected: "accepted",
	},
	{
		name: "messages that span records of 100 bytes",
		key: "EC",
		options: tls12,
		tampering: (messages) => messages,
		recordBytes: 100,
		expected: "accepted",
	},
	{
		name: "messages in records of one byte",
		key: "RSA",
		options: tls12,
		tampering: (messages) => messages,
		recordBytes: 1,
		expected: "accepted",
	},
	{
		name: "all messages in one record",
		key: "EC",
		options: tls12,
		tampering: (messages) => messages,
		recordBytes: 16_384,
		expected: "accepted",
	},
	{
		name: "a message with a length of 16 MB",
		...tampered(
			changed(certificate, (body) => body.fill(0xff, 1, 4)),
			`${invalidTls}a handshake message that is too long`,
		),
	},
	{
		name: "a record of 27 KB",
		...tampered(
			(messages) => messages.map((each) => (each[0] === certificate ? emptyCertificates(9000) : each)),
			`${invalidTls}a record that is too long`,
		),
		recordBytes: 32_000,
	},
	{
		name: "a chain of five thousand empty certificates",
		...tampered(
			(messages) => messages.map((each) => (each[0] === certificate ? emptyCertificates(5000) : each)),
			`${invalidTls}more certificates than a chain has`,
		),
	},
	{
		name: "an invalid signature of the key exchange",
		...tampered(
			changed(serverKeyExchange, (body) => flip(body, body.length - 3)),
			`${invalidTls}a key exchange with a signature that does not hold`,
		),
	},
	{
		name: "a key exchange with an unsigned point",
		...tampered(
			changed(serverKeyExchange, (body) => flip(body, 40)),
			`${invalidTls}a key exchange with a signature that does not hold`,
		),
	},
	{
		name: "a key exchange signed by algorithm 0",
		...tampered(signedBy(0, 0), `${invalidTls}a key exchange with a signature that was not offered`),
	},
	{
		name: "a key exchange signed by an unknown algorithm",
		...tampered(signedBy(9, 9), `${invalidTls}a key exchange with a signature that was not offered`),
	},
	{
		name: "a key exchange signed with SHA-1, which was not offered",
		...tampered(
			changed(serverKeyExchange, (body) => body.fill(2, algorithmAt, algorithmAt + 1)),
			`${invalidTls}a key exchange with a signature that was not offered`,
		),
	},
	{
		name: "no key exchange",
		...tampered(
			(messages) => messages.filter(([type]) => type !== serverKeyExchange),
			`${invalidTls}handshake message 14 out of order`,
		),
	},
	{
		name: "no certificate",
		...tampered(
			(messages) => messages.filter(([type]) => type !== certificate),
			`${invalidTls}handshake message 12 out of order`,
		),
	},
	{
		name: "an empty list of certificates",
		...tampered(
			(messages) =>
				messages.map((each) =>
					each[0] === certificate ? Buffer.from([certificate, 0, 0, 3, 0, 0, 0]) : each,
				),
			"untrusted",
		),
	},
	{
		name: "a cipher suite that was not offered",
		...tampered(
			changed(serverHello, (body) => {
				// After version, random and session id.
				const at = 4 + 2 + 32 + 1 + (body[38] ?? 0);
				body[at] = 0;
				body[at + 1] = 0x2f;
			}),
			`${invalidTls}handshake`,
		),
	},
	{
		name: "a truncated certificate",
		...tampered(
			changed(certificate, (body) => body.fill(0xff, 4, 10)),
			`${invalidTls}a list of certificates of another length`,
		),
	},
	{
		name: "a response in the clear, inserted before encryption begins",
		...inserted(1, forgedResponse, `${invalidTls}data before the handshake has ended`),
	},
	{
		name: "a response in the clear, inserted before the server's Finished",
		...inserted(recordsUntilFinished - 1, forgedResponse, `${invalidTls}data before the handshake has ended`),
	},
	{
		name: "a response in the clear, inserted after the server's Finished",
		...inserted(recordsUntilFinished, forgedResponse, invalidRecord),
	},
	{
		name: "ChangeCipherSpec before there are keys",
		...inserted(
			1,
			tlsRecord(changeOfCipher, Buffer.from([1])),
			`${invalidTls}a change to encryption out of order`,
		),
	},
	{
		name: "ChangeCipherSpec twice",
		...inserted(
			recordsUntilFinished - 1,
			tlsRecord(changeOfCipher, Buffer.from([1])),
			`${invalidTls}a record that is too short`,
		),
	},
	{
		name: "a record of 32 KB",
		...inserted(1, tlsRecord(handshake, Buffer.alloc(32_760)), `${invalidTls}a record that is too long`),
	},
	{
		name: "a record of 64 KB",
		...inserted(1, tlsRecord(handshake, Buffer.alloc(65_535)), `${invalidTls}a record that is too long`),
	},
	{
		name: "a record of an unknown type",
		...inserted(1, tlsRecord(99, Buffer.from([1])), `${invalidTls}a record of another protocol`),
	},
	...[0, 7, 8, 23, 24, 40].map((length) => ({
		name: `an encrypted record of ${length} bytes, sent without the key`,
		...inserted(recordsUntilFinished, tlsRecord(applicationData, Buffer.alloc(length)), invalidRecord),
	})),
	{
		name: "an unrelated certificate, inserted by a man in the middle",
		...tampered(changedList, "the server ended the connection with TLS alert 20"),
	},
	{
		name: "static RSA, without forward secrecy",
		key: "RSA",
		options: { ...tls12, ciphers: "AES128-GCM-SHA256" },
		expected: "refused, the server offers no secure key exchange",
		stricter: "recorded traffic could be decrypted once the key is known",
	},
	{
		name: "CBC alone",
		key: "EC",
		options: { ...tls12, ciphers: "ECDHE-ECDSA-AES128-SHA" },
		expected: "refused, the server offers no secure key exchange",
		stricter: "the SDK's CBC distinguishes padding errors from MAC errors",
	},
	{
		name: "only TLS 1.3",
		key: "EC",
		options: { minVersion: "TLSv1.3" },
		expected: "refused, the server offers no secure TLS version",
		stricter: "the SDK has TLS 1.2",
	},
	{
		name: "only TLS 1.1",
		key: "RSA",
		options: { minVersion: "TLSv1", maxVersion: "TLSv1.1" },
		expected: "refused, the server",
	},
	{
		name: "only a key exchange on P-384",
		key: "EC",
		options: { ...tls12, ecdhCurve: "P-384" },
		expected: "accepted",
	},
	{
		name: "only a key exchange on X25519",
		key: "RSA",
		options: { ...tls12, ecdhCurve: "X25519" },
		expected: "refused, the server offers no secure key exchange",
		stricter: "the SDK has no X25519",
	},
	...signed("RSA", [
		"rsa_pss_rsae_sha256",
		"rsa_pss_rsae_sha384",
		"rsa_pss_rsae_sha512",
		"rsa_pkcs1_sha256",
		"rsa_pkcs1_sha384",
		"rsa_pkcs1_sha512",
	]),
	...signed("EC", ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"]),
	...signed("P-384", ["ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384"]),
	...(["RSA+SHA1", "ECDSA+SHA1"] as const).map((sigalgs) => ({
		name: `${sigalgs} alone`,
		key: sigalgs.startsWith("RSA") ? ("RSA" as const) : ("EC" as const),
		options: { ...tls12, sigalgs },
		expected: "refused, the server offers no secure key exchange",
	})),
	{
		name: "a request for a certificate",
		key: "EC",
		options: { ...tls12, requestCert: true, rejectUnauthorized: false },
		expected: "accepted",
	},
	...alerts([
		["unrecognized_name as a warning", [1, 112], "accepted"],
		["user_canceled as a warning", [1, 90], "accepted"],
		["an unknown warning", [1, 200], "accepted"],
		["four warnings", [1, 112, 1, 90, 1, 112, 1, 90], "accepted"],
		["five warnings", [1, 112, 1, 90, 1, 112, 1, 90, 1, 112], "refused, the server does not know this name"],
		["unrecognized_name as an error", [2, 112], "refused, the server does not know this name"],
		["user_canceled as an error", [2, 90], "refused, the server ended the connection with TLS alert 90"],
		["no_renegotiation", [1, 100], "refused, the server ended the connection with TLS alert 100"],
		["of an unknown level", [3, 112], "refused, the server does not know this name"],
	]),
	...[1, 2, 3, 4].map((after) => ({
		name: `a warning behind message ${after}`,
		key: "EC" as const,
		options: tls12,
		insertion: { after, bytes: tlsRecord(alert, Buffer.of(1, 112)) },
		expected: "accepted",
	})),
	{
		name: "an alert of three bytes",
		...inserted(0, tlsRecord(alert, Buffer.of(1, 112, 1)), `${invalidTls}an alert of another length`),
	},
	{
		name: "an alert of one byte",
		...inserted(0, tlsRecord(alert, Buffer.of(1)), `${invalidTls}an alert of another length`),
	},
	...serverHellos(),
	...[23, 35].map((type) => ({
		name: `ServerHello: extension ${type} alone`,
		...tampered(
			(messages) =>
				messages.map((each) =>
					each[0] === serverHello ? resized(extensions([type, Buffer.alloc(0)])(each)) : each,
				),
			"the server ended the connection with TLS alert 20",
		),
	})),
	...parameters([
		["as they are", (given) => given, "the server ended the connection with TLS alert 20"],
		[
			"a point that is not on its curve",
			last(1),
			`${invalidTls}a key exchange with a signature that does not hold`,
		],
		["a point of zeros", zeros(0), `${invalidTls}a key exchange with a signature that does not hold`],
		["a point with x = 0", zeros(0, 32), `${invalidTls}a key exchange with a signature that does not hold`],
		["a point with y = 0", zeros(32), `${invalidTls}a key exchange with a signature that does not hold`],
		["a point beyond the field", ones, `${invalidTls}a key exchange with a signature that does not hold`],
		["a compressed point", at(4, 2), `${invalidTls}a key exchange that was not offered`],
		[
			"the point of infinity",
			() => Buffer.of(3, 0, 23, 1, 0),
			`${invalidTls}a key exchange that was not offered`,
		],
		["a point of 64 bytes", shortened, `${invalidTls}a key exchange that was not offered`],
		["an empty point", () => Buffer.of(3, 0, 23, 0), `${invalidTls}a key exchange that was not offered`],
		["a curve that was not offered", at(2, 25), `${invalidTls}a key exchange that was not offered`],
		["the other curve", at(2, 24), `${invalidTls}a key exchange that was not offered`],
		["explicit parameters", at(0, 1), `${invalidTls}a key exchange that was not offered`],
	]),
	{
		name: "bytes behind the list of certificates",
		...tampered(
			longer(certificate, Buffer.of(0, 0)),
			`${invalidTls}a list of certificates of another length`,
		),
	},
	{
		name: "a list of certificates that is longer than its message",
		...tampered(
			changed(certificate, (body) => body.writeUIntBE(body.readUIntBE(4, 3) + 1, 4, 3)),
			`${invalidTls}a list of certificates of another length`,
		),
	},
	{
		name: "a certificate that is longer than its list",
		...tampered(
			changed(certificate, (body) => body.writeUIntBE(body.readUIntBE(7, 3) + 1, 7, 3)),
			`${invalidTls}a list of certificates of another length`,
		),
	},
	{
		name: "bytes behind the key exchange",
		...tampered(
			longer(serverKeyExchange, Buffer.of(0)),
			`${invalidTls}a key exchange with a signature that was not offered`,
		),
	},
	{
		name: "bytes in ServerHelloDone",
		...tampered(longer(serverHelloDone, Buffer.of(0)), `${invalidTls}handshake message 14 of another length`),
	},
	{
		name: "bytes behind the request for a certificate",
		...tampered(
			longer(certificateRequest, Buffer.of(0)),
			`${invalidTls}a certificate request of another length`,
		),
		options: { ...tls12, requestCert: true, rejectUnauthorized: false },
	},
	{
		name: "HelloRequest with bytes",
		...tampered(
			(messages) => [Buffer.of(0, 0, 0, 1, 0), ...messages],
			`${invalidTls}handshake message 0 of another length`,
		),
	},
	{
		name: "an ECDHE_RSA suite with an EC certificate",
		...tampered(suite(0x2f), `${invalidTls}a key exchange with a signature that was not offered`),
	},
	{
		name: "an ECDHE_ECDSA suite with an RSA certificate",
		...tampered(suite(0x2b), `${invalidTls}a key exchange with a signature that was not offered`),
		key: "RSA",
	},
	{
		name: "a PKCS #1 signature of the key exchange, called RSA-PSS",
		...tampered(signedBy(8, 4), `${invalidTls}a key exchange with a signature that does not hold`),
		key: "RSA",
		options: { ...tls12, sigalgs: "rsa_pkcs1_sha256" },
	},
	{
		name: "an RSA-PSS signature of the key exchange, called PKCS #1",
		...tampered(signedBy(4, 1), `${invalidTls}a key exchange with a signature that does not hold`),
		key: "RSA",
		options: { ...tls12, sigalgs: "rsa_pss_rsae_sha256" },
	},
	{
		name: "an RSA-PSS signature of the key exchange for keys of RSA-PSS",
		...tampered(signedBy(8, 9), `${invalidTls}a key exchange with a signature that was not offered`),
		key: "RSA",
		options: { ...tls12, sigalgs: "rsa_pss_rsae_sha256" },
	},
	{
		name: "a signature of the key exchange with bytes behind it",
		...tampered(
			(messages) =>
				messages.map((each) => {
					if (each[0] !== serverKeyExchange) return each;
					const more = resized(Buffer.concat([each, Buffer.of(5, 0)]));
					more.writeUInt16BE(more.readUInt16BE(algorithmAt + 2) + 2, algorithmAt + 2);
					return more;
				}),
			invalidTls,
		),
	},
];

function tampered(tampering: Tampering, reason: string) {
	return { key: "EC", options: tls12, tampering, expected: `refused, ${reason}` } as const;
}

function signed(key: HandshakeCase["key"], schemes: readonly string[]): HandshakeCase[] {
	return schemes.map((sigalgs) => ({
		name: `${key}, ${sigalgs} alone`,
		key,
		options: { ...tls12, sigalgs },
		expected: "accepted",
	}));
}

function alerts(
	cases: readonly (readonly [name: string, bytes: readonly number[], expected: string])[],
): HandshakeCase[] {
	return cases.map(([name, bytes, expected]) => {
		const records: Buffer[] = [];
		for (let at = 0; at < bytes.length; at += 2)
			records.push(tlsRecord(alert, Buffer.from(bytes.slice(at, at + 2))));
		const insertion = { after: 0, bytes: Buffer.concat(records) };
		return { name: `alert before ServerHello: ${name}`, key: "EC", options: tls12, insertion, expected };
	});
}

function parameters(
	cases: readonly (readonly [name: string, change: (given: Buffer) => Buffer, reason: string])[],
): HandshakeCase[] {
	return cases.map(([name, change, reason]) => ({
		name: `key exchange with signed parameters: ${name}`,
		key: "EC",
		// So that the other side of the key exchange is on P-256.
		options: { ...tls12, ecdhCurve: "P-256" },
		parameters: change,
		expected: `refused, ${reason}`,
	}));
}

/** Curve type, curve, length of the point, its form. */
const coordinatesAt = 1 + 2 + 1 + 1;

function at(index: number, value: number) {
	return (given: Buffer) => {
		given[index] = value;
		return given;
	};
}

function last(bits: number) {
	return (given: Buffer) => {
		given[given.length - 1] = (given[given.length - 1] ?? 0) ^ bits;
		return given;
	};
}

function zeros(from: number, to = 64) {
	return (given: Buffer) => given.fill(0, coordinatesAt + from, coordinatesAt + to);
}

function ones(given: Buffer): Buffer {
	return given.fill(0xff, coordinatesAt);
}

function shortened(given: Buffer): Buffer {
	given[3] = 64;
	return given.subarray(0, -1);
}

/** Puts other parameters into the key exchange, and signs them with the server's ECDSA key. */
export function signParameters(change: (given: Buffer) => Buffer, key: string): Tampering {
	return (messages, clientRandom) => {
		const hello = messages.find(([type]) => type === serverHello) ?? Buffer.alloc(0);
		const serverRandom = hello.subarray(6, 6 + 32);
		return messages.map((each) => {
			if (each[0] !== serverKeyExchange) return each;
			const changed = change(Buffer.from(each.subarray(4, algorithmAt)));
			const signature = sign("sha256", Buffer.concat([clientRandom, serverRandom, changed]), key);
			const algorithm = Buffer.of(4, 3, 0, signature.length);
			return resized(Buffer.concat([each.subarray(0, 4), changed, algorithm, signature]));
		});
	};
}

/** Version and random; then the length of the session id. */
const sessionIdAt = 4 + 2 + 32;

/** ServerHello with other fields and extensions. */
function serverHellos(): HandshakeCase[] {
	const cases: [name: string, change: (message: Buffer) => Buffer, reason: string][] = [
		["version 0x0304", version(4), "a TLS version that was not offered"],
		["version 0x0302", version(2), "a TLS version that was not offered"],
		["a session id of 33 bytes", sessionId(33), "a session id that is too long"],
		[
			"an extension length beyond the end",
			extensionBytes(Buffer.of(0, 9, 0, 11, 0, 2, 1, 0)),
			"a ServerHello of another length",
		],
		[
			"bytes behind the extensions",
			extensionBytes(Buffer.of(0, 6, 0, 11, 0, 2, 1, 0, 0)),
			"a ServerHello of another length",
		],
		["half a length of extensions", extensionBytes(Buffer.of(0)), "a ServerHello of another length"],
		[
			"an extension that is longer than all",
			extensionBytes(Buffer.of(0, 6, 0, 11, 0, 3, 1, 0)),
			"an extension of another length",
		],
		["half an extension", extensionBytes(Buffer.of(0, 3, 0, 11, 0)), "an extension of another length"],
		[
			"an extension twice",
			extensions([11, Buffer.of(1, 0)], [11, Buffer.of(1, 0)]),
			"an extension that was not offered",
		],
		["extended_master_secret with content", extensions([23, Buffer.of(0)]), "an extension of another length"],
		["a session ticket with content", extensions([35, Buffer.of(0)]), "an extension of another length"],
		...[1, 5, 13, 16, 22, 43, 51, 0xff01, 0x1234].map(
			(type): [string, (message: Buffer) => Buffer, string] => [
				`extension ${type}, which was not offered`,
				extensions([type, Buffer.alloc(0)]),
				"an extension that was not offered",
			],
		),
		["cut off in its random", (message) => message.subarray(0, 20), ""],
		[
			"cut off in its suite",
			(message) => message.subarray(0, sessionIdAt + 1 + (message[sessionIdAt] ?? 0) + 1),
			"",
		],
	];
	return cases.map(([name, change, reason]) => ({
		name: `ServerHello: ${name}`,
		...tampered(
			(messages) => messages.map((each) => (each[0] === serverHello ? resized(change(each)) : each)),
			`${invalidTls}${reason}`,
		),
	}));
}

/** Its length is that of its bytes. */
function resized(message: Buffer): Buffer {
	const copy = Buffer.from(message);
	copy.writeUIntBE(copy.length - 4, 1, 3);
	return copy;
}

function version(minor: number) {
	return (message: Buffer) => {
		message[5] = minor;
		return message;
	};
}

function sessionId(length: number) {
	return (message: Buffer) =>
		Buffer.concat([
			message.subarray(0, sessionIdAt),
			Buffer.of(length),
			Buffer.alloc(length, 7),
			message.subarray(sessionIdAt + 1 + (message[sessionIdAt] ?? 0)),
		]);
}

function extensionBytes(bytes: Buffer) {
	return (message: Buffer) =>
		Buffer.concat([message.subarray(0, sessionIdAt + 1 + (message[sessionIdAt] ?? 0) + 3), bytes]);
}

function extensions(...all: readonly (readonly [type: number, content: Buffer])[]) {
	const list = Buffer.concat(
		all.map(([type, content]) =>
			Buffer.concat([Buffer.of(type >> 8, type & 0xff, 0, content.length), content]),
		),
	);
	return extensionBytes(Buffer.concat([Buffer.of(0, list.length), list]));
}

/** Bytes behind what the message consists of. */
function longer(type: number, bytes: Buffer): Tampering {
	return (messages) =>
		messages.map((each) => (each[0] === type ? resized(Buffer.concat([each, bytes])) : each));
}

function suite(low: number): Tampering {
	return changed(serverHello, (body) => {
		body[sessionIdAt + 1 + (body[sessionIdAt] ?? 0) + 1] = low;
	});
}

function emptyCertificates(count: number): HandshakeMessage {
	const message = Buffer.alloc(4 + 3 + 3 * count);
	message[0] = certificate;
	message.writeUIntBE(3 + 3 * count, 1, 3);
	message.writeUIntBE(3 * count, 4, 3);
	return message;
}

function inserted(after: number, bytes: Buffer, reason: string) {
	return {
		...({ key: "EC", options: tls12, insertion: { after, bytes } } as const),
		expected: `refused, ${reason}`,
		isLate: after >= recordsUntilFinished,
	};
}

/** Appends the leaf to the chain: the chain is still valid, but it is not what the server sent. */
function changedList(messages: HandshakeMessage[]): HandshakeMessage[] {
	return messages.map((each) => {
		if (each[0] !== certificate) return each;
		const leaf = each.subarray(7, 7 + 3 + each.readUIntBE(7, 3));
		const longer = resized(Buffer.concat([each, leaf]));
		longer.writeUIntBE(longer.length - 7, 4, 3);
		return longer;
	});
}

function changed(type: number, change: (message: HandshakeMessage) => unknown): Tampering {
	return (messages) => {
		for (const message of messages) if (message[0] === type) change(message);
		return messages;
	};
}

/** Names another scheme of the key exchange's signature, by its two numbers in TLS. */
function signedBy(hash: number, algorithm: number): Tampering {
	return changed(serverKeyExchange, (body) =>
		body.fill(Buffer.of(hash, algorithm), algorithmAt, algorithmAt + 2),
	);
}

function flip(message: HandshakeMessage, at: number): void {
	message[at] = (message[at] ?? 0) ^ 1;
}
