import type { Network, Time, Timer } from "../boards/board";
import { Channel, type ChannelCallbacks } from "./channel";
import type { ExchangeFailure, ExchangeResult } from "./exchange-result";
import { exchangeFailure, failureMessage, type Origin } from "./exchange-result";
import { checkRequest, type HttpRequest, RequestStream } from "./request";
import { type AttemptResult, RequestAttempt } from "./request-attempt";
import { defaultTimeoutsMs, type ExchangeTimeoutsMs } from "./timeouts";

export interface HttpConnectionOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly host: string;
	readonly port: number;
	/** TLS; only tests do without. */
	readonly secure: boolean;
	/** Root certificates trusted besides the board's, DER. */
	readonly ca?: readonly Uint8Array[];
	readonly timeoutsMs?: Partial<ExchangeTimeoutsMs>;
	/** Names of the headers to keep of an answer, lower-case. */
	readonly responseHeaders?: readonly string[];
	/** The server's certificate was verified; who signed it. */
	onVerified?(issuer: string): void;
}

/** What goes to a socket, or comes from it, at a time. */
const bufferBytes = 1024;

/**
 * How long a kept connection is watched before it is used again, milliseconds. A server that closes after its
 * answer without a word is found out before anything is sent, so that nobody has to guess whether it arrived.
 */
const idleCheckMs = 20;

/** An exchange under way. */
interface PendingExchange {
	readonly request: HttpRequest;
	readonly settle: (outcome: ExchangeResult) => void;
	readonly timeoutTimer: Timer;
}

/**
 * An HTTP/1.1 client for one origin, with one connection that is kept between exchanges as long as the server
 * agrees. Redirects are not followed, and nothing is tried twice, with one exception: when a connection that had
 * been kept turns out to be gone before any answer, and the server cannot have got the whole request (or the
 * request is a GET), it goes out once more over a new one. A POST that was handed over whole may have been acted
 * upon, so whoever asked has to decide.
 */
export class HttpConnection {
	private readonly options: HttpConnectionOptions;
	private readonly origin: Origin;
	private readonly timeoutsMs: ExchangeTimeoutsMs;
	private readonly callbacks: ChannelCallbacks;
	private readonly buffer = new Uint8Array(bufferBytes);
	private channel: Channel | undefined;
	/** Whether the channel has carried an exchange before this one. */
	private isReused = false;
	private pending: PendingExchange | undefined;
	private attempt: RequestAttempt | undefined;
	private idleCheckTimer: Timer | undefined;
	private _connectionCount = 0;
	private closed = false;

	constructor(options: HttpConnectionOptions) {
		const { host, port, secure, timeoutsMs } = options;
		this.options = options;
		this.origin = { host, port, secure };
		this.timeoutsMs = { ...defaultTimeoutsMs, ...timeoutsMs };
		this.callbacks = {
			onOpen: () => this.guard(() => this.channelOpened()),
			onVerified: (issuer) => this.guard(() => options.onVerified?.(issuer)),
			onWritable: () => this.guard(() => this.attempt?.send()),
			onReadable: (count) => this.guard(() => this.bytesReceived(count)),
			onClosed: (end) => this.guard(() => this.channelClosed(end)),
		};
	}

	/** How many connections have been made. */
	get connectionCount(): number {
		return this._connectionCount;
	}

	/**
	 * Sends a request and reads its answer to the end. Settles once and never rejects, whatever happens.
	 * Throws at once when another exchange is under way, or when the request cannot be one: mistakes of the program.
	 */
	exchange(request: HttpRequest): Promise<ExchangeResult> {
		if (this.pending !== undefined) throw new Error("a connection carries one exchange at a time");
		checkRequest(request);
		return new Promise((settle) => {
			if (this.closed) settle(exchangeFailure("connect", "the connection has been closed", false));
			else this.start(request, settle);
		});
	}

	/** Ends everything; an exchange under way fails. */
	close(): void {
		this.closed = true;
		this.abort("the exchange was broken off");
		this.dropChannel();
	}

	private start(request: HttpRequest, settle: (outcome: ExchangeResult) => void): void {
		const { time } = this.options;
		const { total } = this.timeoutsMs;
		const late = `the exchange with ${this.origin.host} was not over after ${total / 1000} s`;
		const timeoutTimer = time.set(() => this.abort(late), total);
		this.pending = { request, settle, timeoutTimer };
		this.isReused = this.channel !== undefined;
		if (this.isReused)
			this.idleCheckTimer = time.set(() => this.guard(() => this.beginAttempt()), idleCheckMs);
		else this.openChannel();
	}

	private openChannel(): void {
		const { network, time, ca = [] } = this.options;
		this.dropChannel();
		this.isReused = false;
		const channel = new Channel({
			network,
			time,
			ca,
			origin: this.origin,
			timeoutsMs: this.timeoutsMs,
			callbacks: this.callbacks,
		});
		this.channel = channel;
		channel.open();
	}

	private channelOpened(): void {
		this._connectionCount++;
		this.beginAttempt();
	}

	private beginAttempt(): void {
		const { time, host, port, secure, responseHeaders = [] } = this.options;
		const request = this.pending?.request;
		const channel = this.channel;
		if (request === undefined || channel === undefined) return;
		const authority = port === (secure ? 443 : 80) ? host : `${host}:${port}`;
		this.attempt = new RequestAttempt({
			request,
			stream: new RequestStream(request, authority),
			channel,
			origin: this.origin,
			time,
			timeoutsMs: this.timeoutsMs,
			buffer: this.buffer,
			responseHeaders,
			onEnd: (end) => this.attemptEnded(end),
		});
		this.attempt.send();
	}

	private bytesReceived(count: number): void {
		if (this.attempt !== undefined) this.attempt.receive(count);
		// What nobody asked for cannot be told from the answer to the next request.
		else if (this.pending === undefined) this.dropChannel();
		else this.openChannel();
	}

	private channelClosed(end: ExchangeFailure | { readonly error: Error | undefined }): void {
		this.dropChannel();
		if ("kind" in end) this.settle(end);
		else if (this.attempt !== undefined) this.attempt.connectionClosed(end.error);
		else if (this.pending !== undefined) this.openChannel();
	}

	private attemptEnded({ result, isReusable, isRetryable }: AttemptResult): void {
		this.attempt = undefined;
		if (!isReusable) this.dropChannel();
		// Once: the connection that replaces it is new, and what happens there counts.
		if (isRetryable && this.isReused) this.openChannel();
		else this.settle(result);
	}

	private abort(message: string): void {
		if (this.attempt !== undefined) this.attempt.abort(message);
		else this.settle(exchangeFailure(this.channel?.openingPhase ?? "connect", message, false));
	}

	private settle(outcome: ExchangeResult): void {
		const pending = this.pending;
		if (pending === undefined) return;
		this.pending = undefined;
		this.options.time.clear(pending.timeoutTimer);
		pending.settle(outcome);
	}

	private dropChannel(): void {
		this.options.time.clear(this.idleCheckTimer);
		this.channel?.close();
		this.channel = undefined;
	}

	/** Nothing may be thrown into the platform, least of all on a chip: it would restart. */
	private guard(action: () => void): void {
		try {
			action();
		} catch (error) {
			this.dropChannel();
			if (this.attempt !== undefined) this.attempt.fail(error);
			else this.settle(exchangeFailure("send", failureMessage("send", this.origin, error), false));
		}
	}
}
