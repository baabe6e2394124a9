import { Digest as SDKDigest } from "crypt";
import suites from "ssl/ciphersuites";
import PRF from "ssl/prf";
import recordProtocol from "ssl/record";
import SSLStream from "ssl/stream";

/** The members of the SDK's session that this module uses. */
interface Session {
	readonly certificateManager: { verify(certificates: readonly Uint8Array[]): boolean };
	serverRandom: ArrayBuffer;
	serverSessionID: ArrayBuffer | undefined;
	chosenCipher: (typeof suites)[number];
	readonly masterSecret: Uint8Array;
	/** Transcript hash; always SHA-256 with the offered suites. */
	handshakeDigests?: { readonly SHA256: Digest };
	/** Type of the message to respond to. */
	handshakeProcess: number;
	/** Set if the server asks for a certificate. */
	clientCerts?: readonly Uint8Array[];
}

interface Digest {
	write(bytes: ArrayBuffer): void;
	/** `true`: it can be continued; the typings lack it. */
	close(isKept: true): ArrayBuffer;
}

const helloRequest = 0;
const clientHello = 1;
const serverHello = 2;
const certificate = 11;
const serverKeyExchange = 12;
const certificateRequest = 13;
const serverHelloDone = 14;
const clientKeyExchange = 16;
const finished = 20;

const headerBytes = 4;
const verifyDataBytes = 12;

function updateDigest(session: Session, message: Uint8Array): void {
	session.handshakeDigests ??= { SHA256: new SDKDigest("SHA256") };
	session.handshakeDigests.SHA256.write(message.slice().buffer);
}

/** Version, random, session id, suite. The caller has checked the rest. */
function readServerHello(session: Session, body: Uint8Array): void {
	const idEnd = 35 + (body[34] ?? 0);
	session.serverRandom = body.slice(2, 34).buffer;
	session.serverSessionID = idEnd > 35 ? body.slice(35, idEnd).buffer : undefined;
	const suite = suites.find(({ value: [high, low] }) => high === body[idEnd] && low === body[idEnd + 1]);
	if (suite === undefined || body[idEnd + 2] !== 0)
		throw new Error("handshake: a suite that was not offered");
	session.chosenCipher = suite;
}

/** The caller has checked the lengths. */
function readCertificates(session: Session, body: Uint8Array): void {
	const certificates: Uint8Array[] = [];
	for (let at = 3, end = 0; at < body.length; at = end) {
		const [high = 0, middle = 0, low = 0] = body.subarray(at);
		end = at + 3 + high * 65_536 + middle * 256 + low;
		certificates.push(body.subarray(at + 3, end));
	}
	session.certificateManager.verify(certificates);
}

/** RFC 5246 section 7.4.9. */
function verifyData(session: Session, label: string): Uint8Array {
	if (session.handshakeDigests === undefined) throw new Error("handshake: no messages");
	const digest = session.handshakeDigests.SHA256.close(true);
	return PRF(session, session.masterSecret, label, digest, verifyDataBytes);
}

/** Compares in constant time. */
function checkFinished(session: Session, body: Uint8Array): void {
	const expected = verifyData(session, "server finished");
	if (expected.reduce((bits, byte, at) => bits | (byte ^ (body[at] ?? 256)), 0) !== 0)
		throw new Error("finished: auth err");
}

/**
 * Replaces the SDK's `ssl/handshake`: only the client side, without client certificates, for the offered suites. The SDK's
 * server side and its other key exchanges and signatures took 15 KiB of flash.
 */
const messages = Object.freeze({
	helloRequest: Object.freeze({ msgType: helloRequest }),
	clientHello: Object.freeze({ msgType: clientHello }),
	serverKeyExchange: Object.freeze({ msgType: serverKeyExchange }),
	serverHelloDone: Object.freeze({ msgType: serverHelloDone }),
	clientKeyExchange: Object.freeze({ msgType: clientKeyExchange }),
	/** The empty list: there is no certificate (RFC 5246 section 7.4.6). */
	certificate: Object.freeze({
		packetize: (session: Session) =>
			messages.packetize(session, certificate, new SSLStream(new Uint8Array(3))),
	}),
	finished: Object.freeze({
		msgType: finished,
		packetize: (session: Session) =>
			messages.packetize(session, finished, new SSLStream(verifyData(session, "client finished"))),
	}),
	/** A whole message. Called on the object that has `serverKeyExchange`. */
	unpacketize(
		this: { readonly serverKeyExchange: { unpacketize(session: object, body: SSLStream): void } },
		session: Session,
		stream: SSLStream,
	): void {
		const message = stream.readChunk(stream.bytesAvailable, true);
		const body = message.subarray(headerBytes);
		const [type = helloRequest] = message;
		switch (type) {
			case serverHello:
				readServerHello(session, body);
				break;
			case certificate:
				readCertificates(session, body);
				break;
			case serverKeyExchange:
				this.serverKeyExchange.unpacketize(session, new SSLStream(body));
				break;
			case certificateRequest:
				session.clientCerts = [];
				break;
			case serverHelloDone:
				break;
			case finished:
				checkFinished(session, body);
				break;
			default:
				throw new Error(`handshake: unknown type: ${type}`);
		}
		session.handshakeProcess = type;
		updateDigest(session, message);
	},
	/** The record of a message. */
	packetize(session: Session, type: number, body: SSLStream): Uint8Array {
		const content = body.getChunk();
		const message = new Uint8Array(headerBytes + content.length);
		new DataView(message.buffer).setUint32(0, type * 0x1_00_00_00 + content.length);
		message.set(content, headerBytes);
		updateDigest(session, message);
		return recordProtocol.packetize(session, recordProtocol.handshake, message);
	},
});

export default messages;
