import type { Network } from "../../src/boards/board";
import type {
	Bytes,
	ListenerOptions,
	TCPFromOptions,
	TCPOptions,
	TLSOptions,
	UDP,
	UDPOptions,
	UDPPacket,
} from "../../src/boards/ecma419";
import { constructorOf } from "../constructor-of";
import { AcceptedConnection, DeviceListener, type LocalNetworkEnvironment } from "./local-network";
import { type ConnectionEnvironment, ServiceConnection } from "./service-connection";

/** The network during one start of a board. */
export interface NetworkEnvironment extends ConnectionEnvironment, LocalNetworkEnvironment {
	nameResolution(): "answered" | "refused" | "silent" | "elsewhere";
	/** The response to an NTP request; `undefined`: none. */
	queryTimeServer(packet: Uint8Array, address: string): Uint8Array | undefined;
	/** The board has received an NTP response. */
	onTimeResponse(answer: Uint8Array): void;
	/** The board looks up a name; the lookup has ended. */
	onLookup(host: string): void;
	onResolved(host: string, resolved: boolean): void;
	/** A UDP socket was opened or closed. */
	onSockets(change: 1 | -1): void;
}

/** An unused address (RFC 5737). */
const unreachableAddress = "203.0.113.1";

/** The network classes during one start of a board, in memory and virtual time. */
export function makeNetwork(world: NetworkEnvironment): Omit<Network, "WiFi"> {
	return {
		TCP: constructorOf((options: TCPOptions | TCPFromOptions) => new AcceptedConnection(options, world)),
		TLS: constructorOf((options: TLSOptions) => new ServiceConnection(options, world)),
		UDP: constructorOf((options: UDPOptions) =>
			options.multicast === undefined ? new DeviceUdp(options, world) : new MulticastUdp(world),
		),
		Listener: constructorOf((options: ListenerOptions) => new DeviceListener(options, world)),
		resolver: {
			resolve: ({ host, onResolved, onError }) => {
				world.onLookup(host);
				const how = world.isReachable() ? world.nameResolution() : "silent";
				// A resolver retransmits a few times.
				const losses = world.consecutiveLosses() + world.consecutiveLosses();
				if (how === "silent" || losses > 3) return;
				world.after(1000 * losses + 2 * world.latencyMs(), () => {
					world.onResolved(host, how !== "refused");
					if (how === "refused") onError(host);
					else onResolved(host, how === "elsewhere" ? unreachableAddress : addressOf(host));
				});
			},
		},
	};
}

/** An address derived from the characters of the name. */
export function addressOf(host: string): string {
	let sum = 0;
	for (let i = 0; i < host.length; i++) sum += host.charCodeAt(i);
	return `192.0.2.${sum % 250}`;
}

/** No other host speaks Multicast DNS in this network. */
class MulticastUdp implements UDP {
	private readonly environment: NetworkEnvironment;
	private closed = false;

	constructor(environment: NetworkEnvironment) {
		this.environment = environment;
		environment.onSockets(1);
	}

	read(): undefined {
		return undefined;
	}

	write(): void {
		if (this.closed) throw new Error("the socket is closed");
	}

	close(): void {
		if (!this.closed) this.environment.onSockets(-1);
		this.closed = true;
	}
}

class DeviceUdp implements UDP {
	private readonly options: UDPOptions;
	private readonly environment: NetworkEnvironment;
	private readonly packets: UDPPacket[] = [];
	private closed = false;

	constructor(options: UDPOptions, world: NetworkEnvironment) {
		this.options = options;
		this.environment = world;
		world.onSockets(1);
	}

	read(): UDPPacket | undefined {
		return this.packets.shift();
	}

	write(buffer: Bytes, address: string, port: number): void {
		const world = this.environment;
		const question = buffer.slice();
		if (!world.isReachable() || world.consecutiveLosses() > 0) return;
		world.after(world.latencyMs(), () => {
			const answer = world.queryTimeServer(question, address);
			if (answer === undefined || world.consecutiveLosses() > 0) return;
			world.after(world.latencyMs(), () => this.arrive(answer, address, port));
		});
	}

	close(): void {
		if (!this.closed) this.environment.onSockets(-1);
		this.closed = true;
	}

	private arrive(answer: Uint8Array, address: string, port: number): void {
		if (this.closed || !this.environment.isReachable()) return;
		this.packets.push(Object.assign(answer.slice().buffer, { address, port }));
		this.environment.onTimeResponse(answer);
		this.options.onReadable?.(this.packets.length);
	}
}
