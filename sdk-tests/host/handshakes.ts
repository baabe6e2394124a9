import type { TlsOptions } from "node:tls";
import type { HandshakeMessage, Tampering } from "./handshake-tampering";
import type { Insertion } from "./record-insertion";
import { tlsRecord } from "./tls-record";

/** A handshake that goes another way than it should, with a certificate that is good. */
export interface HandshakeCase {
	readonly name: string;
	readonly key: "EC" | "RSA";
	readonly options: TlsOptions;
	readonly tampering?: Tampering;
	/** In which the messages come, bytes; left out: each in one of its own. */
	readonly recordBytes?: number;
	readonly insertion?: Insertion;
	readonly expected: string;
	readonly stricter?: string;
}

const serverHello = 2;
const certificate = 11;
const serverKeyExchange = 12;

/** Curve type, curve, length and point come first, then hash, signature algorithm, length and signature. */
const algorithmAt = 4 + 4 + 65;

/** Types of records (RFC 5246 section 6.2.1). */
const changeOfCipher = 20;
const handshake = 22;
const applicationData = 23;
/** Records of a server: its four messages, the change to encryption, the end of the handshake. */
const recordsUntilFinished = 6;

/** What a board must never take for the service's word: it would forget the readings. */
const forgedResponse = tlsRecord(
	applicationData,
	Buffer.from("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
);

const connectionLost = "the connection to api.dakkio.test was lost";
const invalidTls = "speak TLS as it must: ";

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
		name: "messages that begin and end anywhere in records of 100 bytes",
		key: "EC",
		options: tls12,
		tampering: (messages) => messages,
		recordBytes: 100,
		expected: "accepted",
	},
	{
		name: "messages in records of a byte",
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
		name: "a message that is said to have 16 MB",
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
		name: "a chain of five thousand certificates of no bytes",
		...tampered(
			(messages) => messages.map((each) => (each[0] === certificate ? emptyCertificates(5000) : each)),
			`${invalidTls}more certificates than a chain has`,
		),
	},
	{
		name: "a signature over the key exchange that does not hold",
		...tampered(
			changed(serverKeyExchange, (body) => flip(body, body.length - 3)),
			`${invalidTls}a key exchange with a signature that does not hold`,
		),
	},
	{
		name: "a key exchange with a point that was not signed",
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
		name: "a key exchange signed by an algorithm that nobody knows",
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
		name: "a certificate cut off",
		...tampered(
			changed(certificate, (body) => body.fill(0xff, 4, 10)),
			`${invalidTls}what it says is cut off`,
		),
	},
	{
		name: "an answer in the clear, put in before the encryption begins",
		...inserted(1, forgedResponse, `${invalidTls}data before the handshake has ended`),
	},
	{
		name: "an answer in the clear, put in right before the server's last message",
		...inserted(recordsUntilFinished - 1, forgedResponse, `${invalidTls}data before the handshake has ended`),
	},
	{
		name: "an answer in the clear, put in behind the server's last message",
		...inserted(recordsUntilFinished, forgedResponse, connectionLost),
	},
	{
		name: "the change to encryption before there are keys",
		...inserted(
			1,
			tlsRecord(changeOfCipher, Buffer.from([1])),
			`${invalidTls}a change to encryption out of order`,
		),
	},
	{
		name: "the change to encryption twice",
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
		name: "a record of a type that nobody knows",
		...inserted(1, tlsRecord(99, Buffer.from([1])), `${invalidTls}a record of another protocol`),
	},
	...[0, 7, 8, 23, 24, 40].map((length) => ({
		name: `an encrypted record of ${length} bytes by somebody without the key`,
		...inserted(recordsUntilFinished, tlsRecord(applicationData, Buffer.alloc(length)), connectionLost),
	})),
	{
		name: "a certificate that belongs to nobody, slipped in on the way",
		...tampered(changedList, "it ended the connection with TLS alert 51"),
	},
	{
		name: "static RSA, without forward secrecy",
		key: "RSA",
		options: { ...tls12, ciphers: "AES128-GCM-SHA256" },
		expected: "refused, it offers no key exchange that is safe",
		stricter: "what was recorded could be read once the key is known",
	},
	{
		name: "CBC alone",
		key: "EC",
		options: { ...tls12, ciphers: "ECDHE-ECDSA-AES128-SHA" },
		expected: "refused, it offers no key exchange that is safe",
		stricter: "the SDK's CBC tells padding from sums",
	},
	{
		name: "TLS 1.3 alone",
		key: "EC",
		options: { minVersion: "TLSv1.3" },
		expected: "refused, it offers no TLS version that is safe",
		stricter: "the SDK has TLS 1.2",
	},
	{
		name: "TLS 1.1 alone",
		key: "RSA",
		options: { minVersion: "TLSv1", maxVersion: "TLSv1.1" },
		expected: "refused, it",
	},
	{
		name: "a key exchange on P-384 alone",
		key: "EC",
		options: { ...tls12, ecdhCurve: "P-384" },
		expected: "refused, it offers no key exchange that is safe",
		stricter: "P-256 alone is offered",
	},
	{
		name: "RSA-PSS alone",
		key: "RSA",
		options: { ...tls12, sigalgs: "rsa_pss_rsae_sha256" },
		expected: "refused, it offers no key exchange that is safe",
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

/** The leaf once more at the end: as a chain it is as good as before, but it is not what the server has sent. */
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
