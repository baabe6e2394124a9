import type { Network } from "../../src/boards/board";
import type {
	Bytes,
	Listener,
	ListenerConstructor,
	TCPFromOptions,
	TCPOptions,
	TLSOptions,
	UDP,
	UDPOptions,
	UDPPacket,
} from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";
import { Connection, type ConnectionWorld } from "./connection";

/** The network around one start of a board. */
export interface NetworkWorld extends ConnectionWorld {
	/** How names are answered. */
	names(): "answered" | "refused" | "silent" | "elsewhere";
	/** A time server's answer to a packet; `undefined` for silence. */
	askTime(packet: Uint8Array, address: string): Uint8Array | undefined;
	/** A time server's answer has reached the board. */
	onTimeAnswered(answer: Uint8Array): void;
	/** The board asks for a name, and is answered. */
	onAsked(host: string): void;
	onResolved(host: string, resolved: boolean): void;
	/** A UDP socket was opened or closed. */
	onSockets(change: 1 | -1): void;
}

/** An address at which nobody is (RFC 5737). */
const nowhere = "203.0.113.1";

/** The network classes of one start of a board, in memory and in virtual time. */
export function makeNetwork(world: NetworkWorld): Omit<Network, "WiFi"> {
	return {
		TCP: constructorOf<TCPOptions | TCPFromOptions, Connection>(() => {
			throw new Error("the firmware makes no connection without TLS");
		}),
		TLS: constructorOf((options: TLSOptions) => new Connection(options, world)),
		UDP: constructorOf((options: UDPOptions) => new Socket(options, world)),
		Listener: NoListener satisfies ListenerConstructor,
		resolver: {
			resolve: ({ host, onResolved, onError }) => {
				world.onAsked(host);
				const how = world.reachable() ? world.names() : "silent";
				// A resolver asks again when nothing comes, a few times.
				const losses = world.losses() + world.losses();
				if (how === "silent" || losses > 3) return;
				world.after(1000 * losses + 2 * world.latency(), () => {
					world.onResolved(host, how !== "refused");
					if (how === "refused") onError(host);
					else onResolved(host, how === "elsewhere" ? nowhere : addressOf(host));
				});
			},
		},
	};
}

/** Every name has the address that its letters add up to. */
export function addressOf(host: string): string {
	let sum = 0;
	for (let i = 0; i < host.length; i++) sum += host.charCodeAt(i);
	return `192.0.2.${sum % 250}`;
}

/** Nothing connects to this board. */
class NoListener implements Listener {
	readonly port = 0;

	read(): undefined {
		return undefined;
	}

	close(): void {}
}

class Socket implements UDP {
	private readonly options: UDPOptions;
	private readonly world: NetworkWorld;
	private readonly packets: UDPPacket[] = [];
	private closed = false;

	constructor(options: UDPOptions, world: NetworkWorld) {
		this.options = options;
		this.world = world;
		world.onSockets(1);
	}

	read(): UDPPacket | undefined {
		return this.packets.shift();
	}

	write(buffer: Bytes, address: string, port: number): void {
		const world = this.world;
		const question = buffer.slice();
		if (!world.reachable() || world.losses() > 0) return;
		world.after(world.latency(), () => {
			const answer = world.askTime(question, address);
			if (answer === undefined || world.losses() > 0) return;
			world.after(world.latency(), () => this.arrive(answer, address, port));
		});
	}

	close(): void {
		if (!this.closed) this.world.onSockets(-1);
		this.closed = true;
	}

	private arrive(answer: Uint8Array, address: string, port: number): void {
		if (this.closed || !this.world.reachable()) return;
		this.packets.push(Object.assign(answer.slice().buffer, { address, port }));
		this.world.onTimeAnswered(answer);
		this.options.onReadable?.(this.packets.length);
	}
}
