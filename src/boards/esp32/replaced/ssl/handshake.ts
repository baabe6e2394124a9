import sdk from "sdk/handshake";
import SSLStream from "ssl/stream";

/** What the SDK's session has, as far as this module needs it. */
interface Session {
	readonly clientRandom: ArrayBuffer;
	readonly serverRandom: ArrayBuffer;
	/** Set once what the server sends is encrypted. */
	readonly serverCipher: object | null;
	readonly certificateManager: { verifyExchange(exchange: KeyExchange): boolean };
	/** What the SDK makes the client's half from. */
	dhparams: { readonly named_curve: number; readonly dh_Ys: ArrayBuffer };
	/** The message that came before, `undefined` at first. */
	lastMessage?: number;
}

/** A server's half of the key exchange (RFC 8422 section 5.4): what is signed, and the signature. */
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

/** What may follow what (RFC 5246 section 7.3). The SDK takes messages in any order, and any of them not at all. */
const successors: Readonly<Record<number, readonly number[]>> = Object.freeze({
	[serverHello]: Object.freeze([certificate]),
	[certificate]: Object.freeze([serverKeyExchange]),
	[serverKeyExchange]: Object.freeze([certificateRequest, serverHelloDone]),
	[certificateRequest]: Object.freeze([serverHelloDone]),
	[serverHelloDone]: Object.freeze([finished]),
	[finished]: Object.freeze([]),
});

function takeInOrder(session: Session, message: number): void {
	const { lastMessage } = session;
	const allowed = lastMessage === undefined ? [serverHello] : (successors[lastMessage] ?? []);
	if (!allowed.includes(message)) throw new Error(`handshake message ${message} out of order`);
	// Encryption begins with the server's last message, neither before nor after.
	if ((session.serverCipher !== null) !== (message === finished))
		throw new Error(`handshake message ${message} on the wrong side of the change to encryption`);
	session.lastMessage = message;
}

/** ECParameters of a named curve, secp256r1 (RFC 8422 section 5.4): the only one that was offered. */
const curveType = 3;
const secp256r1 = 23;
const pointLength = 65;
/** Curve type, curve, length of the point, point. */
const parametersLength = 4 + pointLength;

/**
 * Takes the server's half of the key exchange. The SDK passes over the signature when it is of an algorithm that it
 * does not know, or of none; here it must be there, of an algorithm that was offered, and hold.
 */
function takeKeyExchange(session: Session, body: Uint8Array): void {
	const parameters = body.subarray(0, parametersLength);
	const [type, curveHigh = 0, curveLow = 0, length] = parameters;
	if (type !== curveType || curveHigh * 256 + curveLow !== secp256r1 || length !== pointLength)
		throw new Error("a key exchange that was not offered");
	const [hash, algorithm, sizeHigh = 0, sizeLow = 0] = body.subarray(parametersLength);
	const signature = body.subarray(parametersLength + 4);
	if (hash !== 4 || (algorithm !== 1 && algorithm !== 3) || sizeHigh * 256 + sizeLow !== signature.length)
		throw new Error("a key exchange with a signature that was not offered");
	const signed = new Uint8Array(64 + parametersLength);
	signed.set(new Uint8Array(session.clientRandom), 0);
	signed.set(new Uint8Array(session.serverRandom), 32);
	signed.set(parameters, 64);
	const exchange = { signed, algorithm: algorithm === 1 ? "RSA" : "EC", signature } as const;
	if (!session.certificateManager.verifyExchange(exchange))
		throw new Error("a key exchange with a signature that does not hold");
	session.dhparams = { named_curve: secp256r1, dh_Ys: parameters.slice(4).buffer };
}

/** Stands for the SDK's `ssl/handshake` and is it, but for what a server may send. */
const handshake = Object.freeze({
	...sdk,
	serverKeyExchange: Object.freeze({
		...sdk.serverKeyExchange,
		unpacketize(session: Session, stream: SSLStream | undefined): void {
			if (stream === undefined) throw new Error("an empty key exchange");
			takeKeyExchange(session, stream.readChunk(stream.bytesAvailable, true));
		},
	}),
	unpacketize(session: Session, stream: SSLStream): void {
		const header = stream.readChunk(4, true);
		const [type = 0, high = 0, middle = 0, low = 0] = header;
		const body = stream.readChunk(high * 65_536 + middle * 256 + low, true);
		// HelloRequest may come at any time, and be ignored (RFC 5246 section 7.4.1.1).
		if (type === 0) return;
		takeInOrder(session, type);
		const message = new Uint8Array(4 + body.length);
		message.set(header);
		message.set(body, 4);
		sdk.unpacketize.call(handshake, session, new SSLStream(message));
	},
});

export default handshake;
