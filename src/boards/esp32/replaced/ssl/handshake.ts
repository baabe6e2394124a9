import sdk from "sdk/handshake";
import SSLStream from "ssl/stream";
import type { TlsSession } from "../../tls/known-server";
import type { OfferedScheme, SignatureScheme } from "../../tls/signature-scheme";

/** The members of the SDK's session that this module uses. */
interface Session {
	clientRandom: ArrayBuffer;
	readonly serverRandom: ArrayBuffer;
	/** Set once the server encrypts, and once the board does. */
	readonly serverCipher: object | null;
	readonly clientCipher: object | null;
	/** What was offered in the ClientHello. */
	readonly options: {
		readonly tls_server_name?: string;
		readonly tls_signature_algorithms: readonly OfferedScheme[];
		readonly tls_elliptic_curves: readonly number[];
		/** The session to resume. */
		readonly resume?: TlsSession | undefined;
		readonly arithmetic: Arithmetic;
	};
	/** Offered id of the session to resume; `undefined` once the server declines. */
	clientSessionID: ArrayBuffer | undefined;
	masterSecret: Uint8Array | undefined;
	readonly handshakeDigests: { readonly SHA256: Digest };
	readonly chosenCipher: { readonly value: readonly [number, number] };
	readonly certificateManager: { verifyExchange(exchange: KeyExchange): boolean };
	/** The server's point, after a byte for its form. */
	dhparams: { readonly dh_Ys: ArrayBuffer };
	/** Type of the message before; `undefined` at first. */
	lastMessage?: number;
	/** The beginning of a message that continues in the next record. */
	partialMessage?: PartialMessage | undefined;
	/** Whether the server resumes the session that was offered. */
	isResumed?: boolean;
	/** Whether the master secret is bound to the whole handshake (RFC 7627). */
	isExtended?: boolean;
	/** Whether the server sends a ticket. */
	sendsTicket?: boolean;
	/** The server's id or ticket for the session; `lifetimeS`: its hint, seconds. */
	issued?: { readonly id: Uint8Array; readonly ticket: Uint8Array; readonly lifetimeS: number };
}

interface Digest {
	write(bytes: Uint8Array): void;
	/** `true`: it can be continued. */
	close(isKept: true): ArrayBuffer;
}

/** The public-key arithmetic of a handshake, provided by the creator of a session. */
export interface Arithmetic {
	randomBytes(count: number): ArrayBuffer;
	/** ECDH: a new key on the curve of the server's point, and the shared secret. Points are x, then y. */
	agreeKey(point: Uint8Array): { readonly own: Uint8Array; readonly shared: ArrayBuffer };
	/** The pseudorandom function of TLS (RFC 5246 section 5), 48 bytes. */
	derive(session: object, secret: ArrayBuffer, label: string, seed: ArrayBuffer): Uint8Array;
}

interface PartialMessage {
	/** Sized for the message; for its header while that is incomplete. */
	bytes: Uint8Array;
	filledBytes: number;
	readonly encrypted: boolean;
}

/** The server's key exchange (RFC 8422 section 5.4): the signed bytes and the signature. */
export interface KeyExchange {
	readonly signed: Uint8Array;
	readonly scheme: SignatureScheme;
	readonly signature: Uint8Array;
	/** The server's point on its curve: x, then y. */
	readonly point: Uint8Array;
}

const helloRequest = 0;
const clientHello = 1;
const serverHello = 2;
const newSessionTicket = 4;
const certificate = 11;
const serverKeyExchange = 12;
const certificateRequest = 13;
const serverHelloDone = 14;
const clientKeyExchange = 16;
const finished = 20;

/**
 * The messages that may follow (RFC 5246 section 7.3, RFC 5077 section 3.1). The SDK accepts any order, and missing
 * messages.
 */
function successors({ lastMessage, isResumed, sendsTicket, clientCipher }: Session): readonly number[] {
	switch (lastMessage) {
		case undefined:
			return [serverHello];
		case certificate:
			return [serverKeyExchange];
		case serverKeyExchange:
			return [certificateRequest, serverHelloDone];
		case certificateRequest:
			return [serverHelloDone];
		case newSessionTicket:
			return [finished];
		case finished:
			return [];
		default:
			if (lastMessage === serverHello && isResumed !== true) return [certificate];
			// It is the board's turn.
			if (lastMessage === serverHelloDone && clientCipher === null) return [];
			return [sendsTicket === true ? newSessionTicket : finished];
	}
}

function checkOrder(session: Session, message: number): void {
	if (!successors(session).includes(message)) throw new Error(`handshake message ${message} out of order`);
	// Only the server's last message is encrypted.
	if ((session.serverCipher !== null) !== (message === finished))
		throw new Error(`handshake message ${message} on the wrong side of the change to encryption`);
	session.lastMessage = message;
}

/** Type, and length in three bytes. */
const headerBytes = 4;
/** Maximum size of a message, header included: three times that of public chains, and all that fits in memory. */
const maxMessageBytes = 16_384;

/** The length of a message with this header. */
function messageLength([, high = 0, middle = 0, low = 0]: Uint8Array): number {
	const length = headerBytes + high * 65_536 + middle * 256 + low;
	if (length > maxMessageBytes) throw new Error("a handshake message that is too long");
	return length;
}

/**
 * Yields the complete messages in `partialMessage` and a record, and keeps the rest. A message in several records is
 * assembled in place, up to 16 KiB: a chip has no memory for more.
 */
function* completeMessages(session: Session, record: Uint8Array): Generator<Uint8Array> {
	const encrypted = session.serverCipher !== null;
	if (session.partialMessage !== undefined && session.partialMessage.encrypted !== encrypted)
		throw new Error("a handshake message on both sides of the change to encryption");
	for (let rest = record; rest.length > 0; ) {
		if (session.partialMessage === undefined && rest.length >= headerBytes) {
			const length = messageLength(rest);
			if (rest.length >= length) {
				yield rest.subarray(0, length);
				rest = rest.subarray(length);
				continue;
			}
		}
		session.partialMessage ??= { bytes: new Uint8Array(headerBytes), filledBytes: 0, encrypted };
		const { bytes, filledBytes } = session.partialMessage;
		const part = rest.subarray(0, bytes.length - filledBytes);
		bytes.set(part, filledBytes);
		session.partialMessage.filledBytes += part.length;
		rest = rest.subarray(part.length);
		if (session.partialMessage.filledBytes < bytes.length) return;
		const length = messageLength(bytes);
		if (bytes.length === length) {
			session.partialMessage = undefined;
			yield bytes;
			continue;
		}
		// Only the header was complete.
		if (length + record.length > maxMessageBytes) throw new Error("a handshake message that is too long");
		session.partialMessage.bytes = new Uint8Array(length);
		session.partialMessage.bytes.set(bytes);
	}
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}

/** Enough for a path and some unrelated certificates. The SDK would parse any number. */
const maxCertificates = 10;

/** Requires that list and message have no trailing bytes, which the SDK ignores. */
function checkCertificates(message: Uint8Array): void {
	let count = 0;
	let at = vectorEnd(message, headerBytes, 3) === message.length ? headerBytes + 3 : Infinity;
	for (; at < message.length; count++) at = vectorEnd(message, at, 3);
	if (at !== message.length) throw new Error("a list of certificates of another length");
	if (count > maxCertificates) throw new Error("more certificates than a chain has");
}

/** Where a vector ends that begins with its length in `lengthBytes` bytes (RFC 5246 section 4.3). */
function vectorEnd(bytes: Uint8Array, at: number, lengthBytes: number): number {
	let length = 0;
	// A truncated length gives an end beyond the message.
	for (let i = 0; i < lengthBytes; i++) length = length * 256 + (bytes[at + i] ?? Infinity);
	return at + lengthBytes + length;
}

/** Types of certificate, signature algorithms, authorities (RFC 5246 section 7.4.4). */
function checkCertificateRequest(message: Uint8Array): void {
	const end = [1, 2, 2].reduce((at, lengthBytes) => vectorEnd(message, at, lengthBytes), headerBytes);
	if (end !== message.length) throw new Error("a certificate request of another length");
}

/** Bytes of an empty ServerHelloDone, and of a Finished with its twelve (RFC 5246 section 7.4.9). */
const messageBytes: Readonly<Record<number, number>> = Object.freeze({
	[helloRequest]: headerBytes,
	[serverHelloDone]: headerBytes,
	[finished]: headerBytes + 12,
});

function checkContent(session: Session, type: number, message: Uint8Array): void {
	if (message.length !== (messageBytes[type] ?? message.length))
		throw new Error(`handshake message ${type} of another length`);
	if (type === serverHello) checkServerHello(session, message);
	if (type === certificate) checkCertificates(message);
	if (type === certificateRequest) checkCertificateRequest(message);
	if (type === newSessionTicket) readTicket(session, message);
}

/** Version, random, and the length of the session id (RFC 5246 section 7.4.1.3). */
const sessionIdAt = headerBytes + 2 + 32;
const maxSessionIdBytes = 32;

/** The SDK takes any version above the lowest, and ignores extensions. */
function checkServerHello(session: Session, message: Uint8Array): void {
	if (message[headerBytes] !== 3 || message[headerBytes + 1] !== 3)
		throw new Error("a TLS version that was not offered");
	if ((message[sessionIdAt] ?? 0) > maxSessionIdBytes) throw new Error("a session id that is too long");
	const suiteAt = vectorEnd(message, sessionIdAt, 1);
	// A compression follows.
	const unanswered = readExtensions(session, message, suiteAt + 2 + 1);
	session.isExtended = !unanswered.has(extendedMasterSecret);
	session.sendsTicket = !unanswered.has(sessionTicket);
	const id = message.slice(sessionIdAt + 1, suiteAt);
	session.issued = { id, ticket: new Uint8Array(0), lifetimeS: 0 };
	const { resume } = session.options;
	session.isResumed =
		session.clientSessionID !== undefined &&
		id.length > 0 &&
		id.join() === new Uint8Array(session.clientSessionID).join();
	if (!session.isResumed) {
		session.clientSessionID = undefined;
		session.masterSecret = undefined;
		return;
	}
	// A session has one suite (RFC 5246 section 7.4.1.3), and its secret is of one kind (RFC 7627 section 5.3).
	if (message[suiteAt] !== suites || message[suiteAt + 1] !== resume?.suite || !session.isExtended)
		throw new Error("a session resumed as another than it was");
}

/** Reads the extensions from `start` on; returns those that were offered and not answered. */
function readExtensions({ options }: Session, message: Uint8Array, start: number): Set<number> {
	const offered = new Set(answeredExtensions);
	if (options.tls_server_name !== undefined) offered.add(serverName);
	if (start === message.length) return offered;
	if (vectorEnd(message, start, 2) !== message.length) throw new Error("a ServerHello of another length");
	let at = start + 2;
	for (let end = at; at < message.length; at = end) {
		end = vectorEnd(message, at + 2, 2);
		const type = (message[at] ?? 0) * 256 + (message[at + 1] ?? 0);
		if (!offered.delete(type)) throw new Error("an extension that was not offered");
		if (end !== at + 4 && (type === extendedMasterSecret || type === sessionTicket))
			throw new Error("an extension of another length");
	}
	if (at !== message.length) throw new Error("an extension of another length");
	return offered;
}

/** Name (RFC 6066 section 3), curves, point formats (RFC 8422 section 5.1), signatures, and those of a session. */
const serverName = 0;
const ellipticCurves = 10;
const pointFormats = 11;
const signatureAlgorithms = 13;
const extendedMasterSecret = 23;
const sessionTicket = 35;
/** Extensions that a server may respond to, in addition to the name. */
const answeredExtensions: readonly number[] = Object.freeze([
	ellipticCurves,
	pointFormats,
	extendedMasterSecret,
	sessionTicket,
]);

/** A larger one does not fit into the record of a known server. */
const maxTicketBytes = 768;

/** Lifetime hint and ticket (RFC 5077 section 3.3); an empty ticket is none. */
function readTicket(session: Session, message: Uint8Array): void {
	const ticketAt = headerBytes + 4;
	if (vectorEnd(message, ticketAt, 2) !== message.length) throw new Error("a ticket of another length");
	const lifetimeS = new DataView(message.buffer, message.byteOffset).getUint32(headerBytes);
	const end = message.length > maxTicketBytes ? 0 : message.length;
	session.issued = { id: new Uint8Array(0), ticket: message.slice(ticketAt + 2, end), lifetimeS };
}

/** ECParameters type of a named curve, and the form of an uncompressed point (RFC 8422 section 5.4). */
const namedCurve = 3;
const uncompressed = 4;
/** The other curve that is offered is secp384r1. */
const secp256r1 = 23;

/** First byte of the suites, and TLS_ECDHE_{ECDSA,RSA}_WITH_AES_128_GCM_SHA256 (RFC 5289). */
const suites = 0xc0;
const ecdheEcdsa = 0x2b;
const ecdheRsa = 0x2f;

/**
 * Verifies the server's key exchange. The SDK ignores a signature with an unknown algorithm or none; here a valid signature
 * with an offered algorithm is required.
 */
function verifyKeyExchange(session: Session, body: Uint8Array): void {
	const [type, high = 0, low = 0, pointBytes = 0, form] = body;
	const group = session.options.tls_elliptic_curves.find((offered) => offered === high * 256 + low);
	// Two numbers of the curve's size, 32 bytes or 48.
	if (
		type !== namedCurve ||
		group === undefined ||
		form !== uncompressed ||
		pointBytes !== (group === secp256r1 ? 65 : 97)
	)
		throw new Error("a key exchange that was not offered");
	const parametersBytes = 4 + pointBytes;
	const parameters = body.subarray(0, parametersBytes);
	const [hash, algorithm] = body.subarray(parametersBytes);
	const scheme = session.options.tls_signature_algorithms.find(
		(offered) => offered.hash === hash && offered.sig === algorithm,
	)?.scheme;
	const signatureAt = parametersBytes + 4;
	if (
		scheme === undefined ||
		scheme.kind !== (session.chosenCipher.value[1] === ecdheEcdsa ? "EC" : "RSA") ||
		vectorEnd(body, signatureAt - 2, 2) !== body.length
	)
		throw new Error("a key exchange with a signature that was not offered");
	const signature = body.subarray(signatureAt);
	const signed = new Uint8Array(64 + parametersBytes);
	signed.set(new Uint8Array(session.clientRandom), 0);
	signed.set(new Uint8Array(session.serverRandom), 32);
	signed.set(parameters, 64);
	if (
		!session.certificateManager.verifyExchange({ signed, scheme, signature, point: parameters.subarray(5) })
	)
		throw new Error("a key exchange with a signature that does not hold");
	session.dhparams = { dh_Ys: parameters.slice(4).buffer };
}

/** Bytes with their length before them. */
function writeVector(stream: SSLStream, lengthBytes: number, bytes: Uint8Array): void {
	stream.writeChars(bytes.length, lengthBytes);
	stream.writeChunk(bytes);
}

function writeExtension(stream: SSLStream, type: number, content?: SSLStream): void {
	stream.writeChars(type, 2);
	writeVector(stream, 2, content?.getChunk() ?? new Uint8Array(0));
}

/** The SDK's ClientHello, plus session resumption. */
function writeClientHello(session: Session): SSLStream {
	const { arithmetic, resume, tls_server_name: name } = session.options;
	session.clientRandom = arithmetic.randomBytes(32);
	session.masterSecret = resume?.masterSecret;
	// With a ticket, the client names the session by an id of its own (RFC 5077 section 3.4).
	session.clientSessionID =
		resume && (resume.ticket.length > 0 ? arithmetic.randomBytes(32) : resume.id.slice().buffer);
	const hello = new SSLStream();
	hello.writeChars(0x303, 2);
	hello.writeChunk(new Uint8Array(session.clientRandom));
	writeVector(hello, 1, new Uint8Array(session.clientSessionID ?? []));
	writeVector(hello, 2, Uint8Array.of(suites, ecdheEcdsa, suites, ecdheRsa));
	// No compression.
	writeVector(hello, 1, Uint8Array.of(0));
	const extensions = new SSLStream();
	if (name !== undefined) {
		const host = new SSLStream();
		host.writeChars(name.length + 3, 2);
		host.writeChar(0);
		host.writeChars(name.length, 2);
		host.writeString(name);
		writeExtension(extensions, serverName, host);
	}
	const curves = new SSLStream();
	curves.writeChars(2 * session.options.tls_elliptic_curves.length, 2);
	for (const curve of session.options.tls_elliptic_curves) curves.writeChars(curve, 2);
	writeExtension(extensions, ellipticCurves, curves);
	const formats = new SSLStream();
	formats.writeChars(0x100, 2);
	writeExtension(extensions, pointFormats, formats);
	const schemes = new SSLStream();
	schemes.writeChars(2 * session.options.tls_signature_algorithms.length, 2);
	for (const { hash, sig } of session.options.tls_signature_algorithms)
		schemes.writeChars(hash * 256 + sig, 2);
	writeExtension(extensions, signatureAlgorithms, schemes);
	writeExtension(extensions, extendedMasterSecret);
	writeExtension(extensions, sessionTicket, new SSLStream(resume?.ticket ?? new Uint8Array(0)));
	writeVector(hello, 2, extensions.getChunk());
	return hello;
}

/** The client's key exchange, and the master secret that follows from it (RFC 5246 section 8.1, RFC 7627 section 4). */
function exchangeKeys(session: Session): Uint8Array {
	const { arithmetic } = session.options;
	const { own, shared } = arithmetic.agreeKey(new Uint8Array(session.dhparams.dh_Ys, 1));
	const body = new SSLStream();
	body.writeChars(own.length + 1, 1);
	body.writeChar(uncompressed);
	body.writeChunk(own);
	const packet = sdk.packetize(session, clientKeyExchange, body);
	const [label, seed] = session.isExtended
		? ["extended master secret", session.handshakeDigests.SHA256.close(true)]
		: [
				"master secret",
				concat(new Uint8Array(session.clientRandom), new Uint8Array(session.serverRandom)).buffer,
			];
	session.masterSecret = arithmetic.derive(session, shared, label, seed);
	return packet;
}

/** Replaces the SDK's `ssl/handshake`: the same, with checks of what the server sends. */
const handshake = Object.freeze({
	...sdk,
	clientHello: Object.freeze({
		...sdk.clientHello,
		packetize: (session: Session) => sdk.packetize(session, clientHello, writeClientHello(session)),
	}),
	clientKeyExchange: Object.freeze({ ...sdk.clientKeyExchange, packetize: exchangeKeys }),
	serverKeyExchange: Object.freeze({
		...sdk.serverKeyExchange,
		unpacketize(session: Session, stream: SSLStream | undefined): void {
			if (stream === undefined) throw new Error("an empty key exchange");
			verifyKeyExchange(session, stream.readChunk(stream.bytesAvailable, true));
		},
	}),
	/** Parses one record of handshake messages, which may begin and end anywhere in it. */
	unpacketize(session: Session, stream: SSLStream): void {
		const content = stream.readChunk(stream.bytesAvailable, true);
		for (const message of completeMessages(session, content)) {
			const [type = 0] = message;
			checkContent(session, type, message);
			// HelloRequest may arrive at any time, and may be ignored (RFC 5246 section 7.4.1.1).
			if (type === helloRequest) continue;
			checkOrder(session, type);
			// The SDK does not add this one to the transcript.
			if (type === newSessionTicket) session.handshakeDigests.SHA256.write(message);
			else sdk.unpacketize.call(handshake, session, new SSLStream(message));
		}
	},
});

export default handshake;
