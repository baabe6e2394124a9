import type { Network, Time, Timer } from "../boards/board";
import type { TCP, TCPCallbacks } from "../boards/ecma419";
import type { Deadlines } from "./deadlines";
import { broken, failure, type Origin, timedOut, trustFault } from "./failure";
import type { Failure, Step } from "./outcome";

export interface ChannelUser {
	/** Connected, and secure where it is to be; there is {@link Channel.room}. */
	onOpen(): void;
	/** The server's certificate was verified; who signed it. */
	onVerified(issuer: string): void;
	/** There is room again. */
	onWritable(): void;
	/** `count` bytes have arrived and are to be read now. */
	onReadable(count: number): void;
	/** It could not be opened, with the failure; or was lost, with the platform's reason if it gave one. */
	onGone(end: Failure | { readonly error: Error | undefined }): void;
}

export interface ChannelOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly origin: Origin;
	/** Root certificates trusted besides the board's, DER. */
	readonly ca: readonly Uint8Array[];
	readonly deadlines: Deadlines;
	readonly user: ChannelUser;
}

/**
 * One connection from the name to the close: resolves, connects, secures, each once and with a deadline, and then
 * carries bytes. After {@link close}, and after `onGone`, the user is not called again, whatever the resolver and
 * the socket still say.
 */
export class Channel {
	private readonly options: ChannelOptions;
	private step: Exclude<Step, "send" | "receive"> | "open" | "closed" = "resolve";
	private timer: Timer | undefined;
	private socket: TCP | undefined;
	private _room = 0;

	constructor(options: ChannelOptions) {
		this.options = options;
	}

	/** Apart from the constructor, so that the user knows its channel when the first callback comes. */
	open(): void {
		const { network, origin } = this.options;
		this.enter("resolve");
		this.attempt(() =>
			network.resolver.resolve({
				host: origin.host,
				onResolved: (_, address) => {
					if (this.step === "resolve") this.attempt(() => this.connect(address));
				},
				onError: () => {
					if (this.step === "resolve") this.break(undefined);
				},
			}),
		);
	}

	/** Where it is on the way, `undefined` when open or closed. */
	get opening(): "resolve" | "connect" | "secure" | undefined {
		return this.step === "open" || this.step === "closed" ? undefined : this.step;
	}

	/** Bytes that can be written now. */
	get room(): number {
		return this._room;
	}

	/** Writes all of `bytes`, which must not be more than {@link room}. */
	write(bytes: Uint8Array): void {
		this._room -= bytes.length;
		this.socket?.write(bytes);
	}

	/** Only what was announced; returns how many bytes. */
	read(into: Uint8Array): number {
		return this.socket?.read(into) ?? 0;
	}

	close(): void {
		this.step = "closed";
		this.options.time.clear(this.timer);
		this.timer = undefined;
		const socket = this.socket;
		this.socket = undefined;
		socket?.close();
	}

	private connect(address: string): void {
		const { network, origin, ca } = this.options;
		const { host, port } = origin;
		this.enter("connect");
		const options = { address, port, nodelay: true, ...this.callbacks() };
		if (!origin.secure) {
			this.socket = new network.TCP(options);
			return;
		}
		const onConnected = () => {
			if (this.step === "connect") this.enter("secure");
		};
		this.socket = new network.TLS({
			...options,
			host,
			onConnected,
			onVerified: (issuer) => {
				if (this.step === "secure" || this.step === "connect") this.options.user.onVerified(issuer);
			},
			...(ca.length > 0 && { secure: { ca } }),
		});
	}

	private callbacks(): Required<TCPCallbacks> {
		const { user } = this.options;
		return {
			onWritable: (count) => {
				this._room = count;
				if (this.step === "open") user.onWritable();
				else {
					this.enter("open");
					user.onOpen();
				}
			},
			// lwIP may tell of data before it tells that the connection is made; no server has anything to say then.
			onReadable: (count) => {
				if (this.step === "open") user.onReadable(count);
			},
			onError: (error) => this.break(error),
		};
	}

	private enter(step: "resolve" | "connect" | "secure" | "open"): void {
		const { time, origin, deadlines } = this.options;
		this.step = step;
		time.clear(this.timer);
		this.timer = undefined;
		if (step === "open") return;
		const deadline = deadlines[step];
		this.timer = time.set(() => this.end(failure(step, timedOut(step, origin, deadline), false)), deadline);
	}

	/** A platform may throw where it has no memory or no socket left: that is a failure like any other. */
	private attempt(action: () => void): void {
		try {
			action();
		} catch (error) {
			if (this.step !== "closed") this.break(error);
		}
	}

	private break(error: unknown): void {
		const { origin } = this.options;
		const trust = trustFault(error);
		if (this.step === "open" || this.step === "closed")
			this.end({ error: error instanceof Error ? error : undefined });
		else {
			const step = trust === undefined ? this.step : "secure";
			this.end(failure(step, broken(step, origin, error), false, trust));
		}
	}

	private end(end: Failure | { readonly error: Error | undefined }): void {
		this.close();
		this.options.user.onGone(end);
	}
}
