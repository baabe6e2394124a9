import type { Network, Time, Timer } from "../boards/board";
import type { TCP } from "../boards/ecma419";
import { MessageParser } from "./message-parser";
import { type Body, MessageStream, textBody } from "./message-stream";
import { type RequestLine, requestFormat } from "./start-line";

/** What came. Everything in it was written by a stranger. */
export interface ServerRequest {
	readonly method: string;
	/** Without the query. */
	readonly path: string;
	/** The value of `Host`, or what the target said in its place. */
	readonly host: string | undefined;
	/** Of those asked for, by lower-case names. */
	readonly headers: ReadonlyMap<string, string>;
	/** Whole, as text; invalid UTF-8 is replaced. */
	readonly body: string;
}

export interface ServerResponse {
	readonly status: number;
	/** Besides `Content-Length` and `Connection`, which the server writes itself. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body?: Body;
}

/** What one connection may cost: milliseconds and bytes. */
export interface ServerLimits {
	/** Until the first byte of a request, also of the next one. */
	readonly idle: number;
	/** From a request's first byte to its last, however steadily it crawls. */
	readonly request: number;
	/** For the whole answer to be taken. */
	readonly response: number;
	/** A request that was refused is read and dropped for so long: closed over unread bytes, the answer would be lost. */
	readonly drain: number;
	/** Bytes of a request's body. */
	readonly maxBodyBytes: number;
}

export interface ServerConnectionOptions {
	readonly TCP: Network["TCP"];
	/** Accepted by a listener. */
	readonly from: TCP;
	readonly time: Time;
	readonly limits: ServerLimits;
	/** Lower-case names of the headers that the handler wants. */
	readonly keptHeaders: readonly string[];
	/** For what comes in and goes out; each use is over before the next begins. */
	readonly buffer: Uint8Array;
	handle(request: ServerRequest): ServerResponse;
	/** The connection is over. */
	onEnd(): void;
}

type Phase = "idle" | "request" | "response" | "drain" | "ended";

/** One connection of a server: requests and their answers, one after the other, until one end has had enough. */
export class ServerConnection {
	private readonly options: ServerConnectionOptions;
	private readonly socket: TCP;
	/** Of the request in hand: a connection that waits for one, as browsers keep several, is to cost little. */
	private parser: MessageParser<RequestLine> | undefined;
	private phase: Phase = "idle";
	private timer: Timer | undefined;
	private stream: MessageStream | undefined;
	private writableBytes = 0;
	/** What follows the answer: another request, the close, or a pause in which the rest of the request is dropped. */
	private afterResponse: "idle" | "close" | "drain" = "idle";

	constructor(options: ServerConnectionOptions) {
		this.options = options;
		this.socket = new options.TCP({
			from: options.from,
			onReadable: (count) => this.guard(() => this.receive(count)),
			onWritable: (count) => this.guard(() => this.writable(count)),
			onError: () => this.close(),
		});
		this.enterPhase("idle");
	}

	/** Nothing is under way for it: it may be closed for another's sake. */
	get canBeEvicted(): boolean {
		return this.phase !== "response";
	}

	/** May be called twice. */
	close(): void {
		if (this.phase === "ended") return;
		this.phase = "ended";
		this.options.time.clear(this.timer);
		this.socket.close();
		this.options.onEnd();
	}

	private receive(count: number): void {
		const { buffer } = this.options;
		let left = count;
		while (left > 0 && this.phase !== "ended") {
			const length = this.socket.read(buffer.subarray(0, Math.min(buffer.length, left)));
			if (length <= 0) break;
			left -= length;
			this.handleBytes(buffer.subarray(0, length));
		}
	}

	private handleBytes(bytes: Uint8Array): void {
		if (this.phase === "idle") this.enterPhase("request");
		// While it is answered, a client has nothing more to say: what it says all the same ends the connection.
		if (this.phase === "response" && this.afterResponse === "idle") this.afterResponse = "drain";
		if (this.phase !== "request") return;
		this.parser ??= this.newParser();
		const parser = this.parser;
		const taken = parser.push(bytes);
		if (parser.state === "failed") this.refuse(400, `The request cannot be read: ${parser.problem}.`);
		else if (this.isBodyTooLong(parser))
			this.refuse(413, `A request's body has at most ${this.options.limits.maxBodyBytes} bytes.`);
		else if (parser.state === "done") this.handle(parser, taken === bytes.length);
	}

	/** Known from the length it tells, or, when it comes in chunks, as soon as it has grown too long. */
	private isBodyTooLong({ state, headers, isOverflowed }: MessageParser<RequestLine>): boolean {
		if (state !== "body" && state !== "done") return false;
		return isOverflowed || Number(headers.get("content-length") ?? 0) > this.options.limits.maxBodyBytes;
	}

	private handle({ start, headers, body, isPersistent }: MessageParser<RequestLine>, whole: boolean): void {
		if (start === undefined) return;
		const { method, path, authority } = start;
		const response = this.options.handle({
			method,
			path,
			host: authority ?? headers.get("host"),
			headers,
			body,
		});
		this.respond(response, !whole ? "drain" : isPersistent ? "idle" : "close");
	}

	private refuse(status: number, words: string): void {
		const body = textBody(JSON.stringify({ error: words }));
		this.respond({ status, headers: [["Content-Type", "application/json"]], body }, "drain");
	}

	private respond({ status, headers, body }: ServerResponse, then: "idle" | "close" | "drain"): void {
		this.afterResponse = then;
		const lines = [`HTTP/1.1 ${status} ${reasonPhrases[status] ?? "Unknown"}`];
		for (const [name, value] of headers) lines.push(`${name}: ${value}`);
		// A 304 tells nothing of a body (RFC 9110 section 15.4.5).
		if (status !== 304) lines.push(`Content-Length: ${body?.length ?? 0}`);
		lines.push(`Connection: ${then === "idle" ? "keep-alive" : "close"}`);
		const hidden = this.parser?.start?.method === "HEAD" || status === 304;
		this.stream = new MessageStream(`${lines.join("\r\n")}\r\n\r\n`, hidden ? undefined : body);
		this.enterPhase("response");
		this.send();
	}

	private writable(count: number): void {
		this.writableBytes = count;
		this.send();
	}

	private send(): void {
		const { buffer } = this.options;
		const stream = this.stream;
		if (this.phase !== "response" || stream === undefined) return;
		while (!stream.done && this.writableBytes > 0) {
			const part = buffer.subarray(0, Math.min(buffer.length, this.writableBytes));
			const length = stream.read(part);
			this.writableBytes -= length;
			this.socket.write(part.subarray(0, length));
		}
		if (stream.done) this.responseSent();
	}

	private responseSent(): void {
		this.stream = undefined;
		this.parser = undefined;
		if (this.afterResponse === "close") this.close();
		else if (this.afterResponse === "drain") this.enterPhase("drain");
		else this.enterPhase("idle");
	}

	private enterPhase(phase: Exclude<Phase, "ended">): void {
		const { time, limits } = this.options;
		this.phase = phase;
		time.clear(this.timer);
		this.timer = time.set(() => this.close(), limits[phase]);
	}

	private newParser(): MessageParser<RequestLine> {
		const { keptHeaders, limits } = this.options;
		return new MessageParser({
			format: requestFormat,
			keptHeaders: ["host", "content-length", ...keptHeaders],
			maxKeptBodyBytes: limits.maxBodyBytes,
		});
	}

	/** A mistake in here costs the connection, and nothing else. */
	private guard(action: () => void): void {
		if (this.phase === "ended") return;
		try {
			action();
		} catch {
			this.close();
		}
	}
}

const reasonPhrases: Readonly<Record<number, string>> = Object.freeze({
	200: "OK",
	202: "Accepted",
	204: "No Content",
	302: "Found",
	304: "Not Modified",
	400: "Bad Request",
	403: "Forbidden",
	404: "Not Found",
	405: "Method Not Allowed",
	409: "Conflict",
	413: "Content Too Large",
	415: "Unsupported Media Type",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	500: "Internal Server Error",
	503: "Service Unavailable",
});
