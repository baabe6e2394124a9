import type {
	Resolver,
	TCP,
	TCPConstructor,
	TCPFromOptions,
	TCPOptions,
	TLSConstructor,
	TLSOptions,
} from "../../src/boards/ecma419";

/**
 * The network of a chip under a test's hand, as strict as the SDK's: a write beyond what was announced throws, a
 * read beyond what has arrived throws, and so does every use after the close.
 */
export class ChipNetwork {
	readonly sockets: ChipSocket[] = [];
	readonly resolver: Resolver;
	readonly TCP: TCPConstructor;
	readonly TLS: TLSConstructor;
	/** Answers to the questions asked, oldest first. */
	readonly lookups: { resolve(address: string): void; fail(): void }[] = [];

	constructor() {
		const { sockets, lookups } = this;
		this.resolver = {
			resolve({ host, onResolved, onError }) {
				lookups.push({ resolve: (address) => onResolved(host, address), fail: () => onError(host) });
			},
		};
		this.TCP = class extends ChipSocket {
			constructor(options: TCPOptions | TCPFromOptions) {
				super(options);
				sockets.push(this);
			}
		};
		this.TLS = class extends ChipSocket {
			constructor(options: TLSOptions) {
				super(options);
				sockets.push(this);
			}
		};
	}

	/** The newest socket. */
	get socket(): ChipSocket | undefined {
		return this.sockets.at(-1);
	}
}

export class ChipSocket implements TCP {
	readonly remoteAddress = undefined;
	readonly remotePort = undefined;
	readonly written: number[] = [];
	closed = false;
	private readonly options: TCPOptions | TCPFromOptions | TLSOptions;
	private room = 0;
	private arrived: number[] = [];

	constructor(options: TCPOptions | TCPFromOptions | TLSOptions) {
		this.options = options;
	}

	read(buffer: Uint8Array): number {
		this.check();
		if (buffer.length === 0 || buffer.length > this.arrived.length) throw new Error("invalid");
		buffer.set(this.arrived.splice(0, buffer.length));
		return buffer.length;
	}

	write(buffer: Uint8Array): void {
		this.check();
		if (buffer.length === 0 || buffer.length > this.room) throw new Error("would block");
		this.room -= buffer.length;
		this.written.push(...buffer);
	}

	close(): void {
		this.closed = true;
	}

	connected(): void {
		if (!this.closed && "onConnected" in this.options) this.options.onConnected?.();
	}

	writable(count: number): void {
		this.room = count;
		if (!this.closed) this.options.onWritable?.(count);
	}

	deliver(bytes: Uint8Array): void {
		if (this.closed || bytes.length === 0) return;
		this.arrived.push(...bytes);
		this.options.onReadable?.(this.arrived.length);
	}

	error(error?: Error): void {
		if (!this.closed) this.options.onError?.(error);
	}

	private check(): void {
		if (this.closed) throw new Error("used after close");
	}
}
