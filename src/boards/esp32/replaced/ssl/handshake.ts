import sdk from "sdk/handshake";
import SSLStream from "ssl/stream";

/** The members of the SDK's session that this module uses. */
interface Session {
	readonly clientRandom: ArrayBuffer;
	readonly serverRandom: ArrayBuffer;
	/** Set once the server encrypts. */
	readonly serverCipher: object | null;
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
	readonly algorithm: "RSA" | "EC";
	readonly signature: Uint8Array;
}

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

function checkCount(message: Uint8Array): void {
	let count = 0;
	for (let at = headerBytes + 3; at + 3 <= message.length; count++) {
		const [high = 0, middle = 0, low = 0] = message.subarray(at, at + 3);
		at += 3 + high * 65_536 + middle * 256 + low;
	}
	if (count > maxCertificates) throw new Error("more certificates than a chain has");
}

/** ECParameters of a named curve, secp256r1 (RFC 8422 section 5.4): the only one offered. */
const curveType = 3;
const secp256r1 = 23;
const pointBytes = 65;
/** Curve type, curve, length of the point, point. */
const parametersBytes = 4 + pointBytes;

/**
 * Verifies the server's key exchange. The SDK ignores a signature with an unknown algorithm or none; here a valid signature
 * with an offered algorithm is required.
 */
function verifyKeyExchange(session: Session, body: Uint8Array): void {
	const parameters = body.subarray(0, parametersBytes);
	const [type, curveHigh = 0, curveLow = 0, length] = parameters;
	if (type !== curveType || curveHigh * 256 + curveLow !== secp256r1 || length !== pointBytes)
		throw new Error("a key exchange that was not offered");
	const [hash, algorithm, sizeHigh = 0, sizeLow = 0] = body.subarray(parametersBytes);
	const signature = body.subarray(parametersBytes + 4);
	if (hash !== 4 || (algorithm !== 1 && algorithm !== 3) || sizeHigh * 256 + sizeLow !== signature.length)
		throw new Error("a key exchange with a signature that was not offered");
	const signed = new Uint8Array(64 + parametersBytes);
	signed.set(new Uint8Array(session.clientRandom), 0);
	signed.set(new Uint8Array(session.serverRandom), 32);
	signed.set(parameters, 64);
	const exchange = { signed, algorithm: algorithm === 1 ? "RSA" : "EC", signature } as const;
	if (!session.certificateManager.verifyExchange(exchange))
		throw new Error("a key exchange with a signature that does not hold");
	session.dhparams = { named_curve: secp256r1, dh_Ys: parameters.slice(4).buffer };
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
			// HelloRequest may arrive at any time, and may be ignored (RFC 5246 section 7.4.1.1).
			if (type === 0) continue;
			checkOrder(session, type);
			if (type === certificate) checkCount(message);
			sdk.unpacketize.call(handshake, session, new SSLStream(message));
		}
	},
});

export default handshake;
