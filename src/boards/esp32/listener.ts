import SDKListener from "embedded:io/socket/listener";
import type { Listener, ListenerOptions, TCP } from "../ecma419";
import { closeIO, defer, guard, toError } from "./callbacks";
import { AcceptedTCPSocket } from "./tcp";

/** The SDK calls back with its object as `this`: a closure for each object would take memory. */
type OwnedListener = SDKListener & { owner?: TCPListener };

function announce(this: OwnedListener, count: number): void {
	this.owner?.announce(count);
}

/** The SDK's TCP listener, on all addresses of the board: the SDK supports no other. */
export class TCPListener implements Listener {
	private readonly options: ListenerOptions;
	private listener: OwnedListener | undefined;

	constructor(options: ListenerOptions) {
		this.options = options;
		try {
			this.listener = new SDKListener({ port: options.port, onReadable: announce });
			this.listener.owner = this;
		} catch (error) {
			const reason = toError(error);
			defer(() => options.onError?.(reason));
		}
	}

	get port(): number {
		return this.listener?.port ?? this.options.port;
	}

	read(): TCP | undefined {
		try {
			const socket = this.listener?.read();
			return socket === undefined ? undefined : new AcceptedTCPSocket(socket);
		} catch {
			// It was closed before it was read.
			return undefined;
		}
	}

	close(): void {
		const listener = this.listener;
		this.listener = undefined;
		closeIO(listener);
	}

	announce(count: number): void {
		if (this.listener === undefined) return;
		guard(() => this.options.onReadable?.(count));
	}
}
