import type { Network } from "../../src/boards/board";
import type {
	TCP,
	TCPFromOptions,
	TCPOptions,
	TLSOptions,
	UDP,
	UDPOptions,
	UDPPacket,
} from "../../src/boards/ecma419";
import type { LeapingTime } from "./leaping-time";

/** A network that makes time run in real time while a connection is open. */
export function realTimeNetwork(network: Network, time: LeapingTime): Network {
	return {
		...network,
		TCP: class extends RealTimeSocket {
			constructor(options: TCPOptions | TCPFromOptions) {
				super(options, time, (callbacks) => new network.TCP({ ...options, ...callbacks }));
			}
		},
		TLS: class extends RealTimeSocket {
			constructor(options: TLSOptions) {
				super(options, time, (callbacks) => new network.TLS({ ...options, ...callbacks }));
			}
		},
		UDP: class extends RealTimeUdp {
			constructor(options: UDPOptions) {
				// One that is open as long as the board is online does not hold the time.
				super(new network.UDP(options), options.multicast === undefined ? time : undefined);
			}
		},
	};
}

class RealTimeSocket implements TCP {
	private readonly socket: TCP;
	private readonly release: () => void;

	constructor(
		{ onError }: Pick<TCPOptions, "onError">,
		time: LeapingTime,
		open: (callbacks: { onError(error?: Error): void }) => TCP,
	) {
		this.release = time.hold();
		this.socket = open({
			onError: (error) => {
				this.release();
				onError?.(error);
			},
		});
	}

	get remoteAddress(): string | undefined {
		return this.socket.remoteAddress;
	}

	get remotePort(): number | undefined {
		return this.socket.remotePort;
	}

	read(buffer: Uint8Array): number {
		return this.socket.read(buffer);
	}

	write(buffer: Uint8Array): void {
		this.socket.write(buffer);
	}

	close(): void {
		this.release();
		this.socket.close();
	}
}

class RealTimeUdp implements UDP {
	private readonly socket: UDP;
	private readonly release: () => void;

	constructor(socket: UDP, time: LeapingTime | undefined) {
		this.socket = socket;
		this.release = time?.hold() ?? (() => {});
	}

	read(): UDPPacket | undefined {
		return this.socket.read();
	}

	write(buffer: Uint8Array, address: string, port: number): void {
		this.socket.write(buffer, address, port);
	}

	close(): void {
		this.release();
		this.socket.close();
	}
}
