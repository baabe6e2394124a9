import type { Network, Time, Timer } from "../boards/board";
import type { TCP, TCPCallbacks } from "../boards/ecma419";
import type { ExchangeFailure, ExchangePhase } from "./exchange-result";
import {
	exchangeFailure,
	failureMessage,
	type Origin,
	timeoutMessage,
	trustFaultOf,
} from "./exchange-result";
import type { ExchangeTimeoutsMs } from "./timeouts";

export interface ChannelCallbacks {
	/** Connected, and secure if TLS; {@link Channel.writableBytes} is set. */
	onOpen(): void;
	/** The server's certificate was verified; `issuer` signed it. */
	onVerified(issuer: string): void;
	/** More bytes can be written. */
	onWritable(): void;
	/** `count` bytes have arrived and must be read now. */
	onReadable(count: number): void;
	/** Could not be opened (the failure), or was lost (the platform's reason, if known). */
	onClosed(end: ExchangeFailure | { readonly error: Error | undefined }): void;
}

export interface ChannelOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly origin: Origin;
	/** Root certificates trusted in addition to the board's, DER. */
	readonly ca: readonly Uint8Array[];
	readonly timeoutsMs: ExchangeTimeoutsMs;
	readonly callbacks: ChannelCallbacks;
}

/**
 * One connection from name resolution to close: resolves, connects and secures, each once and with a timeout, then
 * carries bytes. After {@link close} and after `onClosed`, no callback is called, whatever the resolver and the socket
 * still report.
 */
export class Channel {
	private readonly options: ChannelOptions;
	private phase: Exclude<ExchangePhase, "send" | "receive"> | "open" | "closed" = "resolve";
	private timer: Timer | undefined;
	private socket: TCP | undefined;
	private _writableBytes = 0;

	constructor(options: ChannelOptions) {
		this.options = options;
	}

	/** Separate from the constructor, so that the caller has the channel before the first callback. */
	open(): void {
		const { network, origin } = this.options;
		this.enterPhase("resolve");
		this.tryAction(() =>
			network.resolver.resolve({
				host: origin.host,
				onResolved: (_, address) => {
					if (this.phase === "resolve") this.tryAction(() => this.connect(address));
				},
				onError: () => {
					if (this.phase === "resolve") this.fail(undefined);
				},
			}),
		);
	}

	/** The phase of opening; `undefined` when open or closed. */
	get openingPhase(): "resolve" | "connect" | "secure" | undefined {
		return this.phase === "open" || this.phase === "closed" ? undefined : this.phase;
	}

	/** Bytes that can be written now. */
	get writableBytes(): number {
		return this._writableBytes;
	}

	/** Writes all of `bytes`: at most {@link writableBytes}. */
	write(bytes: Uint8Array): void {
		this._writableBytes -= bytes.length;
		this.socket?.write(bytes);
	}

	/** Reads at most what was announced; returns the number of bytes. */
	read(into: Uint8Array): number {
		return this.socket?.read(into) ?? 0;
	}

	close(): void {
		this.phase = "closed";
		this.options.time.clear(this.timer);
		this.timer = undefined;
		const socket = this.socket;
		this.socket = undefined;
		socket?.close();
	}

	private connect(address: string): void {
		const { network, origin, ca } = this.options;
		const { host, port } = origin;
		this.enterPhase("connect");
		const options = { address, port, nodelay: true, ...this.socketCallbacks() };
		if (!origin.secure) {
			this.socket = new network.TCP(options);
			return;
		}
		const onConnected = () => {
			if (this.phase === "connect") this.enterPhase("secure");
		};
		this.socket = new network.TLS({
			...options,
			host,
			onConnected,
			onVerified: (issuer) => {
				if (this.phase === "secure" || this.phase === "connect") this.options.callbacks.onVerified(issuer);
			},
			...(ca.length > 0 && { secure: { ca } }),
		});
	}

	private socketCallbacks(): Required<TCPCallbacks> {
		const { callbacks } = this.options;
		return {
			onWritable: (count) => {
				this._writableBytes = count;
				if (this.phase === "open") callbacks.onWritable();
				else {
					this.enterPhase("open");
					callbacks.onOpen();
				}
			},
			// lwIP may report readable before connected; nothing has arrived then.
			onReadable: (count) => {
				if (this.phase === "open") callbacks.onReadable(count);
			},
			onError: (error) => this.fail(error),
		};
	}

	private enterPhase(phase: "resolve" | "connect" | "secure" | "open"): void {
		const { time, origin, timeoutsMs } = this.options;
		this.phase = phase;
		time.clear(this.timer);
		this.timer = undefined;
		if (phase === "open") return;
		const timeoutMs = timeoutsMs[phase];
		this.timer = time.set(
			() => this.end(exchangeFailure(phase, timeoutMessage(phase, origin, timeoutMs), false)),
			timeoutMs,
		);
	}

	/** Treats an exception of the platform, such as no memory or socket, like any other failure. */
	private tryAction(action: () => void): void {
		try {
			action();
		} catch (error) {
			if (this.phase !== "closed") this.fail(error);
		}
	}

	private fail(error: unknown): void {
		const { origin } = this.options;
		const trustFault = trustFaultOf(error);
		if (this.phase === "open" || this.phase === "closed")
			this.end({ error: error instanceof Error ? error : undefined });
		else {
			const phase = trustFault === undefined ? this.phase : "secure";
			this.end(exchangeFailure(phase, failureMessage(phase, origin, error), false, trustFault));
		}
	}

	private end(end: ExchangeFailure | { readonly error: Error | undefined }): void {
		this.close();
		this.options.callbacks.onClosed(end);
	}
}
