/*
 * Types of SDK modules that neither its own typings nor the published ones cover, as far as the boards use them.
 */

declare module "ssl/session" {
	/** What the session reads from and writes to: a socket, with the counts that it last announced. */
	export interface SessionStream {
		readable: number;
		writable: number;
		read(buffer: Uint8Array): void;
		/** Returns how many more bytes can be written. */
		write(packet: Uint8Array): number;
	}

	interface OfferedSession {
		readonly suite: number;
		readonly masterSecret: Uint8Array;
		readonly id: Uint8Array;
		readonly ticket: Uint8Array;
	}

	/** TLS 1.2, one end of a connection. Its methods throw. */
	export default class Session {
		constructor(options: {
			protocolVersion: number;
			cache: false;
			serverName?: string;
			tls_elliptic_curves: readonly number[];
			tls_signature_algorithms: readonly { readonly hash: number; readonly sig: number }[];
			verifyCertificates(certificates: readonly Uint8Array[]): void;
			verifyExchange(exchange: {
				readonly signed: Uint8Array;
				readonly scheme: {
					readonly kind: "RSA" | "EC";
					readonly hash: "SHA256" | "SHA384" | "SHA512";
					readonly saltLength?: number;
				};
				readonly signature: Uint8Array;
				readonly point: Uint8Array;
			}): boolean;
			/** For `replaced/ssl/handshake`, as the next. */
			resume: OfferedSession | undefined;
			arithmetic: {
				randomBytes(count: number): ArrayBuffer;
				agreeKey(point: Uint8Array): { readonly own: Uint8Array; readonly shared: ArrayBuffer };
				derive(session: object, secret: ArrayBuffer, label: string, seed: ArrayBuffer): Uint8Array;
			};
		});
		/** Type of the handshake message to respond to; -1 for none. */
		readonly handshakeProcess: number;
		readonly alert: { readonly level: number; readonly description: number } | undefined;
		/** Set once what is written is encrypted. */
		readonly clientCipher: object | null;
		/** Set once what is read is encrypted. */
		readonly serverCipher: object | null;
		/** The type of the handshake message that came last, `undefined` at first; kept by `replaced/ssl/handshake`. */
		readonly lastMessage?: number;
		/** Kept by it, too: see there. */
		readonly isResumed?: boolean;
		readonly isExtended?: boolean;
		readonly partialMessage?: { readonly bytes: Uint8Array } | undefined;
		readonly issued?: { readonly id: Uint8Array; readonly ticket: Uint8Array; readonly lifetimeS: number };
		readonly chosenCipher: { readonly value: readonly [number, number] };
		masterSecret: Uint8Array | undefined;
		initiateHandshake(): void;
		/** The next record, header included; `undefined` while it is not whole. */
		readPacket(stream: SessionStream): Uint8Array<ArrayBuffer> | ArrayBuffer | undefined;
		/** Takes one step; `true` when no more follow. */
		handshake(stream: SessionStream): boolean;
		/** The content of one record; `undefined`: more is needed, `null`: the peer has closed. */
		read(stream: SessionStream): Uint8Array | null | undefined;
		/** One record, at most 16,384 bytes. */
		write(stream: SessionStream, data: Uint8Array): number;
	}
}

declare module "ssl/stream" {
	export default class SSLStream {
		/** Without bytes: for writing. */
		constructor(buffer?: Uint8Array);
		readonly bytesAvailable: number;
		readChunk(count: number, reference: true): Uint8Array;
		writeChar(byte: number): void;
		/** Most significant byte first. */
		writeChars(value: number, count: number): void;
		writeChunk(bytes: Uint8Array): void;
		writeString(text: string): void;
		/** All that was written; the stream ends. */
		getChunk(): Uint8Array;
	}
}

declare module "ssl/ciphersuites" {
	const suites: readonly { readonly value: readonly [number, number] }[];
	export default suites;
}

declare module "ssl/record" {
	const recordProtocol: {
		readonly handshake: number;
		packetize(session: object, type: number, content: Uint8Array): Uint8Array;
	};
	export default recordProtocol;
}

declare module "ssl/prf" {
	/** The pseudorandom function of TLS (RFC 5246 section 5): `count` bytes. */
	export default function PRF(
		session: object,
		secret: ArrayBuffer | Uint8Array,
		label: string,
		seed: ArrayBuffer,
		count: number,
	): Uint8Array;
}

declare module "sdk/handshake" {
	import type SSLStream from "ssl/stream";

	interface Message {
		unpacketize(session: object, body: SSLStream | undefined): void;
	}
	const handshake: {
		readonly clientHello: Message;
		readonly serverKeyExchange: Message;
		readonly clientKeyExchange: Message;
		unpacketize(session: object, stream: SSLStream): void;
		/** The record of a message of this type. */
		packetize(session: object, type: number, body: SSLStream): Uint8Array;
	};
	export default handshake;
}

declare module "sdk/alert" {
	const alert: object;
	export default alert;
}

declare module "ssl/constants" {
	export const AES: number;
	export const ECDHE_RSA: number;
	export const GCM: number;
	export const SHA256: number;
}

declare module "microseconds" {}

declare module "sleep-memory" {
	/** Memory that a deep sleep keeps, and any other start clears. */
	const sleepMemory: {
		/** Returns all 768 bytes: those written last, then zeros. */
		read(): Uint8Array;
		/** From its beginning; at most 768 bytes. */
		write(bytes: Uint8Array): void;
	};
	export default sleepMemory;
}

declare module "checksum" {
	export const crc24: typeof import("../../common/crc24").crc24;
	export const crc32: typeof import("../../common/crc32").crc32;
}

declare module "rng" {
	const RNG: { get(count: number): ArrayBuffer };
	export default RNG;
}

/** Called by XS before it ends the machine; `false` prevents that. */
declare var abort: ((status: string, error: unknown) => false | undefined) | undefined;

interface ArrayBufferConstructor {
	/** Most significant byte first, with zeros before it up to `minBytes`. */
	fromBigInt(value: bigint, minBytes: number): ArrayBuffer;
}
