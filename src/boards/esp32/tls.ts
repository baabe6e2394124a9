import RNG from "rng";
import sleepMemory from "sleep-memory";
import PRF from "ssl/prf";
import type { SessionStream } from "ssl/session";
import { areBytesEqual } from "../../common/equal-bytes";
import { ConnectionError } from "../connection-error";
import type { Bytes, TCP, TLSOptions } from "../ecma419";
import { defer, guard, toError } from "./callbacks";
import { isIPv4Address, TCPSocket } from "./tcp";
import type { PublicKey } from "./tls/certificate";
import { verifyCertificatePath } from "./tls/certificate-path";
import { agreeKey } from "./tls/key-agreement";
import {
	decodeKnownServer,
	digestChain,
	digestTrust,
	encodeKnownServer,
	type KnownServer,
	maxKeptBytes,
	sessionEnd,
	type TlsSession,
	usableSession,
} from "./tls/known-server";
import { isOnCurve, sha256, verifySignature } from "./tls/signature";
import { offeredSchemes } from "./tls/signature-scheme";
import { StrictSession } from "./tls/strict-session";
import { toConnectionError } from "./tls/tls-error";
import { findBundledRoots } from "./tls/trust-anchor";

const tls12 = 0x303;
/**
 * secp256r1, secp384r1 (RFC 8422 section 5.1.1), preferred first: for the key exchange and for the server's key. The second
 * takes the chip longer.
 */
const offeredCurves: readonly number[] = Object.freeze([23, 24]);
/** Header, explicit nonce and tag of a record under AES-GCM (RFC 5246 section 6.2, RFC 5288 section 3). */
const recordOverheadBytes = 5 + 8 + 16;
/** Data written together is sent as one record, which fits one TCP segment of an Ethernet frame. */
const maxWriteBytes = 1400;

/** The type of the message by which a server resumes a session or declines (RFC 5246 section 7.4). */
const serverHello = 2;
const masterSecretBytes = 48;
const arithmetic = Object.freeze({
	randomBytes: (count: number) => RNG.get(count),
	agreeKey,
	derive: (session: object, secret: ArrayBuffer, label: string, seed: ArrayBuffer) =>
		PRF(session, secret, label, seed, masterSecretBytes),
});

/** A TCP connection, and the session of TLS on it. */
interface Link {
	readonly session: StrictSession;
	readonly stream: SessionStream;
	readonly tcp: TCPSocket;
	/** The session offered for resumption. */
	readonly offered: TlsSession | undefined;
}

/**
 * TLS 1.2 over the SDK's session, with the project's own certificate verification. While certificates and settings stay
 * valid, a known server's session is resumed, or at least its chain is not verified again. If a handshake that offers a
 * session fails, the session is dropped and the connection retried without it.
 */
export class TLSSocket implements TCP {
	private readonly options: TLSOptions;
	private readonly trust: Uint8Array;
	private readonly writeBuffer = new Uint8Array(maxWriteBytes);
	private known: KnownServer | undefined;
	/** `undefined` once closed. */
	private link: Link | undefined;
	private serverKey: PublicKey | undefined;
	private isConnected = false;
	private isSecure = false;
	/** Bytes in {@link writeBuffer} to be sent. */
	private pendingBytes = 0;
	/** Received, not read yet: at most the content of one record. */
	private received: Uint8Array = new Uint8Array(0);
	/** Set once no more data will arrive. */
	private endReason: { readonly error: Error | undefined } | undefined;
	private isScheduled = false;

	constructor(options: TLSOptions) {
		this.options = options;
		this.trust = digestTrust(options.host, options.port, options.secure?.ca ?? [], sha256);
		const known = decodeKnownServer(sleepMemory.read(), sha256);
		if (known !== undefined && areBytesEqual(known.trust, this.trust)) this.known = known;
		else if (known !== undefined) forgetServer();
		this.link = this.open(this.known && usableSession(this.known, Date.now()));
	}

	private open(offered: TlsSession | undefined): Link {
		const { address, port, host } = this.options;
		const session = new StrictSession({
			protocolVersion: tls12,
			// The SDK's cache would offer a session to any server of that name, whichever roots verified it.
			cache: false,
			resume: offered,
			arithmetic,
			// An address is not a server name (RFC 6066 section 3).
			...(isIPv4Address(host) ? {} : { serverName: host }),
			verifyCertificates: (certificates) => this.verify(certificates),
			tls_elliptic_curves: offeredCurves,
			tls_signature_algorithms: offeredSchemes,
			verifyExchange: ({ signed: signedBytes, scheme, signature, point }) => {
				const key = this.serverKey;
				return (
					key?.kind === scheme.kind &&
					isOnCurve(point) &&
					verifySignature({ key, scheme, signedBytes, signature })
				);
			},
		});
		session.initiateHandshake();
		const tcp = new TCPSocket({
			address,
			port,
			nodelay: true,
			onReadable: (count) => this.updateStream(() => (stream.readable = count)),
			onWritable: (count) => {
				this.reportConnected();
				this.updateStream(() => (stream.writable = count));
			},
			onError: (error) => {
				this.endReason ??= { error };
				this.schedule();
			},
		});
		const stream: SessionStream = {
			readable: 0,
			writable: 0,
			read: (buffer) => tcp.read(buffer),
			write: (packet) => {
				tcp.write(packet);
				return Math.max(0, stream.writable - packet.length);
			},
		};
		return { session, stream, tcp, offered };
	}

	get remoteAddress(): string | undefined {
		return this.options.address;
	}

	get remotePort(): number | undefined {
		return this.options.port;
	}

	read(buffer: Bytes): number {
		const length = Math.min(buffer.length, this.received.length);
		buffer.set(this.received.subarray(0, length));
		// An empty array frees the buffer: a record may take a third of the memory.
		this.received = length < this.received.length ? this.received.subarray(length) : new Uint8Array(0);
		if (this.received.length === 0) this.schedule();
		return length;
	}

	write(buffer: Bytes): void {
		if (this.link === undefined || !this.isSecure) throw new Error("the connection is not open");
		const free = maxWriteBytes - this.pendingBytes;
		if (buffer.length > free)
			throw new RangeError(`${buffer.length} bytes do not fit into the ${free} that were announced`);
		this.writeBuffer.set(buffer, this.pendingBytes);
		this.pendingBytes += buffer.length;
		this.schedule();
	}

	/** Flushes what the network accepts immediately, then closes. */
	close(): void {
		const link = this.link;
		if (link === undefined) return;
		// The caller may close because the server did not respond to the offer.
		if (this.isWaitingToResume(link)) this.forgetSession();
		guard(() => this.flush(link));
		this.link = undefined;
		this.received = new Uint8Array(0);
		link.tcp.close();
	}

	/** Reported separately because the handshake has its own timeout: a chip computes for seconds. */
	private reportConnected(): void {
		if (this.isConnected) return;
		this.isConnected = true;
		this.options.onConnected?.();
	}

	private updateStream(change: () => void): void {
		change();
		this.advance();
	}

	/** Calls {@link advance} in a later turn of the event loop, so that no callback runs within a call. */
	private schedule(): void {
		if (this.isScheduled) return;
		this.isScheduled = true;
		defer(() => {
			this.isScheduled = false;
			this.advance();
		});
	}

	/** Continues as far as the network allows. The session throws on protocol errors. */
	private advance(): void {
		const link = this.link;
		if (link === undefined) return;
		try {
			if (!this.isSecure) this.handshake(link);
			if (this.isSecure) {
				this.send(link);
				this.receive(link);
			}
		} catch (error) {
			// A session with a fatal error is not resumed (RFC 5246 section 7.2.2).
			if (this.isSecure) this.forgetSession();
			this.fail(toConnectionError(toError(error)));
			return;
		}
		if (this.endReason !== undefined && this.received.length === 0) this.fail(this.endReason.error);
	}

	private handshake({ session, stream }: Link): void {
		if (stream.writable === 0) return;
		let done: boolean;
		do done = session.handshake(stream);
		while (!done && (stream.readable > 0 || session.handshakeProcess > 0));
		if (!done) return;
		// The session also stops at an alert, and would then continue without encryption.
		if (session.alert !== undefined || session.clientCipher === null || session.serverCipher === null)
			throw new ConnectionError("the server ended the TLS handshake");
		this.isSecure = true;
		this.keepSession(session);
		this.options.onVerified?.(this.known?.issuer ?? "");
		this.options.onWritable?.(maxWriteBytes);
	}

	private send(link: Link): void {
		if (this.flush(link)) this.options.onWritable?.(maxWriteBytes - this.pendingBytes);
	}

	/** Sends the pending data as one record. */
	private flush({ session, stream }: Link): boolean {
		const length = Math.min(this.pendingBytes, stream.writable - recordOverheadBytes);
		if (length <= 0 || !this.isSecure || this.endReason !== undefined) return false;
		session.write(stream, this.writeBuffer.slice(0, length));
		this.writeBuffer.copyWithin(0, length, this.pendingBytes);
		this.pendingBytes -= length;
		return true;
	}

	private receive({ session, stream }: Link): void {
		while (this.link !== undefined && this.received.length === 0 && stream.readable > 0) {
			const content = session.read(stream);
			if (content === undefined) return;
			if (content === null) {
				this.endReason ??= { error: undefined };
				return;
			}
			this.received = content;
			if (content.length > 0) this.options.onReadable?.(content.length);
		}
	}

	private verify(certificates: readonly Uint8Array[]): void {
		const { host, secure } = this.options;
		const chain = digestChain(this.trust, certificates, sha256);
		const known = this.known;
		const result = verifyCertificatePath({
			certificates,
			trusted: secure?.ca ?? [],
			findRoots: findBundledRoots,
			host,
			now: Date.now(),
			known: known !== undefined && areBytesEqual(known.chain, chain) ? known.validity : undefined,
			verifySignature,
		});
		if ("fault" in result) throw new ConnectionError(result.reason, result.fault);
		const { key, issuer, validity } = result;
		this.serverKey = key;
		this.known = { trust: this.trust, chain, validity, issuer, session: undefined };
	}

	/** Called once the handshake is authentic. */
	private keepSession(session: StrictSession): void {
		const { issued, masterSecret, isExtended, isResumed } = session;
		const known = this.known;
		session.masterSecret = undefined;
		if (known === undefined || issued === undefined || masterSecret === undefined) return;
		const { id, ticket, lifetimeS } = issued;
		// Without a new ticket, the saved session stays valid.
		if (isResumed === true && ticket.length === 0) return;
		const now = Date.now();
		const before = isResumed === true ? known.session?.expiresAt : undefined;
		// A session without an extended master secret is not resumed (RFC 7627 section 5.3).
		const isResumable = isExtended === true && id.length + ticket.length > 0;
		const kept = {
			...{ suite: session.chosenCipher.value[1], masterSecret, id, ticket },
			expiresAt: sessionEnd(now, lifetimeS, before),
		};
		this.known = { ...known, session: isResumable ? kept : undefined };
		sleepMemory.write(encodeKnownServer(this.known, sha256));
	}

	/** Whether a session was offered and the server has not responded to the offer yet. */
	private isWaitingToResume({ offered, session }: Link): boolean {
		const isDeclined = session.isResumed === false && session.lastMessage !== serverHello;
		return offered !== undefined && this.isConnected && !this.isSecure && !isDeclined;
	}

	private forgetSession(): void {
		if (this.known === undefined) return;
		this.known = { ...this.known, session: undefined };
		sleepMemory.write(encodeKnownServer(this.known, sha256));
	}

	private fail(error: Error | undefined): void {
		const link = this.link;
		if (link === undefined) return;
		this.pendingBytes = 0;
		const isRetried = this.isWaitingToResume(link);
		this.close();
		if (isRetried) {
			this.endReason = undefined;
			this.link = this.open(undefined);
		} else guard(() => this.options.onError?.(error));
	}
}

/** Deletes the known server; the secret of its session is overwritten. */
export function forgetServer(): void {
	sleepMemory.write(new Uint8Array(maxKeptBytes));
}
