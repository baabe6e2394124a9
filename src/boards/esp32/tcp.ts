import SDKTCP from "embedded:io/socket/tcp";
import { isDigits } from "../../common/text-pattern";
import { ConnectionError } from "../connection-error";
import type { Bytes, TCP, TCPCallbacks, TCPFromOptions, TCPOptions } from "../ecma419";
import { closeIO, defer, guard, toError } from "./callbacks";

/** The SDK calls back with its object as `this`: a closure for each object would take memory. */
type OwnedTCP = SDKTCP & { owner?: TCPSocket };

const socketCallbacks = Object.freeze({
	format: "buffer",
	onReadable(this: OwnedTCP, count: number) {
		this.owner?.announceData(count);
	},
	onWritable(this: OwnedTCP, count: number) {
		this.owner?.announceRoom(count);
	},
	onError(this: OwnedTCP) {
		this.owner?.fail(undefined);
	},
} as const);

/**
 * The SDK's TCP socket with the guarantees of `ecma419.ts`: the SDK may call back after `close`, reports an end twice, and
 * throws from reads and writes.
 */
export class TCPSocket implements TCP {
	private readonly callbacks: TCPCallbacks;
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	private socket: OwnedTCP | undefined;
	/** Announced, not read yet. */
	private readableBytes = 0;
	/** `undefined` until connected. */
	private writableBytes: number | undefined;

	constructor(options: TCPOptions | TCPFromOptions) {
		this.callbacks = options;
		if ("from" in options) {
			const { from } = options;
			const accepted = from instanceof AcceptedTCPSocket ? from.release() : undefined;
			if (accepted === undefined)
				throw new TypeError("only a connection from a listener can be taken over, once");
			this.remoteAddress = from.remoteAddress;
			this.remotePort = from.remotePort;
			this.openSocket(() => new SDKTCP({ ...socketCallbacks, from: accepted }));
		} else {
			const { address, port, nodelay = false } = options;
			assertIPv4Address(address);
			this.remoteAddress = address;
			this.remotePort = port;
			this.openSocket(() => new SDKTCP({ ...socketCallbacks, address, port, nodelay }));
		}
	}

	read(buffer: Bytes): number {
		const length = Math.min(buffer.length, this.readableBytes);
		if (this.socket === undefined || length === 0) return 0;
		this.readableBytes -= length;
		try {
			// The SDK throws if asked for more than is available.
			this.socket.read(length === buffer.length ? buffer : buffer.subarray(0, length));
			return length;
		} catch (error) {
			defer(() => this.fail(toError(error)));
			return 0;
		}
	}

	write(buffer: Bytes): void {
		if (this.socket === undefined || this.writableBytes === undefined)
			throw new Error("the connection is not open");
		if (buffer.length > this.writableBytes)
			throw new RangeError(
				`${buffer.length} bytes do not fit into the ${this.writableBytes} that were announced`,
			);
		if (buffer.length === 0) return;
		this.writableBytes -= buffer.length;
		try {
			this.socket.write(buffer);
		} catch (error) {
			defer(() => this.fail(toError(error)));
		}
	}

	close(): void {
		const socket = this.socket;
		this.socket = undefined;
		this.readableBytes = 0;
		closeIO(socket);
	}

	/** A failure of the constructor is reported like any other: later, to `onError`. */
	private openSocket(open: () => SDKTCP): void {
		try {
			this.socket = open();
			this.socket.owner = this;
		} catch (error) {
			const reason = toError(error);
			defer(() => guard(() => this.callbacks.onError?.(reason)));
		}
	}

	announceData(count: number): void {
		if (this.socket === undefined) return;
		this.readableBytes = count;
		this.call(() => this.callbacks.onReadable?.(count));
	}

	announceRoom(count: number): void {
		if (this.socket === undefined) return;
		this.writableBytes = count;
		this.call(() => this.callbacks.onWritable?.(count));
	}

	private call(callback: () => void): void {
		try {
			callback();
		} catch (error) {
			this.fail(toError(error));
		}
	}

	fail(error: Error | undefined): void {
		if (this.socket === undefined) return;
		const wasConnected = this.writableBytes !== undefined;
		this.close();
		// The SDK gives no reason; whether it was connected distinguishes the two common causes.
		const reason = error ?? (wasConnected ? undefined : new ConnectionError("no response"));
		guard(() => this.callbacks.onError?.(reason));
	}
}

/** A connection accepted by a listener, paused until a TCP object takes it over. */
export class AcceptedTCPSocket implements TCP {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	private socket: SDKTCP | undefined;

	constructor(socket: SDKTCP) {
		// Read now: the SDK fails once the peer has closed.
		this.remoteAddress = socket.remoteAddress;
		this.remotePort = socket.remotePort;
		this.socket = socket;
	}

	read(_buffer: Bytes): number {
		return 0;
	}

	write(_buffer: Bytes): void {
		throw new Error("the connection has not been taken over");
	}

	/** Hands the SDK's socket over to the caller; `undefined` if it is closed or taken. */
	release(): SDKTCP | undefined {
		const socket = this.socket;
		this.socket = undefined;
		return socket;
	}

	close(): void {
		closeIO(this.release());
	}
}

/** Throws unless `address` is a dotted IPv4 address. */
export function assertIPv4Address(address: string): void {
	if (!isIPv4Address(address)) throw new TypeError(`"${address}" is not an IPv4 address`);
}

export function isIPv4Address(host: string): boolean {
	const parts = host.split(".");
	return parts.length === 4 && parts.every((part) => isDigits(part, 3) && Number(part) < 256);
}
