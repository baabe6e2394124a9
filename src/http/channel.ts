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
	/** Connected, and secure where it is to be; there is {@link Channel.writableBytes}. */
	onOpen(): void;
	/** The server's certificate was verified; who signed it. */
	onVerified(issuer: string): void;
	/** There is room again. */
	onWritable(): void;
	/** `count` bytes have arrived and are to be read now. */
	onReadable(count: number): void;
	/** It could not be opened, with the failure; or was lost, with the platform's reason if it gave one. */
	onClosed(end: ExchangeFailure | { readonly error: Error | undefined }): void;
}

export interface ChannelOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly origin: Origin;
	/** Root certificates trusted besides the board's, DER. */
	readonly ca: readonly Uint8Array[];
	readonly timeoutsMs: ExchangeTimeoutsMs;
	readonly callbacks: ChannelCallbacks;
}

/**
 * One connection from the name to the close: resolves, connects, secures, each once and with a deadline, and then
 * carries bytes. After {@link close}, and after `onGone`, the user is not called again, whatever the resolver and
 * the socket still say.
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

	/** Apart from the constructor, so that the user knows its channel when the first callback comes. */
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

	/** Where it is on the way, `undefined` when open or closed. */
	get openingPhase(): "resolve" | "connect" | "secure" | undefined {
		return this.phase === "open" || this.phase === "closed" ? undefined : this.phase;
	}

	/** Bytes that can be written now. */
	get writableBytes(): number {
		return this._writableBytes;
	}

	/** Writes all of `bytes`, which must not be more than {@link writableBytes}. */
	write(bytes: Uint8Array): void {
		this._writableBytes -= bytes.length;
		this.socket?.write(bytes);
	}

	/** Only what was announced; returns how many bytes. */
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
			// lwIP may tell of data before it tells that the connection is made; no server has anything to say then.
			onReadable: (count) => {
				if (this.phase === "open") callbacks.onReadable(count);
			},
			onError: (error) => this.fail(error),
		};
	}

	private enterPhase(step: "resolve" | "connect" | "secure" | "open"): void {
		const { time, origin, timeoutsMs } = this.options;
		this.phase = step;
		time.clear(this.timer);
		this.timer = undefined;
		if (step === "open") return;
		const deadline = timeoutsMs[step];
		this.timer = time.set(
			() => this.end(exchangeFailure(step, timeoutMessage(step, origin, deadline), false)),
			deadline,
		);
	}

	/** A platform may throw where it has no memory or no socket left: that is a failure like any other. */
	private tryAction(action: () => void): void {
		try {
			action();
		} catch (error) {
			if (this.phase !== "closed") this.fail(error);
		}
	}

	private fail(error: unknown): void {
		const { origin } = this.options;
		const trust = trustFaultOf(error);
		if (this.phase === "open" || this.phase === "closed")
			this.end({ error: error instanceof Error ? error : undefined });
		else {
			const step = trust === undefined ? this.phase : "secure";
			this.end(exchangeFailure(step, failureMessage(step, origin, error), false, trust));
		}
	}

	private end(end: ExchangeFailure | { readonly error: Error | undefined }): void {
		this.close();
		this.options.callbacks.onClosed(end);
	}
}
