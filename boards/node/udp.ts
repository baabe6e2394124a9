import { createSocket, type Socket } from "node:dgram";
import type { Bytes, UDP, UDPConstructor, UDPOptions, UDPPacket } from "../../src/boards/ecma419";
import { explainError } from "./errors";
import { type Hold, noHold } from "./real-time-hold";
import { checkAddress } from "./tcp";

/** Maximum pending packets; more are dropped, as UDP allows. */
const maxPendingPackets = 8;
const loopback = "127.0.0.1";

/** The UDP class of a board on Node. */
export function makeUDP({ hold = noHold }: { hold?: Hold } = {}): UDPConstructor {
	return class extends NodeUDP {
		constructor(options: UDPOptions) {
			super(options, hold);
		}
	};
}

class NodeUDP implements UDP {
	private readonly options: UDPOptions;
	private readonly socket: Socket;
	private readonly release: () => void;
	private readonly pendingPackets: UDPPacket[] = [];
	private closed = false;

	constructor(options: UDPOptions, hold: Hold) {
		this.options = options;
		const { multicast } = options;
		this.socket = createSocket({ type: "udp4", reuseAddr: multicast !== undefined });
		this.socket.on("error", (error) => this.fail(error));
		this.socket.on("message", (data, { address, port }) => this.receive(data, address, port));
		if (multicast !== undefined) this.socket.on("listening", () => this.join(multicast));
		this.socket.bind(options.port ?? 0);
		// A multicast socket stays open while the board is online, so it must not hold time.
		this.release = multicast === undefined ? hold() : () => {};
	}

	read(): UDPPacket | undefined {
		return this.pendingPackets.shift();
	}

	write(buffer: Bytes, address: string, port: number): void {
		if (this.closed) throw new Error("the socket is closed");
		checkAddress(address);
		this.socket.send(Uint8Array.from(buffer), port, address, (error) => {
			if (error !== null) this.fail(error);
		});
	}

	close(): void {
		if (this.closed) return;
		this.closed = true;
		this.pendingPackets.length = 0;
		this.socket.close();
		this.release();
	}

	/** Joins on loopback only: other computers cannot reach a virtual board. */
	private join(group: string): void {
		try {
			this.socket.addMembership(group, loopback);
			this.socket.setMulticastInterface(loopback);
			this.socket.setMulticastTTL(255);
		} catch (error) {
			this.fail(error);
		}
	}

	private receive(data: Uint8Array, address: string, port: number): void {
		if (this.closed || this.pendingPackets.length === maxPendingPackets) return;
		const { buffer } = Uint8Array.from(data);
		this.pendingPackets.push(Object.assign(buffer, { address, port }));
		try {
			this.options.onReadable?.(this.pendingPackets.length);
		} catch (thrown) {
			this.fail(thrown);
		}
	}

	private fail(error: unknown): void {
		if (this.closed) return;
		this.close();
		try {
			this.options.onError?.(error instanceof Error ? explainError(error) : undefined);
		} catch (thrown) {
			process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
		}
	}
}
