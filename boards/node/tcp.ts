import { connect, isIPv4, type Socket } from "node:net";
import type { Bytes, TCP, TCPConstructor, TCPFromOptions, TCPOptions } from "../../src/boards/ecma419";
import { explainError } from "./errors";
import { type Hold, noHold } from "./real-time-hold";
import { NodeTCPSocket, type NodeTCPSocketOptions } from "./tcp-socket";

/** The TCP class of a board on Node. `hold` is called for each socket. */
export function makeTCP({ hold = noHold }: { hold?: Hold } = {}): TCPConstructor {
	return class extends NodeTCPSocket {
		constructor(options: TCPOptions | TCPFromOptions) {
			super("from" in options ? acceptedOptions(options, hold) : connectOptions(options, hold));
		}
	};
}

/** Throws unless `address` is a dotted IPv4 address. */
export function checkAddress(address: string): void {
	if (!isIPv4(address)) throw new TypeError(`"${address}" is not an IPv4 address`);
}

function connectOptions(options: TCPOptions, hold: Hold): NodeTCPSocketOptions {
	const { address, port, nodelay = false } = options;
	checkAddress(address);
	const socket = connect({ host: address, port, noDelay: nodelay });
	return { socket, openEvent: "connect", callbacks: options, hold, explain: explainError };
}

function acceptedOptions(options: TCPFromOptions, hold: Hold): NodeTCPSocketOptions {
	const socket = options.from instanceof AcceptedConnection ? options.from.release() : undefined;
	if (socket === undefined) throw new TypeError("only a connection from a listener can be taken over, once");
	return { socket, callbacks: options, hold, explain: explainError };
}

/** A connection accepted by a listener, paused until a TCP object takes it over. */
export class AcceptedConnection implements TCP {
	private socket: Socket | undefined;

	constructor(socket: Socket) {
		this.socket = socket;
	}

	get remoteAddress(): string | undefined {
		return this.socket?.remoteAddress;
	}

	get remotePort(): number | undefined {
		return this.socket?.remotePort;
	}

	read(_buffer: Bytes): number {
		return 0;
	}

	write(_buffer: Bytes): void {
		throw new Error("the connection has not been taken over");
	}

	/** Hands the socket over to the caller; `undefined` if it is closed or taken. */
	release(): Socket | undefined {
		const socket = this.socket;
		this.socket = undefined;
		return socket;
	}

	close(): void {
		this.release()?.destroy();
	}
}
