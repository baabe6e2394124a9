import { hexValue } from "../common/hex";
import { isFieldCode } from "./grammar";
import { HeadParser } from "./head-parser";

/** Hexadecimal digits of a chunk size: up to 4 GiB, far above any limit here. */
const maxSizeDigits = 8;

const CR = 0x0d;
const LF = 0x0a;
const SP = 0x20;
const HTAB = 0x09;
const SEMICOLON = 0x3b;

type State =
	| "size"
	| "extension"
	| "size end"
	| "data"
	| "data end"
	| "data line end"
	| "trailers"
	| "failed";

/** Decodes the chunked transfer coding (RFC 9112 section 7.1). Ignores extensions and trailers. */
export class ChunkedBody {
	private readonly trailers = new HeadParser({ allowsFolding: false, keptHeaders: [] });
	private state: State = "size";
	private digitCount = 0;
	/** Remaining bytes of this chunk. */
	private remainingBytes = 0;
	private _problem = "";

	get done(): boolean {
		return this.trailers.done;
	}

	/** Why the coding is invalid; no more bytes are consumed then. */
	get problem(): string | undefined {
		return this.state === "failed" ? this._problem : this.trailers.problem;
	}

	/** Consumes the bytes from `start` to `end`, or to the end of the body; returns where it stopped. */
	push(bytes: Uint8Array, start: number, end: number, onData: (bytes: Uint8Array) => void): number {
		let at = start;
		while (at < end && !this.done && this.problem === undefined) {
			if (this.state === "trailers") at = this.trailers.push(bytes, at, end);
			else if (this.state === "data") at = this.passData(bytes, at, end, onData);
			else this.state = this.step(bytes[at++] ?? 0);
		}
		return at;
	}

	private passData(
		bytes: Uint8Array,
		start: number,
		end: number,
		onData: (bytes: Uint8Array) => void,
	): number {
		const stop = Math.min(end, start + this.remainingBytes);
		onData(bytes.subarray(start, stop));
		this.remainingBytes -= stop - start;
		if (this.remainingBytes === 0) this.state = "data end";
		return stop;
	}

	private step(byte: number): State {
		switch (this.state) {
			case "size":
				return this.inSize(byte);
			case "extension":
				if (byte === CR) return "size end";
				return isFieldCode(byte) ? "extension" : this.fail("a chunk of its body has a control character");
			case "size end":
				return this.expect(byte, LF, this.remainingBytes === 0 ? "trailers" : "data");
			case "data end":
				return this.expect(byte, CR, "data line end");
			case "data line end":
				this.digitCount = 0;
				return this.expect(byte, LF, "size");
			default:
				return this.state;
		}
	}

	private inSize(byte: number): State {
		const digit = hexValue(byte);
		if (digit !== undefined) {
			this.remainingBytes = this.remainingBytes * 16 + digit;
			return ++this.digitCount > maxSizeDigits ? this.fail("a chunk of its body is too large") : "size";
		}
		if (this.digitCount === 0) return this.fail("a chunk of its body has no size");
		if (byte === CR) return "size end";
		// White space before an extension is invalid but occurs in practice.
		if (byte === SEMICOLON || byte === SP || byte === HTAB) return "extension";
		return this.fail("the size of a chunk of its body is not a number");
	}

	private expect(byte: number, expected: number, next: State): State {
		return byte === expected ? next : this.fail("a chunk of its body does not end at its size");
	}

	private fail(problem: string): State {
		this._problem = problem;
		return "failed";
	}
}
