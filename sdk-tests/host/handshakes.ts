import type { TlsOptions } from "node:tls";
import type { HandshakeMessage, Tampering } from "./handshake-tampering";
import type { Insertion } from "./record-insertion";
import { tlsRecord } from "./tls-record";

/** A handshake with a valid certificate that deviates from the usual. */
export interface HandshakeCase {
	readonly name: string;
	readonly key: "EC" | "RSA";
	readonly options: TlsOptions;
	readonly tampering?: Tampering;
	/** Record length of the handshake messages, bytes; omitted: one record per message. */
	readonly recordBytes?: number;
	readonly insertion?: Insertion;
	readonly expected: string;
	readonly stricter?: string;
}

const serverHello = 2;
const certificate = 11;
const serverKeyExchange = 12;

/** Curve type, curve, length and point precede hash, signature algorithm, length and signature. */
const algorithmAt = 4 + 4 + 65;

/** Types of records (RFC 5246 section 6.2.1). */
const changeOfCipher = 20;
const handshake = 22;
const applicationData = 23;
/** Records of a server: four messages, ChangeCipherSpec, Finished. */
const recordsUntilFinished = 6;

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
		...tampered(
			changed(serverKeyExchange, (body) => body.fill(0, algorithmAt, algorithmAt + 2)),
			`${invalidTls}a key exchange with a signature that was not offered`,
		),
	},
	{
		name: "a key exchange signed by an unknown algorithm",
		...tampered(
			changed(serverKeyExchange, (body) => body.fill(9, algorithmAt, algorithmAt + 2)),
			`${invalidTls}a key exchange with a signature that was not offered`,
		),
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
			`${invalidTls}its message is cut off`,
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
		...tampered(changedList, "the server ended the connection with TLS alert 51"),
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
		expected: "refused, the server offers no secure key exchange",
		stricter: "the board offers only P-256",
	},
	{
		name: "RSA-PSS alone",
		key: "RSA",
		options: { ...tls12, sigalgs: "rsa_pss_rsae_sha256" },
		expected: "refused, the server offers no secure key exchange",
		stricter: "it was not offered",
	},
];

function tampered(tampering: Tampering, reason: string) {
	return { key: "EC", options: tls12, tampering, expected: `refused, ${reason}` } as const;
}

function emptyCertificates(count: number): HandshakeMessage {
	const message = Buffer.alloc(4 + 3 + 3 * count);
	message[0] = certificate;
	message.writeUIntBE(3 + 3 * count, 1, 3);
	message.writeUIntBE(3 * count, 4, 3);
	return message;
}

function inserted(after: number, bytes: Buffer, reason: string) {
	return { key: "EC", options: tls12, insertion: { after, bytes }, expected: `refused, ${reason}` } as const;
}

/** Appends the leaf to the chain: the chain is still valid, but it is not what the server sent. */
function changedList(messages: HandshakeMessage[]): HandshakeMessage[] {
	return messages.map((each) => {
		if (each[0] !== certificate) return each;
		const leaf = each.subarray(7, 7 + 3 + each.readUIntBE(7, 3));
		const longer = Buffer.concat([each, leaf]);
		longer.writeUIntBE(longer.length - 4, 1, 3);
		longer.writeUIntBE(longer.length - 7, 4, 3);
		return longer;
	});
}

function changed(type: number, change: (message: HandshakeMessage) => void): Tampering {
	return (messages) => {
		for (const message of messages) if (message[0] === type) change(message);
		return messages;
	};
}

function flip(message: HandshakeMessage, at: number): void {
	message[at] = (message[at] ?? 0) ^ 1;
}
