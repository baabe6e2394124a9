import type { Network, Time, Timer } from "../boards/board";
import { minPartLength } from "../common/redact";
import { Channel, type ChannelCallbacks } from "./channel";
import type { ExchangeFailure, ExchangeResult, HttpResponse } from "./exchange-result";
import { exchangeFailure, failureMessage, type Origin } from "./exchange-result";
import { checkRequest, type HttpRequest, RequestStream } from "./request";
import { type AttemptResult, RequestAttempt } from "./request-attempt";
import { defaultTimeoutsMs, type ExchangeTimeoutsMs } from "./timeouts";

export interface HttpConnectionOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly host: string;
	readonly port: number;
	/** TLS. */
	readonly secure: boolean;
	/** Root certificates trusted in addition to the board's, DER. */
	readonly ca?: readonly Uint8Array[];
	readonly timeoutsMs?: Partial<ExchangeTimeoutsMs>;
	/** Lower-case names of the response headers to keep. */
	readonly responseHeaders?: readonly string[];
	/** Maximum length of such a header; a longer one is omitted, a longer `Location` cut. Default: 512. */
	readonly maxHeaderBytes?: number;
	/** Sent with the requests; redacted in responses, so that a server that echoes it does not put it into logs or pages. */
	readonly secret?: string;
	/** The server's certificate was verified; `issuer` signed it. */
	onVerified?(issuer: string): void;
}

/** Maximum bytes per read from or write to a socket. */
const bufferBytes = 1024;

/**
 * A persistent connection is watched this long before it is reused: if the server closed it without announcing that, nothing
 * is sent, so it is clear that no request arrived.
 */
const idleCheckMs = 20;

/** A server that has just failed is given this long before the request is sent again. */
const resendDelayMs = 1_000;

/** An exchange in progress. */
interface PendingExchange {
	readonly request: HttpRequest;
	readonly settle: (result: ExchangeResult) => void;
	readonly timeoutTimer: Timer;
}

/**
 * An HTTP/1.1 client for one origin, with one persistent connection. It follows no redirects and retries nothing, with
 * one exception: if a reused connection is lost before any byte of the response, and the server cannot have the whole
 * request (or it is a GET), the request is sent again over a new connection, a second later. The server may have acted on
 * a POST that was sent completely, so its caller decides.
 */
export class HttpConnection {
	private readonly options: HttpConnectionOptions;
	private readonly origin: Origin;
	private readonly timeoutsMs: ExchangeTimeoutsMs;
	private readonly callbacks: ChannelCallbacks;
	private readonly buffer = new Uint8Array(bufferBytes);
	private channel: Channel | undefined;
	/** Whether the channel carried an exchange before this one. */
	private isReused = false;
	private pending: PendingExchange | undefined;
	private attempt: RequestAttempt | undefined;
	/** Ends the idle check, or the delay before a request is sent again. */
	private delayTimer: Timer | undefined;
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

	/** Number of connections opened so far. */
	get connectionCount(): number {
		return this._connectionCount;
	}

	/**
	 * Sends a request and reads its response to the end. Never rejects. Throws if another exchange is in progress or the
	 * request is malformed: errors of the program.
	 */
	exchange(request: HttpRequest): Promise<ExchangeResult> {
		if (this.pending !== undefined) throw new Error("a connection carries one exchange at a time");
		checkRequest(request);
		return new Promise((settle) => {
			if (this.closed) settle(exchangeFailure("connect", "the connection has been closed", false));
			else this.start(request, settle);
		});
	}

	/** Closes the connection; an exchange in progress fails. */
	close(): void {
		this.closed = true;
		this.abort("the exchange was cancelled");
		this.dropChannel();
	}

	private start(request: HttpRequest, settle: (result: ExchangeResult) => void): void {
		const { time } = this.options;
		const { total } = this.timeoutsMs;
		const late = `the exchange with ${this.origin.host} timed out after ${total / 1000} s`;
		const timeoutTimer = time.set(() => this.abort(late), total);
		this.pending = { request, settle, timeoutTimer };
		this.isReused = this.channel !== undefined;
		if (this.isReused) this.delayTimer = time.set(() => this.guard(() => this.beginAttempt()), idleCheckMs);
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
		const { time, host, port, secure, responseHeaders = [], maxHeaderBytes } = this.options;
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
			maxHeaderBytes,
			onEnd: (end) => this.attemptEnded(end),
		});
		this.attempt.send();
	}

	private bytesReceived(count: number): void {
		if (this.attempt !== undefined) this.attempt.receive(count);
		// Unsolicited bytes could pass for the response to the next request.
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
		// Retried only once: the result on the new connection is final.
		if (isRetryable && this.isReused)
			this.delayTimer = this.options.time.set(() => this.guard(() => this.openChannel()), resendDelayMs);
		else this.settle(result);
	}

	private abort(message: string): void {
		if (this.attempt !== undefined) this.attempt.abort(message);
		else this.settle(exchangeFailure(this.channel?.openingPhase ?? "connect", message, false));
	}

	private settle(result: ExchangeResult): void {
		const pending = this.pending;
		if (pending === undefined) return;
		this.pending = undefined;
		this.options.time.clear(pending.timeoutTimer);
		this.options.time.clear(this.delayTimer);
		const { secret = "" } = this.options;
		pending.settle(secret === "" || result.kind === "failure" ? result : redact(result, secret));
	}

	private dropChannel(): void {
		this.options.time.clear(this.delayTimer);
		this.channel?.close();
		this.channel = undefined;
	}

	/** An exception in a callback of the platform would restart the chip. */
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

/**
 * The response with `…` in place of the secret, also where the end of the kept body cuts it off. Each response comes through
 * here: a search for any part of the secret (`common/redact`) would cost ten thousand computrons.
 */
function redact(response: HttpResponse, secret: string): HttpResponse {
	const hide = (text: string) => text.replaceAll(secret, "…");
	let body = hide(response.body);
	for (let length = secret.length - 1; length >= minPartLength; length--)
		if (body.endsWith(secret.slice(0, length))) body = `${body.slice(0, -length)}…`;
	const headers = new Map(Array.from(response.headers, ([name, value]) => [name, hide(value)]));
	return { ...response, headers, body };
}
