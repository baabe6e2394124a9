import { decodeUtf8 } from "../common/utf8";
import { isFieldCode, isPlainField, isTokenCode } from "./grammar";

/** Maximum length of a start line, and of a kept header value unless {@link HeadOptions.maxLineBytes} is more. */
export const maxLineBytes = 512;
/** Maximum number of headers of a message, or trailers of a body. */
export const maxHeaderFields = 100;

/** No requested header has a longer name. */
const maxNameBytes = 64;

/** Headers that determine the end of a message: one that is too long to keep cannot be skipped. */
const framingHeaders: readonly string[] = ["content-length", "transfer-encoding", "connection"];
/** Headers of a request's destination and origin: skipping them would let another component see a different one. */
const addressHeaders: readonly string[] = ["host", "origin"];

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;

/** Room for the version of a request line, after method and target. */
const versionBytes = 32;

type State =
	| "start line"
	| "empty line end"
	| "line end"
	| "line start"
	| "name"
	| "value"
	| "last line end"
	| "skipped line"
	| "skipped line start"
	| "done"
	| "failed";

export interface HeadOptions {
	/**
	 * Parses the start line; returns what is wrong with it. Also called with the beginning of an invalid response, which may
	 * have its status. Omitted for trailers.
	 */
	readonly onStartLine?: (line: string) => string | undefined;
	/** The start line is a request's: see {@link HeadParser}. */
	readonly isRequest?: boolean | undefined;
	/** Whether a line that starts with white space continues the header before it (obs-fold). */
	readonly allowsFolding: boolean;
	/** Lower-case names of the headers to keep, in addition to the framing headers. */
	readonly keptHeaders: readonly string[];
	/** Default: {@link maxLineBytes}. */
	readonly maxLineBytes?: number | undefined;
}

/**
 * Parses the start line and headers of one message byte by byte; holds only the current line and the kept headers. Fails on
 * a line that does not end in CRLF, a control character, and a space before the colon (RFC 9112 sections 2.2 and 5.1). A
 * kept header longer than {@link maxLineBytes}, all its values together, is omitted; a `Location` is cut; a framing header,
 * `Host` or `Origin` of that length is an error. Empty lines before it are skipped, as section 2.2 wants it for requests; a
 * response is invalid then, and counts all the same. The target of a request is kept without the query, and cut: phones
 * check for internet access with long ones, and no resource here has a long path.
 */
export class HeadParser {
	private readonly options: HeadOptions;
	private readonly _fields = new Map<string, string | undefined>();
	/** The current start line, name or value. */
	private readonly line: Uint8Array;
	private lineBytes = 0;
	private isOverlong = false;
	private state: State;
	/** The header whose value is being read; `undefined` if it is not kept. */
	private keptName: string | undefined;
	private fieldCount = 0;
	private _problem = "";
	/** After an invalid line, the rest is skipped up to an empty line, which completes the head. */
	skipsInvalid = false;
	/** What the current byte of a request line belongs to. */
	private part: "method" | "target" | "query" | "version" = "method";

	constructor(options: HeadOptions) {
		this.options = options;
		this.line = new Uint8Array(options.maxLineBytes ?? maxLineBytes);
		this.state = options.onStartLine === undefined ? "line start" : "start line";
	}

	get done(): boolean {
		return this.state === "done";
	}

	/** No more bytes are consumed. */
	get failed(): boolean {
		return this.state === "failed";
	}

	/** Why the head is invalid. */
	get problem(): string | undefined {
		return this._problem === "" ? undefined : this._problem;
	}

	/** Kept headers; repeated ones are joined with a comma (RFC 9110 section 5.3). `undefined`: too long. */
	get fields(): ReadonlyMap<string, string | undefined> {
		return this._fields;
	}

	/** Consumes the bytes from `start` to `end`, or to the end of the head; returns where it stopped. */
	push(bytes: Uint8Array, start: number, end: number): number {
		let at = start;
		while (at < end && this.state !== "done" && this.state !== "failed") {
			at = this.takeRun(bytes, at, end);
			if (at === end) break;
			const byte = bytes[at++] ?? 0;
			const next = this.step(byte);
			this.state = next === "failed" && this.skipsInvalid ? this.skipFrom(byte) : next;
		}
		return at;
	}

	/**
	 * Fast path of {@link step} for runs of ordinary bytes in a name, a value or a response's first line; returns where it
	 * stopped.
	 */
	private takeRun(bytes: Uint8Array, start: number, end: number): number {
		const { state, lineBytes } = this;
		const isName = state === "name";
		if (!isName && state !== "value" && (state !== "start line" || this.options.isRequest)) return start;
		const border = bytes.indexOf(isName ? COLON : CR, start);
		const run = bytes.subarray(start, border < 0 || border > end ? end : border);
		const { length } = run;
		const isKept = state !== "value" || this.keptName !== undefined;
		if (isKept && (lineBytes + length > this.line.length || (lineBytes === 0 && run[0] === SP))) return start;
		if (isName) {
			for (let i = 0; i < length; i++) {
				const byte = run[i] ?? 0;
				const code = byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
				if ((code < 0x61 || code > 0x7a) && !isTokenCode(code)) return start;
				this.line[lineBytes + i] = code;
			}
		} else if (!isPlainField(run)) return start;
		else if (isKept) this.line.set(run, lineBytes);
		if (!isKept) return start + length;
		this.lineBytes = lineBytes + length;
		return start + length;
	}

	private step(byte: number): State {
		switch (this.state) {
			case "start line":
				return this.inStartLine(byte);
			case "empty line end":
				return byte === LF ? "start line" : this.fail("one of its lines does not end in CR LF");
			case "line end":
				return byte === LF ? "line start" : this.fail("one of its lines does not end in CR LF");
			case "line start":
				return this.atLineStart(byte);
			case "name":
				return this.inName(byte);
			case "value":
				return this.inValue(byte);
			case "last line end":
				return byte === LF ? "done" : this.fail("one of its lines does not end in CR LF");
			case "skipped line":
				return byte === LF ? "skipped line start" : "skipped line";
			case "skipped line start":
				return byte === LF ? "done" : byte === CR ? "skipped line start" : "skipped line";
			default:
				return this.state;
		}
	}

	/** Starts skipping; an empty line ends the head even if the error was found at its own first byte. */
	private skipFrom(byte: number): State {
		return byte === LF || (byte === CR && this.state === "line start")
			? "skipped line start"
			: "skipped line";
	}

	private inStartLine(byte: number): State {
		const { isRequest = false } = this.options;
		if (byte === CR) {
			if (this.lineBytes === 0) {
				if (!isRequest) this._problem = "an empty line precedes it";
				return "empty line end";
			}
			const problem = this.options.onStartLine?.(this.takeLine());
			return problem === undefined ? "line end" : this.fail(problem);
		}
		const isValid = isFieldCode(byte);
		if (isValid && (!isRequest || this.isKeptOfRequestLine(byte))) this.append(byte);
		if (isValid && !this.isOverlong) return "start line";
		if (!isRequest) this.options.onStartLine?.(this.takeLine());
		return this.fail(
			isValid
				? `its first line is longer than ${this.line.length} bytes`
				: "its first line has a control character",
		);
	}

	private isKeptOfRequestLine(byte: number): boolean {
		if (byte === SP) this.part = this.part === "method" ? "target" : "version";
		else if (byte === QUESTION_MARK && this.part === "target") this.part = "query";
		return (
			this.part !== "query" && (this.part !== "target" || this.lineBytes < this.line.length - versionBytes)
		);
	}

	/** The previous header ends only here: this line may continue it. */
	private atLineStart(byte: number): State {
		if (byte === SP || byte === HTAB) {
			const continues = this.fieldCount > 0 && this.options.allowsFolding;
			return continues ? this.inValue(SP) : this.fail("one of its lines begins with a space");
		}
		if (!this.finishField()) return this.fail("a header is too long");
		if (byte === CR) return "last line end";
		if (++this.fieldCount > maxHeaderFields) return this.fail(`it has more than ${maxHeaderFields} headers`);
		return byte === COLON ? this.fail("a header has no name") : this.inName(byte);
	}

	private inName(byte: number): State {
		if (byte === COLON) {
			const name = this.lineBytes <= maxNameBytes ? this.takeLine() : this.dropLine();
			this.keptName =
				framingHeaders.includes(name) || this.options.keptHeaders.includes(name) ? name : undefined;
			return "value";
		}
		if (!isTokenCode(byte)) return this.fail("a header name has an invalid character");
		// In lower case.
		this.append(byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
		return "name";
	}

	private inValue(byte: number): State {
		if (byte === CR) return "line end";
		if (!isFieldCode(byte)) return this.fail("a header has a control character");
		const leading = this.lineBytes === 0 && (byte === SP || byte === HTAB);
		if (this.keptName !== undefined && !leading) this.append(byte);
		return "value";
	}

	/** False if a header that must not be skipped is too long. */
	private finishField(): boolean {
		const name = this.keptName;
		if (name === undefined) return true;
		this.keptName = undefined;
		while (this.line[this.lineBytes - 1] === SP || this.line[this.lineBytes - 1] === HTAB) this.lineBytes--;
		const before = this._fields.get(name);
		const tooLong = this.isOverlong || this.lineBytes + (before?.length ?? 0) > this.line.length;
		// The host of a redirect is enough.
		const isCut = tooLong && name === "location" && !this._fields.has(name);
		const value = tooLong && !isCut ? this.dropLine() : this.takeLine();
		// Once omitted, it stays omitted, also if repeated.
		const isOmitted = (tooLong && !isCut) || (before === undefined && this._fields.has(name));
		const joined = before === undefined ? value : `${before}, ${value}`;
		this._fields.set(name, isOmitted ? undefined : joined);
		return !tooLong || !(framingHeaders.includes(name) || addressHeaders.includes(name));
	}

	private append(byte: number): void {
		if (this.lineBytes === this.line.length) this.isOverlong = true;
		else this.line[this.lineBytes++] = byte;
	}

	private takeLine(): string {
		const line = decodeUtf8(this.line, 0, this.lineBytes);
		this.dropLine();
		return line;
	}

	private dropLine(): "" {
		this.lineBytes = 0;
		this.isOverlong = false;
		return "";
	}

	private fail(problem: string): State {
		this._problem = problem;
		return "failed";
	}
}
