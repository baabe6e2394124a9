import SDKUDP from "embedded:io/socket/udp";
import type { Bytes, UDP, UDPOptions, UDPPacket } from "../ecma419";
import { closeIO, defer, guard, toError } from "./callbacks";
import { assertIPv4Address } from "./tcp";

/** The SDK calls back with its object as `this`: a closure for each object would take memory. */
type OwnedUDP = SDKUDP & { owner?: UDPSocket };

function announce(this: OwnedUDP, count: number): void {
	this.owner?.announce(count);
}

/** The SDK's UDP socket; a failure closes it and reaches `onError`. */
export class UDPSocket implements UDP {
	private readonly options: UDPOptions;
	private socket: OwnedUDP | undefined;

	constructor(options: UDPOptions) {
		this.options = options;
		const { port, multicast } = options;
		try {
			const socket: OwnedUDP = new SDKUDP({ ...(port === undefined ? {} : { port }), onReadable: announce });
			socket.owner = this;
			this.socket = socket;
			// Not typed, and not in the SDK's class for Linux.
			if (multicast !== undefined && "add" in socket && typeof socket.add === "function")
				socket.add(multicast);
		} catch (error) {
			const reason = toError(error);
			defer(() => options.onError?.(reason));
		}
	}

	read(): UDPPacket | undefined {
		return this.socket?.read();
	}

	write(buffer: Bytes, address: string, port: number): void {
		if (this.socket === undefined) throw new Error("the socket is closed");
		assertIPv4Address(address);
		try {
			this.socket.write(buffer, address, port);
		} catch (error) {
			defer(() => this.fail(toError(error)));
		}
	}

	close(): void {
		const socket = this.socket;
		this.socket = undefined;
		closeIO(socket);
	}

	announce(count: number): void {
		if (this.socket === undefined) return;
		try {
			this.options.onReadable?.(count);
		} catch (error) {
			this.fail(toError(error));
		}
	}

	private fail(error: Error): void {
		if (this.socket === undefined) return;
		this.close();
		guard(() => this.options.onError?.(error));
	}
}
