import { ConnectionError, type TrustFault } from "../../src/boards/connection-error";
import type {
	Bytes,
	Listener,
	ListenerConstructor,
	Resolver,
	TCP,
	TCPConstructor,
	TLSConstructor,
	TLSOptions,
	UDP,
	UDPConstructor,
	UDPOptions,
	UDPPacket,
} from "../../src/boards/ecma419";
import type { Conversation, ToBoard } from "./service";

/** The network around one boot of a board. */
export interface Surroundings {
	/** Calls back after so many milliseconds, unless the board has lost power by then. */
	after(delay: number, callback: () => void): void;
	/** Whether a packet gets through at this moment. */
	reachable(): boolean;
	/** Milliseconds that a packet takes at this moment, one way. */
	latency(): number;
	/** How names are answered. */
	names(): "answered" | "refused" | "silent";
	/** What a connection meets at the service. */
	door(): "open" | "refused" | TrustFault;
	accept(board: ToBoard): Conversation;
	/** A time server's answer to a packet; `undefined` for silence. */
	askTime(packet: Uint8Array, address: string): Uint8Array | undefined;
}

/** What a connection takes to write at a time, and what it announces: about what lwIP has. */
const window = 4096;

/** The network classes of a board, in memory and in virtual time. */
export class SimulatedNetwork {
	readonly TCP: TCPConstructor;
	readonly TLS: TLSConstructor;
	readonly UDP: UDPConstructor;
	readonly Listener: ListenerConstructor = NoListener;
	readonly resolver: Resolver;
	/** Connections that are open. */
	readonly open = new Set<TCP>();
	/** TLS handshakes that were begun. */
	handshakes = 0;

	constructor(surroundings: Surroundings) {
		const network = this;
		this.TLS = class extends Connection {
			constructor(options: TLSOptions) {
				super(options, surroundings, network);
				network.handshakes++;
			}
		};
		this.TCP = class {
			constructor() {
				throw new Error("the firmware makes no connection without TLS");
			}
		} as unknown as TCPConstructor;
		this.UDP = class extends Socket {
			constructor(options: UDPOptions) {
				super(options, surroundings);
			}
		};
		this.resolver = makeResolver(surroundings);
	}
}

/** Every name has the address that its letters add up to. */
export function addressOf(host: string): string {
	let sum = 0;
	for (let i = 0; i < host.length; i++) sum += host.charCodeAt(i);
	return `192.0.2.${sum % 250}`;
}

function makeResolver({ after, reachable, latency, names }: Surroundings): Resolver {
	return {
		resolve: ({ host, onResolved, onError }) => {
			const how = reachable() ? names() : "silent";
			if (how === "silent") return;
			after(2 * latency(), () => (how === "answered" ? onResolved(host, addressOf(host)) : onError(host)));
		},
	};
}

/** Nothing connects to this board. */
class NoListener implements Listener {
	readonly port = 0;

	read(): undefined {
		return undefined;
	}

	close(): void {}
}

class Connection implements TCP {
	readonly remoteAddress: string | undefined;
	readonly remotePort: number | undefined;
	readonly #options: TLSOptions;
	readonly #surroundings: Surroundings;
	readonly #network: SimulatedNetwork;
	#conversation: Conversation | undefined;
	#arrived: Uint8Array[] = [];
	#room = 0;
	#closed = false;
	/** The bytes of a stream arrive in order: what has been sent on each way, and not arrived. */
	readonly #outgoing: (() => void)[] = [];
	readonly #incoming: (() => void)[] = [];

	constructor(options: TLSOptions, surroundings: Surroundings, network: SimulatedNetwork) {
		this.#options = options;
		this.#surroundings = surroundings;
		this.#network = network;
		this.remoteAddress = options.address;
		this.remotePort = options.port;
		network.open.add(this);
		// Three packets each way: TCP and TLS.
		this.#later(6 * surroundings.latency(), () => this.#meet());
	}

	read(buffer: Bytes): number {
		let count = 0;
		while (count < buffer.length) {
			const chunk = this.#arrived.shift();
			if (chunk === undefined) break;
			const part = chunk.subarray(0, buffer.length - count);
			buffer.set(part, count);
			count += part.length;
			if (part.length < chunk.length) this.#arrived.unshift(chunk.subarray(part.length));
		}
		return count;
	}

	write(buffer: Bytes): void {
		if (this.#closed) throw new Error("the connection is closed");
		if (buffer.length > this.#room) throw new RangeError("more was written than was announced");
		const bytes = Uint8Array.from(buffer);
		this.#room -= bytes.length;
		// What was written before the close still goes out.
		this.#transmit(this.#outgoing, () => {
			this.#conversation?.receive(bytes);
			this.#transmit(this.#incoming, () => {
				if (this.#closed) return;
				this.#room += bytes.length;
				this.#options.onWritable?.(this.#room);
			});
		});
	}

	close(): void {
		this.#closed = true;
		this.#network.open.delete(this);
	}

	#meet(): void {
		if (!this.#surroundings.reachable()) return;
		const door = this.#surroundings.door();
		this.#options.onConnected?.();
		if (this.#closed) return;
		if (door === "refused") this.#fail(new ConnectionError("the connection was refused"));
		else if (door !== "open") this.#fail(new ConnectionError(`the certificate is ${door}`, door));
		else {
			this.#conversation = this.#surroundings.accept({
				send: (bytes, delivered) => this.#deliver(bytes, delivered),
				reset: () => this.#transmit(this.#incoming, () => this.#fail(undefined)),
			});
			this.#room = window;
			this.#options.onWritable?.(window);
		}
	}

	#deliver(bytes: Uint8Array, delivered?: () => void): void {
		this.#transmit(this.#incoming, () => {
			if (this.#closed) return;
			this.#arrived.push(bytes);
			delivered?.();
			const count = this.#arrived.reduce((sum, { length }) => sum + length, 0);
			this.#options.onReadable?.(count);
		});
	}

	/** Lost when the network is gone at either end of its way. */
	#transmit(way: (() => void)[], arrive: () => void): void {
		if (!this.#surroundings.reachable()) return;
		way.push(arrive);
		this.#surroundings.after(this.#surroundings.latency(), () => {
			const first = way.shift();
			if (this.#surroundings.reachable()) first?.();
		});
	}

	#fail(error: Error | undefined): void {
		if (this.#closed) return;
		this.close();
		this.#options.onError?.(error);
	}

	/** Unless it is closed by then. */
	#later(delay: number, callback: () => void): void {
		this.#surroundings.after(delay, () => {
			if (!this.#closed) callback();
		});
	}
}

class Socket implements UDP {
	readonly #options: UDPOptions;
	readonly #surroundings: Surroundings;
	readonly #packets: UDPPacket[] = [];
	#closed = false;

	constructor(options: UDPOptions, surroundings: Surroundings) {
		this.#options = options;
		this.#surroundings = surroundings;
	}

	read(): UDPPacket | undefined {
		return this.#packets.shift();
	}

	write(buffer: Bytes, address: string, port: number): void {
		const { after, latency, reachable, askTime } = this.#surroundings;
		const question = Uint8Array.from(buffer);
		if (!reachable()) return;
		after(latency(), () => {
			const answer = askTime(question, address);
			if (answer === undefined) return;
			after(latency(), () => {
				if (this.#closed || !reachable()) return;
				this.#packets.push(Object.assign(Uint8Array.from(answer).buffer, { address, port }));
				this.#options.onReadable?.(this.#packets.length);
			});
		});
	}

	close(): void {
		this.#closed = true;
	}
}
