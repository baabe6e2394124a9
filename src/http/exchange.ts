import type { Network, Time, Timer } from "../boards/board";
import { Attempt, type AttemptEnd } from "./attempt";
import { Channel, type ChannelUser } from "./channel";
import { type Deadlines, defaultDeadlines } from "./deadlines";
import { broken, failure, type Origin } from "./failure";
import type { Failure, Outcome } from "./outcome";
import { checkRequest, type Request, RequestStream } from "./request";

export type { Deadlines } from "./deadlines";
export type { Answer, Failure, Outcome, Step } from "./outcome";
export type { Body, Request } from "./request";

export interface HttpConnectionOptions {
	readonly network: Pick<Network, "TCP" | "TLS" | "resolver">;
	readonly time: Time;
	readonly host: string;
	readonly port: number;
	/** TLS; only tests do without. */
	readonly secure: boolean;
	/** Root certificates trusted besides the board's, DER. */
	readonly ca?: readonly Uint8Array[];
	readonly deadlines?: Partial<Deadlines>;
	/** Names of the headers to keep of an answer, lower-case. */
	readonly answerHeaders?: readonly string[];
	/** The server's certificate was verified; who signed it. */
	onVerified?(issuer: string): void;
}

/** What goes to a socket, or comes from it, at a time. */
const bufferLength = 1024;

/**
 * How long a kept connection is watched before it is used again, milliseconds. A server that closes after its
 * answer without a word is found out before anything is sent, so that nobody has to guess whether it arrived.
 */
const watchTime = 20;

/** An exchange under way. */
interface Pending {
	readonly request: Request;
	readonly settle: (outcome: Outcome) => void;
	readonly deadline: Timer;
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
	private readonly deadlines: Deadlines;
	private readonly user: ChannelUser;
	private readonly buffer = new Uint8Array(bufferLength);
	private channel: Channel | undefined;
	/** Whether the channel has carried an exchange before this one. */
	private reused = false;
	private pending: Pending | undefined;
	private attempt: Attempt | undefined;
	private watch: Timer | undefined;
	private _handshakes = 0;
	private closed = false;

	constructor(options: HttpConnectionOptions) {
		const { host, port, secure, deadlines } = options;
		this.options = options;
		this.origin = { host, port, secure };
		this.deadlines = { ...defaultDeadlines, ...deadlines };
		this.user = {
			onOpen: () => this.guard(() => this.opened()),
			onVerified: (issuer) => this.guard(() => options.onVerified?.(issuer)),
			onWritable: () => this.guard(() => this.attempt?.send()),
			onReadable: (count) => this.guard(() => this.received(count)),
			onGone: (end) => this.guard(() => this.gone(end)),
		};
	}

	/** How many connections have been made. */
	get handshakes(): number {
		return this._handshakes;
	}

	/**
	 * Sends a request and reads its answer to the end. Settles once and never rejects, whatever happens.
	 * Throws at once when another exchange is under way, or when the request cannot be one: mistakes of the program.
	 */
	exchange(request: Request): Promise<Outcome> {
		if (this.pending !== undefined) throw new Error("a connection carries one exchange at a time");
		checkRequest(request);
		return new Promise((settle) => {
			if (this.closed) settle(failure("connect", "the connection has been closed", false));
			else this.start(request, settle);
		});
	}

	/** Ends everything; an exchange under way fails. */
	close(): void {
		this.closed = true;
		this.giveUp("the exchange was broken off");
		this.dropChannel();
	}

	private start(request: Request, settle: (outcome: Outcome) => void): void {
		const { time } = this.options;
		const { whole } = this.deadlines;
		const late = `the exchange with ${this.origin.host} was not over after ${whole / 1000} s`;
		const deadline = time.set(() => this.giveUp(late), whole);
		this.pending = { request, settle, deadline };
		this.reused = this.channel !== undefined;
		if (this.reused) this.watch = time.set(() => this.guard(() => this.begin()), watchTime);
		else this.dial();
	}

	private dial(): void {
		const { network, time, ca = [] } = this.options;
		this.dropChannel();
		this.reused = false;
		const channel = new Channel({
			network,
			time,
			ca,
			origin: this.origin,
			deadlines: this.deadlines,
			user: this.user,
		});
		this.channel = channel;
		channel.open();
	}

	private opened(): void {
		this._handshakes++;
		this.begin();
	}

	private begin(): void {
		const { time, host, port, secure, answerHeaders = [] } = this.options;
		const request = this.pending?.request;
		const channel = this.channel;
		if (request === undefined || channel === undefined) return;
		const authority = port === (secure ? 443 : 80) ? host : `${host}:${port}`;
		this.attempt = new Attempt({
			request,
			stream: new RequestStream(request, authority),
			channel,
			origin: this.origin,
			time,
			deadlines: this.deadlines,
			buffer: this.buffer,
			answerHeaders,
			onEnd: (end) => this.ended(end),
		});
		this.attempt.send();
	}

	private received(count: number): void {
		if (this.attempt !== undefined) this.attempt.receive(count);
		// What nobody asked for cannot be told from the answer to the next request.
		else if (this.pending === undefined) this.dropChannel();
		else this.dial();
	}

	private gone(end: Failure | { readonly error: Error | undefined }): void {
		this.dropChannel();
		if ("kind" in end) this.settle(end);
		else if (this.attempt !== undefined) this.attempt.gone(end.error);
		else if (this.pending !== undefined) this.dial();
	}

	private ended({ outcome, reusable, repeatable }: AttemptEnd): void {
		this.attempt = undefined;
		if (!reusable) this.dropChannel();
		// Once: the connection that replaces it is new, and what happens there counts.
		if (repeatable && this.reused) this.dial();
		else this.settle(outcome);
	}

	private giveUp(message: string): void {
		if (this.attempt !== undefined) this.attempt.giveUp(message);
		else this.settle(failure(this.channel?.opening ?? "connect", message, false));
	}

	private settle(outcome: Outcome): void {
		const pending = this.pending;
		if (pending === undefined) return;
		this.pending = undefined;
		this.options.time.clear(pending.deadline);
		pending.settle(outcome);
	}

	private dropChannel(): void {
		this.options.time.clear(this.watch);
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
			else this.settle(failure("send", broken("send", this.origin, error), false));
		}
	}
}
