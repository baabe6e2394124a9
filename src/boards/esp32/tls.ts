import type { SessionStream } from "ssl/session";
import { ConnectionError } from "../connection-error";
import type { Bytes, TCP, TLSOptions } from "../ecma419";
import { defer, guard, toError } from "./callbacks";
import { isIPv4Address, TCPSocket } from "./tcp";
import type { PublicKey } from "./tls/certificate";
import { verifyCertificatePath } from "./tls/certificate-path";
import { isOnCurve, verifySignature } from "./tls/signature";
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

/** TLS 1.2 over the SDK's session, with the project's own verification of certificates. */
export class TLSSocket implements TCP {
	private readonly options: TLSOptions;
	private readonly session: StrictSession;
	private readonly stream: SessionStream;
	private readonly writeBuffer = new Uint8Array(maxWriteBytes);
	private tcp: TCPSocket | undefined;
	private serverKey: PublicKey | undefined;
	private issuer = "";
	private isConnected = false;
	private isSecure = false;
	/** Bytes in {@link writeBuffer} to be sent. */
	private pendingBytes = 0;
	/** Received and not read: at most the content of one record. */
	private received: Uint8Array = new Uint8Array(0);
	/** Set once no more data will arrive. */
	private endReason: { readonly error: Error | undefined } | undefined;
	private isScheduled = false;

	constructor(options: TLSOptions) {
		this.options = options;
		const { address, port, host } = options;
		this.session = new StrictSession({
			protocolVersion: tls12,
			// A resumed session would skip the verification, whatever the roots of the first one.
			cache: false,
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
		this.session.initiateHandshake();
		const tcp = new TCPSocket({
			address,
			port,
			nodelay: true,
			onReadable: (count) => this.updateStream(() => (this.stream.readable = count)),
			onWritable: (count) => {
				this.reportConnected();
				this.updateStream(() => (this.stream.writable = count));
			},
			onError: (error) => {
				this.endReason ??= { error };
				this.schedule();
			},
		});
		this.tcp = tcp;
		this.stream = {
			readable: 0,
			writable: 0,
			read: (buffer) => tcp.read(buffer),
			write: (packet) => {
				tcp.write(packet);
				return Math.max(0, this.stream.writable - packet.length);
			},
		};
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
		this.received = this.received.subarray(length);
		if (this.received.length === 0) this.schedule();
		return length;
	}

	write(buffer: Bytes): void {
		if (this.tcp === undefined || !this.isSecure) throw new Error("the connection is not open");
		const free = maxWriteBytes - this.pendingBytes;
		if (buffer.length > free)
			throw new RangeError(`${buffer.length} bytes do not fit into the ${free} that were announced`);
		this.writeBuffer.set(buffer, this.pendingBytes);
		this.pendingBytes += buffer.length;
		this.schedule();
	}

	/** Sends written data as far as the network accepts it at once. */
	close(): void {
		const tcp = this.tcp;
		if (tcp === undefined) return;
		guard(() => this.flush());
		this.tcp = undefined;
		this.received = new Uint8Array(0);
		tcp.close();
	}

	/** The handshake has a timeout of its own: it takes a chip seconds of computing. */
	private reportConnected(): void {
		if (this.isConnected) return;
		this.isConnected = true;
		this.options.onConnected?.();
	}

	private updateStream(change: () => void): void {
		change();
		this.advance();
	}

	/** Consequences of a call follow in a turn of the event loop of their own. */
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
		if (this.tcp === undefined) return;
		try {
			if (!this.isSecure) this.handshake();
			if (this.isSecure) {
				this.send();
				this.receive();
			}
		} catch (error) {
			this.fail(toConnectionError(toError(error)));
			return;
		}
		if (this.endReason !== undefined && this.received.length === 0) this.fail(this.endReason.error);
	}

	private handshake(): void {
		const session = this.session;
		const stream = this.stream;
		if (stream.writable === 0) return;
		let done: boolean;
		do done = session.handshake(stream);
		while (!done && (stream.readable > 0 || session.handshakeProcess > 0));
		if (!done) return;
		// The session also stops at an alert, and would then continue without encryption.
		if (session.alert !== undefined || session.clientCipher === null || session.serverCipher === null)
			throw new ConnectionError("the server ended the TLS handshake");
		this.isSecure = true;
		this.options.onVerified?.(this.issuer);
		this.options.onWritable?.(maxWriteBytes);
	}

	private send(): void {
		if (this.flush()) this.options.onWritable?.(maxWriteBytes - this.pendingBytes);
	}

	/** Sends the pending data as one record. */
	private flush(): boolean {
		const length = Math.min(this.pendingBytes, this.stream.writable - recordOverheadBytes);
		if (length <= 0 || !this.isSecure || this.endReason !== undefined) return false;
		this.session.write(this.stream, this.writeBuffer.slice(0, length));
		this.writeBuffer.copyWithin(0, length, this.pendingBytes);
		this.pendingBytes -= length;
		return true;
	}

	private receive(): void {
		while (this.tcp !== undefined && this.received.length === 0 && this.stream.readable > 0) {
			const content = this.session.read(this.stream);
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
		const result = verifyCertificatePath({
			certificates,
			trusted: secure?.ca ?? [],
			findRoots: findBundledRoots,
			host,
			now: Date.now(),
			verifySignature,
		});
		if ("fault" in result) throw new ConnectionError(result.reason, result.fault);
		this.serverKey = result.key;
		this.issuer = result.issuer;
	}

	private fail(error: Error | undefined): void {
		if (this.tcp === undefined) return;
		this.pendingBytes = 0;
		this.close();
		guard(() => this.options.onError?.(error));
	}
}
