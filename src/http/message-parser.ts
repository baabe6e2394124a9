import { decodeUtf8 } from "../common/utf8";
import { ChunkedBody } from "./chunked-body";
import { type BodyFraming, findBodyFraming, isPersistent } from "./framing";
import { HeadParser } from "./head-parser";

/** Bytes of all heads of one message: interim answers, start line and headers. */
export const maxHeadBytes = 16 * 1024;
/** Bytes of a body that are read, chunk sizes included, before it is given up. */
export const maxBodyBytes = 64 * 1024;

/** What tells answers from requests. */
export interface MessageFormat<Start extends { readonly minorVersion: number }> {
	/** `answer` or `request`, for sentences. */
	readonly noun: string;
	/** Whether a line that begins with white space continues the header before it. */
	readonly allowsFolding: boolean;
	/** Takes a start line apart; `undefined` when it is none. */
	parseStart(line: string): Start | undefined;
	/** What follows such a start line. Interim: headers only, and then the message proper. */
	bodyExpectation(
		start: Start,
	): "interim" | "no body" | "body if announced" | "body until close" | "unexpected";
}

export interface ParserOptions<Start extends { readonly minorVersion: number }> {
	readonly format: MessageFormat<Start>;
	/** Lower-case names of the headers that are wanted. */
	readonly keptHeaders: readonly string[];
	/** Bytes of the body that are kept. */
	readonly maxKeptBodyBytes: number;
	/** Given the body part by part, also what is not kept of it; a part is gone after the call. */
	readonly onBody?: ((part: Uint8Array) => void) | undefined;
}

/**
 * Reads one HTTP/1.1 message (RFC 9112) from bytes that come in any portions. Its memory is bounded by what it is
 * told to keep; its work by {@link maxHeadBytes} and {@link maxBodyBytes}. It never throws: what it cannot read
 * leaves it `failed`, with a sentence.
 */
export class MessageParser<Start extends { readonly minorVersion: number }> {
	private readonly options: ParserOptions<Start>;
	private readonly _body: KeptBody;
	private _state: "head" | "body" | "done" | "failed" = "head";
	private head: HeadParser;
	private headBytes = 0;
	/** Of the head in hand, which may be an interim one. */
	private startLine: Start | undefined;
	private _start: Start | undefined;
	private framing: BodyFraming = { kind: "length", length: 0 };
	private chunkedBody: ChunkedBody | undefined;
	private bodyBytes = 0;
	private _problem = "";

	constructor(options: ParserOptions<Start>) {
		this.options = options;
		this._body = new KeptBody(options.maxKeptBodyBytes);
		this.head = this.newHead();
	}

	/** `done`: the message is whole. `failed`: see {@link problem}; head and part of the body may still be there. */
	get state(): "head" | "body" | "done" | "failed" {
		return this._state;
	}

	/** A sentence, when `failed`. */
	get problem(): string {
		return this._problem;
	}

	/** Known from the end of the head on; never that of an interim answer. */
	get start(): Start | undefined {
		return this._start;
	}

	/** Those wanted, by lower-case name. */
	get headers(): ReadonlyMap<string, string> {
		const wanted = new Map<string, string>();
		for (const name of this.options.keptHeaders) {
			const value = this.head.fields.get(name);
			if (value !== undefined) wanted.set(name, value);
		}
		return wanted;
	}

	get body(): string {
		return this._body.text;
	}

	/** Whether {@link body} is not the whole body. */
	get isTruncated(): boolean {
		return this._state !== "done" || this._body.isOverflowed;
	}

	/** Whether the body is longer than what is kept of it. */
	get isOverflowed(): boolean {
		return this._body.isOverflowed;
	}

	/** Whether another message may follow on the same connection. */
	get isPersistent(): boolean {
		return (
			this._state === "done" &&
			this._start !== undefined &&
			this.framing.kind !== "close" &&
			isPersistent(this.head.fields, this._start.minorVersion)
		);
	}

	/** Takes bytes; returns how many belong to this message: all, unless it is done or has failed. */
	push(bytes: Uint8Array): number {
		let at = 0;
		while (at < bytes.length && (this._state === "head" || this._state === "body"))
			at = this._state === "head" ? this.pushHead(bytes, at) : this.pushBody(bytes, at);
		return at;
	}

	/** The peer has closed: no more bytes will come. */
	end(): void {
		if (this._state === "body" && this.framing.kind === "close") this._state = "done";
		else if (this._state === "head" || this._state === "body") this.fail("it is not whole");
	}

	private pushHead(bytes: Uint8Array, start: number): number {
		if (this.headBytes === maxHeadBytes) {
			this.fail(`its head is longer than ${maxHeadBytes / 1024} KB`);
			return start;
		}
		const end = Math.min(bytes.length, start + maxHeadBytes - this.headBytes);
		const at = this.head.push(bytes, start, end);
		this.headBytes += at - start;
		if (this.head.problem !== undefined) this.fail(this.head.problem);
		else if (this.head.done && this.startLine !== undefined) this.finishHead(this.startLine);
		return at;
	}

	private finishHead(start: Start): void {
		const expectation = this.options.format.bodyExpectation(start);
		if (expectation === "unexpected") this.fail("it was not asked for");
		else if (expectation === "interim") this.head = this.newHead();
		else if (expectation === "no body") this.beginBody(start, { kind: "length", length: 0 });
		else {
			const withoutLength = expectation === "body until close" ? "close" : "empty";
			this.beginBody(start, findBodyFraming(this.head.fields, start.minorVersion, withoutLength));
		}
	}

	private beginBody(start: Start, framing: BodyFraming): void {
		if (framing.kind === "invalid") {
			this.fail(framing.problem);
			return;
		}
		this._start = start;
		this.framing = framing;
		if (framing.kind === "chunked") this.chunkedBody = new ChunkedBody();
		this._state = framing.kind === "length" && framing.length === 0 ? "done" : "body";
	}

	private pushBody(bytes: Uint8Array, start: number): number {
		if (this.bodyBytes === maxBodyBytes) {
			this.fail(`its body is longer than ${maxBodyBytes / 1024} KB`);
			return start;
		}
		const end = Math.min(bytes.length, start + maxBodyBytes - this.bodyBytes);
		const at = this.takeBody(bytes, start, end);
		this.bodyBytes += at - start;
		if (this.chunkedBody?.problem !== undefined) this.fail(this.chunkedBody.problem);
		else if (this.bodyDone()) this._state = "done";
		return at;
	}

	private takeBody(bytes: Uint8Array, start: number, end: number): number {
		if (this.chunkedBody !== undefined)
			return this.chunkedBody.push(bytes, start, end, (data) => this.takeBodyPart(data));
		const { length } = this.framing.kind === "length" ? this.framing : { length: Number.POSITIVE_INFINITY };
		const stop = Math.min(end, start + length - this.bodyBytes);
		this.takeBodyPart(bytes.subarray(start, stop));
		return stop;
	}

	private takeBodyPart(data: Uint8Array): void {
		this._body.append(data);
		this.options.onBody?.(data);
	}

	private bodyDone(): boolean {
		if (this.chunkedBody !== undefined) return this.chunkedBody.done;
		return this.framing.kind === "length" && this.bodyBytes === this.framing.length;
	}

	private newHead(): HeadParser {
		const { format, keptHeaders } = this.options;
		const onStartLine = (line: string) => {
			this.startLine = format.parseStart(line);
			return this.startLine === undefined ? `it does not begin like an HTTP ${format.noun}` : undefined;
		};
		return new HeadParser({ onStartLine, allowsFolding: format.allowsFolding, keptHeaders });
	}

	private fail(problem: string): void {
		this._state = "failed";
		this._problem = problem;
	}
}

/** The beginning of a body, up to a number of bytes. */
class KeptBody {
	private readonly maxBytes: number;
	private bytes = new Uint8Array(0);
	private keptBytes = 0;
	private _isOverflowed = false;

	constructor(limit: number) {
		this.maxBytes = limit;
	}

	get isOverflowed(): boolean {
		return this._isOverflowed;
	}

	get text(): string {
		return decodeUtf8(this.bytes, 0, this.keptBytes);
	}

	append(data: Uint8Array): void {
		const count = Math.min(data.length, this.maxBytes - this.keptBytes);
		if (count < data.length) this._isOverflowed = true;
		this.reserve(this.keptBytes + count);
		this.bytes.set(data.subarray(0, count), this.keptBytes);
		this.keptBytes += count;
	}

	/** Grows by doubling, so that a short body costs little and a long one few copies. */
	private reserve(length: number): void {
		if (length <= this.bytes.length) return;
		const grown = new Uint8Array(Math.min(this.maxBytes, Math.max(length, 2 * this.bytes.length, 64)));
		grown.set(this.bytes.subarray(0, this.keptBytes));
		this.bytes = grown;
	}
}
