import sdk from "sdk/handshake";
import SSLStream from "ssl/stream";
import type { OfferedScheme, SignatureScheme } from "../../tls/signature-scheme";

/** The members of the SDK's session that this module uses. */
interface Session {
	readonly clientRandom: ArrayBuffer;
	readonly serverRandom: ArrayBuffer;
	/** Set once the server encrypts. */
	readonly serverCipher: object | null;
	/** What was offered in the ClientHello. */
	readonly options: {
		readonly tls_server_name?: string;
		readonly tls_signature_algorithms: readonly OfferedScheme[];
		readonly tls_elliptic_curves: readonly number[];
	};
	readonly chosenCipher: { readonly value: readonly [number, number] };
	readonly certificateManager: { verifyExchange(exchange: KeyExchange): boolean };
	/** From which the SDK computes the client's key exchange. */
	dhparams: { readonly named_curve: number; readonly dh_Ys: ArrayBuffer };
	/** Type of the message before; `undefined` at first. */
	lastMessage?: number;
	/** The beginning of a message that continues in the next record. */
	partialMessage?: PartialMessage | undefined;
}

interface PartialMessage {
	readonly bytes: Uint8Array;
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
const serverHello = 2;
const certificate = 11;
const serverKeyExchange = 12;
const certificateRequest = 13;
const serverHelloDone = 14;
const finished = 20;

/** The order of messages (RFC 5246 section 7.3). The SDK accepts any order, and missing messages. */
const successors: Readonly<Record<number, readonly number[]>> = Object.freeze({
	[serverHello]: Object.freeze([certificate]),
	[certificate]: Object.freeze([serverKeyExchange]),
	[serverKeyExchange]: Object.freeze([certificateRequest, serverHelloDone]),
	[certificateRequest]: Object.freeze([serverHelloDone]),
	[serverHelloDone]: Object.freeze([finished]),
	[finished]: Object.freeze([]),
});

function checkOrder(session: Session, message: number): void {
	const { lastMessage } = session;
	const allowed = lastMessage === undefined ? [serverHello] : (successors[lastMessage] ?? []);
	if (!allowed.includes(message)) throw new Error(`handshake message ${message} out of order`);
	// Only the server's last message is encrypted.
	if ((session.serverCipher !== null) !== (message === finished))
		throw new Error(`handshake message ${message} on the wrong side of the change to encryption`);
	session.lastMessage = message;
}

/** Type, and length in three bytes. */
const headerBytes = 4;
/** Maximum size of a message, header included: three times that of public chains, and all that fits in memory. */
const maxMessageBytes = 16_384;

/** Yields the complete messages in `partialMessage` and `more`, and keeps the rest. */
function* completeMessages(session: Session, more: Uint8Array): Generator<Uint8Array> {
	const encrypted = session.serverCipher !== null;
	const { partialMessage } = session;
	session.partialMessage = undefined;
	if (partialMessage !== undefined && partialMessage.encrypted !== encrypted)
		throw new Error("a handshake message on both sides of the change to encryption");
	let bytes = partialMessage === undefined ? more : concat(partialMessage.bytes, more);
	while (bytes.length > 0) {
		const [, high = 0, middle = 0, low = 0] = bytes;
		const length = headerBytes + high * 65_536 + middle * 256 + low;
		if (length > maxMessageBytes) throw new Error("a handshake message that is too long");
		if (bytes.length < length) {
			session.partialMessage = { bytes, encrypted };
			return;
		}
		yield bytes.subarray(0, length);
		bytes = bytes.subarray(length);
	}
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
	const both = new Uint8Array(a.length + b.length);
	both.set(a);
	both.set(b, a.length);
	return both;
}

/** Enough for a path and some unrelated certificates. The SDK would parse any number. */
const maxCertificates = 10;

/** The certificates fill their list, and the list the message: the SDK ignores what follows. */
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
	// What is cut off ends beyond the message.
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
}

/** Version, random, and the length of the session id (RFC 5246 section 7.4.1.3). */
const sessionIdAt = headerBytes + 2 + 32;
const maxSessionIdBytes = 32;

/** The SDK takes any version above the lowest, and ignores extensions. */
function checkServerHello({ options }: Session, message: Uint8Array): void {
	if (message[headerBytes] !== 3 || message[headerBytes + 1] !== 3)
		throw new Error("a TLS version that was not offered");
	if ((message[sessionIdAt] ?? 0) > maxSessionIdBytes) throw new Error("a session id that is too long");
	// Cipher suite and compression follow.
	let at = vectorEnd(message, sessionIdAt, 1) + 2 + 1;
	if (at === message.length) return;
	if (vectorEnd(message, at, 2) !== message.length) throw new Error("a ServerHello of another length");
	const offered = new Set([
		...echoedExtensions,
		...(options.tls_server_name === undefined ? [] : [serverName]),
	]);
	for (at += 2; at < message.length; at = vectorEnd(message, at + 2, 2))
		if (!offered.delete((message[at] ?? 0) * 256 + (message[at + 1] ?? 0)))
			throw new Error("an extension that was not offered");
	if (at !== message.length) throw new Error("an extension of another length");
}

/** Extensions that a server may answer (RFC 6066 section 3, RFC 8422 section 5.2): name, curves, point formats. */
const serverName = 0;
const echoedExtensions: readonly number[] = Object.freeze([10, 11]);

/** The type of ECParameters that name a curve, and of a point that is not compressed (RFC 8422 section 5.4). */
const namedCurve = 3;
const uncompressed = 4;
/** The other curve that is offered is secp384r1. */
const secp256r1 = 23;

/** TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, second byte; the other suite is with RSA. */
const ecdheEcdsa = 0x2b;

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
	session.dhparams = { named_curve: group, dh_Ys: parameters.slice(4).buffer };
}

/** Replaces the SDK's `ssl/handshake`: the same, with checks of what the server sends. */
const handshake = Object.freeze({
	...sdk,
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
			sdk.unpacketize.call(handshake, session, new SSLStream(message));
		}
	},
});

export default handshake;
