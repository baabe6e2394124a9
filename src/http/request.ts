import { encodeInto, byteLength as utf8Length } from "../text/utf8";
import { isFieldText, isTarget, isToken } from "./grammar";

/** What a client asks. */
export interface Request {
	readonly method: "GET" | "POST";
	/** With the query, as it goes out: `/api/data`. */
	readonly path: string;
	/** Besides `Host` and `Content-Length`, which the exchange writes itself. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** Makes the body: called for each attempt, so that one that failed on a stale connection can be repeated. */
	readonly body?: () => Body;
	/** Bytes of the answer's body that are kept, {@link defaultKeptBody} if left out. */
	readonly keptBody?: number;
}

/** Pulled as the socket takes it, never held whole. */
export interface Body {
	/** Bytes. */
	readonly length: number;
	/** Fills `into` with the next bytes and returns how many; 0 only at the end. */
	read(into: Uint8Array): number;
}

/** Enough for an error and its details. */
export const defaultKeptBody = 1024;

/** The headers that frame the message: the exchange's own business. */
const framing: readonly string[] = ["host", "content-length", "transfer-encoding", "connection", "expect"];

/**
 * Throws when the request could not be told from another on the wire: a line break in a header, a space in the
 * path. This is a mistake of the program, never of a user, and the message never has a header's value.
 */
export function checkRequest({ path, headers }: Request): void {
	if (!isTarget(path)) throw new TypeError("the path of a request begins with / and has visible ASCII only");
	for (const [name, value] of headers) {
		if (!isToken(name)) throw new TypeError("a request has a header whose name is not a token");
		if (framing.includes(name.toLowerCase())) throw new TypeError(`the exchange itself writes ${name}`);
		if (!isFieldText(value)) throw new TypeError(`the value of the header ${name} has a control character`);
	}
}

/** A request as the bytes that go out, made as they are asked for. */
export class RequestStream {
	readonly #head: Uint8Array;
	readonly #body: Body | undefined;
	#headRead = 0;
	#bodyLeft: number;

	/** `authority` is the value of `Host`. */
	constructor(request: Request, authority: string) {
		this.#body = request.body?.();
		this.#bodyLeft = this.#body?.length ?? 0;
		if (!Number.isSafeInteger(this.#bodyLeft) || this.#bodyLeft < 0)
			throw new RangeError("the body of a request has no usable length");
		this.#head = encodeHead(request, authority, this.#bodyLeft);
	}

	/** Whether all of it has been read. */
	get done(): boolean {
		return this.#headRead === this.#head.length && this.#bodyLeft === 0;
	}

	/** Fills `into` as far as the request goes; returns how many bytes. Throws when the body ends too early. */
	read(into: Uint8Array): number {
		let count = Math.min(into.length, this.#head.length - this.#headRead);
		into.set(this.#head.subarray(this.#headRead, this.#headRead + count));
		this.#headRead += count;
		while (count < into.length && this.#bodyLeft > 0) {
			const room = into.subarray(count, Math.min(into.length, count + this.#bodyLeft));
			const added = this.#body?.read(room) ?? 0;
			if (!(added > 0 && added <= room.length))
				throw new RangeError(`the body of a request ends ${this.#bodyLeft} bytes too early`);
			count += added;
			this.#bodyLeft -= added;
		}
		return count;
	}
}

function encodeHead({ method, path, headers, body }: Request, authority: string, length: number): Uint8Array {
	const lines = [`${method} ${path} HTTP/1.1`, `Host: ${authority}`];
	for (const [name, value] of headers) lines.push(`${name}: ${value}`);
	// A POST without a body says so (RFC 9110 section 8.6).
	if (body !== undefined || method === "POST") lines.push(`Content-Length: ${length}`);
	const text = `${lines.join("\r\n")}\r\n\r\n`;
	const bytes = new Uint8Array(utf8Length(text));
	encodeInto(text, bytes, 0);
	return bytes;
}
