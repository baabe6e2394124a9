import { decodeUtf8 } from "../common/utf8";
import { ChunkedBody } from "./chunked-body";
import { type BodyFraming, findBodyFraming, isPersistent } from "./framing";
import { HeadParser } from "./head-parser";

/** Maximum size of the head of one message; each interim response has its own. */
export const maxHeadBytes = 16 * 1024;
/** Maximum bytes of a body, chunk sizes included, before the parser fails. */
export const maxBodyBytes = 64 * 1024;

/** What differs between requests and responses. */
export interface MessageFormat<Start extends { readonly minorVersion: number }> {
	/** `response` or `request`, for messages. */
	readonly noun: string;
	/** Its start line is a request's, see {@link HeadParser}. */
	readonly isRequest?: boolean;
	/** Whether a line that starts with white space continues the header before it (obs-fold). */
	readonly allowsFolding: boolean;
	/** Parses a start line; `undefined` if it is invalid. */
	parseStart(line: string): Start | undefined;
	/** What follows such a start line. Interim: headers only, then the final message. */
	bodyExpectation(
		start: Start,
	): "interim" | "no body" | "body if announced" | "body until close" | "unexpected";
}

export interface ParserOptions<Start extends { readonly minorVersion: number }> {
	readonly format: MessageFormat<Start>;
	/** Lower-case names of the headers to keep. */
	readonly keptHeaders: readonly string[];
	/** Maximum length of a header to keep; default: 512. */
	readonly maxHeaderBytes?: number | undefined;
	/** Maximum bytes of the body to keep. */
	readonly maxKeptBodyBytes: number;
	/** Maximum bytes of a body, chunk sizes included, before the parser fails; default: {@link maxBodyBytes}. */
	readonly maxTransferBytes?: number;
	/** Called with each part of the body, kept or not; valid only during the call. */
	readonly onBody?: ((part: Uint8Array) => void) | undefined;
}

/**
 * Parses one HTTP/1.1 message (RFC 9112) from bytes in any portions. Its memory is bounded by what it has to keep, its
 * work by {@link maxHeadBytes} and {@link maxBodyBytes}; the number of interim responses only by the caller's timeout. It
 * never throws: on invalid input its state is `failed`.
 */
export class MessageParser<Start extends { readonly minorVersion: number }> {
	private readonly options: ParserOptions<Start>;
	private readonly _body: KeptBody;
	private _state: "head" | "body" | "done" | "failed" = "head";
	private head: HeadParser;
	private _interimCount = 0;
	private headBytes = 0;
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

	/** `done`: the message is complete. `failed`: {@link problem} ended it; head and part of the body may be available. */
	get state(): "head" | "body" | "done" | "failed" {
		return this._state;
	}

	/** What is invalid, also in an interim response before it: the connection cannot be reused. */
	get problem(): string {
		return this._problem;
	}

	/**
	 * Known once its line is complete, even if the rest is invalid; never that of an interim response. An invalid line is
	 * parsed as far as possible.
	 */
	get start(): Start | undefined {
		return this._start;
	}

	/** How many interim responses have come before the message. */
	get interimCount(): number {
		return this._interimCount;
	}

	/** Whether nothing of the message has arrived, except whole interim responses. */
	get isUntouched(): boolean {
		return this._state === "head" && this.headBytes === 0;
	}

	/** The kept headers, by lower-case name. */
	get headers(): ReadonlyMap<string, string> {
		const kept = new Map<string, string>();
		for (const name of this.options.keptHeaders) {
			const value = this.head.fields.get(name);
			if (value !== undefined) kept.set(name, value);
		}
		return kept;
	}

	get body(): string {
		return this._body.text();
	}

	/** Returns {@link body} and clears it, freeing its bytes while the text is made. */
	takeBody(): string {
		return this._body.text(true);
	}

	/** Length according to the head, bytes; `undefined`: there is a body of unknown length. */
	get bodyLength(): number | undefined {
		return this.framing.kind === "length" ? this.framing.length : undefined;
	}

	/** Whether {@link body} is incomplete. */
	get isTruncated(): boolean {
		return this._state !== "done" || this._body.isOverflowed;
	}

	/** Whether the body is longer than the maximum to keep. */
	get isOverflowed(): boolean {
		return this._body.isOverflowed;
	}

	/** Whether the connection persists after this message. */
	get isPersistent(): boolean {
		return (
			this._state === "done" &&
			this._problem === "" &&
			this._start !== undefined &&
			this.framing.kind !== "close" &&
			isPersistent(this.head.fields, this._start.minorVersion)
		);
	}

	/** Consumes bytes; returns how many belong to this message: all, unless it is done or has failed. */
	push(bytes: Uint8Array): number {
		let at = 0;
		while (at < bytes.length && (this._state === "head" || this._state === "body"))
			at = this._state === "head" ? this.pushHead(bytes, at) : this.pushBody(bytes, at);
		return at;
	}

	/** Call when the peer has closed the connection. */
	end(): void {
		if (this._state === "body" && this.framing.kind === "close") this._state = "done";
		else if (this._state === "head" || this._state === "body") this.fail("it is incomplete");
	}

	private pushHead(bytes: Uint8Array, start: number): number {
		const { head } = this;
		const isTooLong = this.headBytes >= maxHeadBytes;
		if (isTooLong) {
			this._problem = `its head is longer than ${maxHeadBytes / 1024} KB`;
			if (!head.skipsInvalid) {
				this._state = "failed";
				return start;
			}
		}
		const left = isTooLong ? Number.POSITIVE_INFINITY : maxHeadBytes - this.headBytes;
		const at = head.push(bytes, start, Math.min(bytes.length, start + left));
		this.headBytes += at - start;
		if (head.problem !== undefined) this._problem = head.problem;
		if (head.done) this.finishHead();
		else if (head.failed) this.fail(this._problem);
		return at;
	}

	private finishHead(): void {
		const start = this._start;
		const expectation = start === undefined ? "interim" : this.options.format.bodyExpectation(start);
		if (start === undefined || expectation === "interim") {
			this.head = this.newHead();
			this.headBytes = 0;
			this._interimCount++;
		} else if (expectation === "no body") this.beginBody({ kind: "length", length: 0 });
		else {
			const withoutLength = expectation === "body until close" ? "close" : "empty";
			this.beginBody(findBodyFraming(this.head.fields, start.minorVersion, withoutLength));
		}
	}

	private beginBody(framing: BodyFraming): void {
		if (framing.kind === "invalid") {
			this.fail(framing.problem);
			return;
		}
		this.framing = framing;
		if (framing.kind === "chunked") this.chunkedBody = new ChunkedBody();
		else if (framing.kind === "length") this._body.announce(framing.length);
		this._state = framing.kind === "length" && framing.length === 0 ? "done" : "body";
	}

	private pushBody(bytes: Uint8Array, start: number): number {
		const { maxTransferBytes = maxBodyBytes } = this.options;
		if (this.bodyBytes === maxTransferBytes) {
			this.fail(`its body is longer than ${maxTransferBytes / 1024} KB`);
			return start;
		}
		const end = Math.min(bytes.length, start + maxTransferBytes - this.bodyBytes);
		const at = this.takeBodyBytes(bytes, start, end);
		this.bodyBytes += at - start;
		if (this.chunkedBody?.problem !== undefined) this.fail(this.chunkedBody.problem);
		else if (this.bodyDone()) this._state = "done";
		return at;
	}

	private takeBodyBytes(bytes: Uint8Array, start: number, end: number): number {
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
		const { format, keptHeaders, maxHeaderBytes } = this.options;
		const onStartLine = (line: string) => {
			const start = format.parseStart(line);
			if (start === undefined) return `it does not begin like an HTTP ${format.noun}`;
			const expectation = format.bodyExpectation(start);
			if (expectation === "unexpected") return "it is unexpected";
			if (expectation === "interim")
				// The final response counts, whatever came before it.
				// mutation: skip-invalid-interim
				this.head.skipsInvalid = true;
			else this._start = start;
			return undefined;
		};
		const { allowsFolding, isRequest } = format;
		return new HeadParser({
			...{ onStartLine, isRequest, allowsFolding, keptHeaders },
			maxLineBytes: maxHeaderBytes,
		});
	}

	private fail(problem: string): void {
		this._state = "failed";
		this._problem = problem;
	}
}

/** Bytes of a body that are allocated and freed together. */
const pieceBytes = 1_024;

/** The first bytes of a body, up to a maximum: in pieces, so that they can be freed while its text is made. */
class KeptBody {
	private readonly maxBytes: number;
	/** All are full but the last. */
	private pieces: Uint8Array[] = [];
	private announcedBytes = Number.POSITIVE_INFINITY;
	private keptBytes = 0;
	private _isOverflowed = false;

	constructor(maxBytes: number) {
		this.maxBytes = maxBytes;
	}

	get isOverflowed(): boolean {
		return this._isOverflowed;
	}

	/** `frees`: it is empty afterwards. */
	text(frees = false): string {
		const { pieces, keptBytes } = this;
		if (frees) {
			this.pieces = [];
			this.keptBytes = 0;
		}
		const texts: string[] = [];
		let left = keptBytes;
		let rest = new Uint8Array(0);
		for (let index = 0; left > 0; index++) {
			const piece = pieces[index]?.subarray(0, left) ?? rest;
			if (frees) pieces[index] = rest;
			left -= piece.length;
			let bytes = piece;
			if (rest.length > 0) {
				bytes = new Uint8Array(rest.length + piece.length);
				bytes.set(rest);
				bytes.set(piece, rest.length);
			}
			const end = left === 0 ? bytes.length : startOfCutCharacter(bytes);
			texts.push(decodeUtf8(bytes, 0, end));
			rest = bytes.slice(end);
		}
		return texts.join("");
	}

	/** Sets the expected length, so that no more is allocated. */
	announce(lengthBytes: number): void {
		this.announcedBytes = lengthBytes;
	}

	append(data: Uint8Array): void {
		const end = Math.min(data.length, this.maxBytes - this.keptBytes);
		if (end < data.length) this._isOverflowed = true;
		for (let at = 0; at < end; ) {
			const offset = this.keptBytes % pieceBytes;
			const room = Math.min(this.maxBytes, this.announcedBytes) - this.keptBytes;
			if (offset === 0) this.pieces.push(new Uint8Array(Math.min(pieceBytes, room)));
			const part = data.subarray(at, Math.min(end, at + pieceBytes - offset));
			this.pieces.at(-1)?.set(part, offset);
			this.keptBytes += part.length;
			at += part.length;
		}
	}
}

/** Index of an incomplete UTF-8 character at the end; the length if there is none. */
function startOfCutCharacter(bytes: Uint8Array): number {
	const { length } = bytes;
	for (let at = length - 1; at >= length - 3 && at >= 0; at--) {
		const byte = bytes[at] ?? 0;
		if (byte < 0x80) break;
		if (byte >= 0xc0) return at + (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4) > length ? at : length;
	}
	return length;
}
