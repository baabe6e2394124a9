import { ConnectionError, type TrustFault } from "../../src/boards/connection-error";
import type { Bytes, TCP, TLSOptions } from "../../src/boards/ecma419";
import type { BoardSender, RequestParser } from "./request-parser";

/** The outcome of a connection attempt. */
export type ConnectOutcome = "open" | "refused" | "unreachable" | "half TLS" | "no TLS" | TrustFault;

export interface ConnectionEnvironment {
	/** Calls back after this many milliseconds unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** Whether a packet gets through now. */
	isReachable(): boolean;
	/** How often in a row a packet that is sent now is lost. */
	consecutiveLosses(): number;
	/** One-way latency of a packet, milliseconds. */
	latencyMs(): number;
	connectOutcome(address: string): ConnectOutcome;
	/** `address`: of the server. */
	accept(board: BoardSender, address: string): RequestParser;
	/** A connection was opened; it was closed or lost. `trust`: because of the certificate. */
	onOpened(address: string): void;
	onClosed(trust: boolean, address: string): void;
}

/** Send window, about as large as lwIP's. */
const windowBytes = 4096;
/** TCP's retransmission timeout, doubled each time, milliseconds. */
const retransmissionMs = 1_000;

export class ServiceConnection implements TCP {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	private readonly options: TLSOptions;
	private readonly environment: ConnectionEnvironment;
	private requestParser: RequestParser | undefined;
	private readonly arrived: Uint8Array[] = [];
	/** Bytes in {@link arrived}. */
	private count = 0;
	private room = 0;
	private closed = false;
	/** Data in flight in each direction; it arrives in order. */
	private readonly outgoing: (() => void)[] = [];
	private readonly incoming: (() => void)[] = [];

	constructor(options: TLSOptions, world: ConnectionEnvironment) {
		this.options = options;
		this.environment = world;
		this.remoteAddress = options.address;
		this.remotePort = options.port;
		world.onOpened(options.address);
		// TCP and TLS take three round trips.
		this.later(6 * world.latencyMs() + this.lossDelayMs(), () => this.connect());
	}

	read(buffer: Bytes): number {
		let count = 0;
		while (count < buffer.length) {
			const chunk = this.arrived.shift();
			if (chunk === undefined) break;
			const part = chunk.subarray(0, buffer.length - count);
			buffer.set(part, count);
			count += part.length;
			if (part.length < chunk.length) this.arrived.unshift(chunk.subarray(part.length));
		}
		this.count -= count;
		return count;
	}

	write(buffer: Bytes): void {
		if (this.closed) throw new Error("the connection is closed");
		if (buffer.length > this.room) throw new RangeError("more was written than onWritable announced");
		const bytes = buffer.slice();
		this.room -= bytes.length;
		// Data written before the close is still sent.
		this.transmit(this.outgoing, () => {
			this.requestParser?.receive(bytes);
			this.transmit(this.incoming, () => {
				if (this.closed) return;
				this.room += bytes.length;
				this.options.onWritable?.(this.room);
			});
		});
	}

	close(): void {
		this.closeEnd(false);
	}

	private closeEnd(trust: boolean): void {
		if (this.closed) return;
		this.closed = true;
		this.environment.onClosed(trust, this.options.address);
	}

	private connect(): void {
		const world = this.environment;
		if (!world.isReachable()) return;
		const outcome = world.connectOutcome(this.options.address);
		if (outcome === "unreachable") return;
		if (outcome === "refused") {
			this.fail(new ConnectionError("the connection was refused"));
			return;
		}
		this.options.onConnected?.();
		if (this.closed || outcome === "half TLS") return;
		if (outcome === "no TLS") this.fail(new ConnectionError("the handshake failed"));
		else if (outcome !== "open")
			this.fail(new ConnectionError(`the certificate is ${outcome}`, outcome), true);
		else {
			const isClosed = () => this.closed;
			this.requestParser = world.accept(
				{
					get isClosed() {
						return isClosed();
					},
					send: (bytes, delivered) => this.deliver(bytes, delivered),
					reset: (arrived) => this.transmit(this.incoming, () => this.reset(arrived)),
					after: (delay, callback) => this.later(delay, callback),
				},
				this.options.address,
			);
			this.room = windowBytes;
			this.options.onWritable?.(windowBytes);
		}
	}

	private deliver(bytes: Uint8Array, delivered?: () => void): void {
		this.transmit(this.incoming, () => {
			if (this.closed) return;
			this.arrived.push(bytes);
			this.count += bytes.length;
			delivered?.();
			this.options.onReadable?.(this.count);
		});
	}

	/** Lost if there is no network when it is sent or when it arrives. */
	private transmit(way: (() => void)[], arrive: () => void): void {
		const world = this.environment;
		if (!world.isReachable()) return;
		way.push(arrive);
		world.after(world.latencyMs() + this.lossDelayMs(), () => {
			const first = way.shift();
			if (world.isReachable()) first?.();
		});
	}

	/** Delay by retransmissions, milliseconds. */
	private lossDelayMs(): number {
		return retransmissionMs * (2 ** this.environment.consecutiveLosses() - 1);
	}

	private reset(arrived: (() => void) | undefined): void {
		if (this.closed) return;
		arrived?.();
		this.fail(undefined);
	}

	private fail(error: Error | undefined, trust = false): void {
		if (this.closed) return;
		this.closeEnd(trust);
		this.options.onError?.(error);
	}

	/** Calls back unless the connection is closed by then. */
	private later(delay: number, callback: () => void): void {
		this.environment.after(delay, () => {
			if (!this.closed) callback();
		});
	}
}
