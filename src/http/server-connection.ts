import type { Network, Time, Timer } from "../boards/board";
import type { TCP } from "../boards/ecma419";
import { lowerCase } from "../common/lower-case";
import { isDigits, untilAnyOf } from "../common/text-pattern";
import { encodeUtf8 } from "../common/utf8";
import { MessageParser } from "./message-parser";
import { MessageStream } from "./message-stream";
import { busyResponse, errorResponse } from "./page-response";
import type { ServerRequest, ServerResponse } from "./server-messages";
import { type RequestLine, requestFormat } from "./start-line";

/** Limits of one connection: timeouts in milliseconds, and bytes. */
export interface ServerLimits {
	/** Until the first byte of a request, also of a following one. */
	readonly idle: number;
	/** From the first byte of a request to its last, even if it makes slow progress. */
	readonly request: number;
	/** To send the whole response. */
	readonly response: number;
	/** To read and drop the rest of a rejected request: closing with unread bytes would lose the response. */
	readonly drain: number;
	/** Maximum size of a request's body. */
	readonly maxBodyBytes: number;
}

export interface ServerConnectionOptions {
	readonly TCP: Network["TCP"];
	/** Accepted by a listener. */
	readonly from: TCP;
	readonly time: Time;
	readonly limits: ServerLimits;
	/** Lower-case names of the headers passed to the handler. */
	readonly keptHeaders: readonly string[];
	/** Shared by receiving and sending: each use ends before the next begins. */
	readonly buffer: Uint8Array;
	/** Called with each request head, and again with its end: whether to serve the request now. Default: all are served. */
	admit?(path: string, bodyBytes: number): boolean;
	handle(request: ServerRequest): ServerResponse;
	/** The connection was closed. */
	onEnd(): void;
}

/** Maximum start line and kept header: each connection keeps up to nine. */
const maxHeaderBytes = 128;
/** A chunk of one byte takes up to 13: its size in eight digits, and two line ends. */
const maxBytesPerChunkByte = 16;
const interimResponse = encodeUtf8("HTTP/1.1 100 Continue\r\n\r\n");

type Phase = "idle" | "request" | "response" | "drain" | "ended";

/** One connection of a server: requests and responses in turn, until one side closes. */
export class ServerConnection {
	private readonly options: ServerConnectionOptions;
	private readonly socket: TCP;
	/** Only while a request is received: browsers keep several idle connections, which must cost little. */
	private parser: MessageParser<RequestLine> | undefined;
	private phase: Phase = "idle";
	/** Start of the current phase, ticks. */
	since = 0;
	private timer: Timer | undefined;
	private stream: MessageStream | undefined;
	private writableBytes = 0;
	/** 100 Continue was sent for this request. */
	private isConfirmed = false;
	/** Set while it is the one request that takes memory: since when (ticks), and the bytes received and sent. */
	turn: { readonly since: number; bytes: number } | undefined;
	/** What follows the response: another request, the close, or dropping the rest of the request. */
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

	/** Lower ranks are evicted first: idle, receiving a request, responding. */
	get evictionRank(): number {
		if (this.phase === "response") return 2;
		return this.phase === "request" ? 1 : 0;
	}

	get remoteAddress(): string | undefined {
		return this.socket.remoteAddress;
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

	private handleBytes(received: Uint8Array): void {
		// Empty lines before and after a request are skipped (RFC 9112 section 2.2).
		const bytes = this.phase === "request" ? received : withoutLineEnds(received);
		if (bytes.length === 0) return;
		if (this.phase === "idle") this.enterPhase("request");
		// Bytes during the response (pipelining) end the connection after it.
		if (this.phase === "response" && this.afterResponse === "idle") this.afterResponse = "drain";
		if (this.phase !== "request") return;
		this.parser ??= this.newParser();
		const parser = this.parser;
		const taken = parser.push(bytes);
		if (this.turn !== undefined) this.turn.bytes += taken;
		if (parser.state === "failed") this.reject(400, `The request cannot be read: ${parser.problem}.`);
		else if (parser.state === "head") return;
		else if (this.isBodyTooLong(parser))
			this.reject(413, `A request's body has at most ${this.options.limits.maxBodyBytes} bytes.`);
		else if (!hasValidHost(parser))
			this.reject(400, "The request needs one Host header, of a name and perhaps a port.");
		else if ((this.turn === undefined || parser.state === "done") && !this.isAdmitted(parser))
			this.respond(busyResponse(), parser.state === "done" ? "close" : "drain");
		else if (parser.state === "done")
			this.handle(parser, withoutLineEnds(bytes.subarray(taken)).length === 0);
		else this.confirm(parser);
	}

	private isAdmitted({ start, bodyLength }: MessageParser<RequestLine>): boolean {
		return this.options.admit?.(start?.path ?? "", bodyLength ?? Number.POSITIVE_INFINITY) ?? true;
	}

	/** Sends 100 Continue, which a client may wait for before it sends the body (RFC 9110 section 10.1.1). */
	private confirm({ start, headers }: MessageParser<RequestLine>): void {
		const expectation = headers.get("expect");
		if (this.isConfirmed || expectation === undefined || start?.minorVersion === 0) return;
		this.isConfirmed = true;
		if (lowerCase(expectation) !== "100-continue")
			this.reject(417, "The only expectation that is met is 100-continue.");
		else if (this.writableBytes >= interimResponse.length) {
			this.writableBytes -= interimResponse.length;
			this.socket.write(interimResponse);
		}
	}

	/** Checks the Content-Length; a chunked body, once it has grown too long. */
	private isBodyTooLong({ bodyLength = 0, isOverflowed }: MessageParser<RequestLine>): boolean {
		return isOverflowed || bodyLength > this.options.limits.maxBodyBytes;
	}

	private handle(parser: MessageParser<RequestLine>, whole: boolean): void {
		const { start, headers, isPersistent } = parser;
		if (start === undefined) return;
		const { method, path, authority } = start;
		const response = this.options.handle({
			method,
			path,
			host: authority ?? headers.get("host"),
			headers,
			get body() {
				return parser.body;
			},
			takeBody: () => parser.takeBody(),
		});
		this.respond(response, !whole ? "drain" : isPersistent ? "idle" : "close");
	}

	private reject(status: number, message: string, after: "close" | "drain" = "drain"): void {
		this.respond(errorResponse(status, message), after);
	}

	private respond({ status, headers, body }: ServerResponse, after: "idle" | "close" | "drain"): void {
		this.afterResponse = after;
		const lines = [`HTTP/1.1 ${status} ${reasonPhrases[status] ?? "Unknown"}`];
		for (const [name, value] of headers) lines.push(`${name}: ${value}`);
		// A 304 has no Content-Length (RFC 9110 section 15.4.5).
		if (status !== 304) lines.push(`Content-Length: ${body?.length ?? 0}`);
		lines.push(`Connection: ${after === "idle" ? "keep-alive" : "close"}`);
		const hasNoBody = this.parser?.start?.method === "HEAD" || status === 304;
		this.parser = undefined;
		this.stream = new MessageStream(`${lines.join("\r\n")}\r\n\r\n`, hasNoBody ? undefined : body);
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
			if (this.turn !== undefined) this.turn.bytes += length;
			this.socket.write(part.subarray(0, length));
		}
		if (stream.done) this.responseSent();
	}

	private responseSent(): void {
		this.stream = this.turn = undefined;
		this.isConfirmed = false;
		if (this.afterResponse === "close") this.close();
		else if (this.afterResponse === "drain") this.enterPhase("drain");
		else this.enterPhase("idle");
	}

	private enterPhase(phase: Exclude<Phase, "ended">): void {
		const { time, limits } = this.options;
		this.phase = phase;
		this.since = time.ticks();
		time.clear(this.timer);
		this.timer = time.set(() => this.onTimeout(), limits[phase]);
	}

	/** A slow client gets 408 (RFC 9110 section 15.5.9); one that has not begun a request gets nothing. */
	private onTimeout(): void {
		if (this.phase === "request") this.guard(() => this.reject(408, "The request took too long.", "close"));
		else this.close();
	}

	private newParser(): MessageParser<RequestLine> {
		const { keptHeaders, limits } = this.options;
		return new MessageParser({
			format: requestFormat,
			keptHeaders: ["host", "expect", ...keptHeaders],
			maxHeaderBytes,
			maxKeptBodyBytes: limits.maxBodyBytes,
			maxTransferBytes: maxBytesPerChunkByte * limits.maxBodyBytes,
		});
	}

	/** An exception closes only this connection. */
	private guard(action: () => void): void {
		if (this.phase === "ended") return;
		try {
			action();
		} catch {
			this.close();
		}
	}
}

/** The bytes after leading line ends. */
function withoutLineEnds(bytes: Uint8Array): Uint8Array {
	let at = 0;
	while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++;
	return bytes.subarray(at);
}

/** Whether there is at most one host with port (RFC 9112 section 3.2). A missing one is left to the handler. */
function hasValidHost({ headers }: MessageParser<RequestLine>): boolean {
	const host = headers.get("host") ?? "";
	if (untilAnyOf(" \t,/?#@", host) !== host) return false;
	// An IPv6 address is in brackets.
	const end = host.startsWith("[") ? host.indexOf("]") + 1 : 0;
	const [name, port = "", ...rest] = host.slice(end).split(":");
	return rest.length === 0 && (end === 0 || name === "") && (port === "" || isDigits(port));
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
	408: "Request Timeout",
	409: "Conflict",
	413: "Content Too Large",
	415: "Unsupported Media Type",
	417: "Expectation Failed",
	421: "Misdirected Request",
	422: "Unprocessable Content",
	500: "Internal Server Error",
	503: "Service Unavailable",
});
