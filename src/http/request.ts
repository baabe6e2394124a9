import { isFieldText, isTarget, isToken } from "./grammar";
import { type Body, MessageStream } from "./message-stream";

/** What a client asks. */
export interface HttpRequest {
	readonly method: "GET" | "POST";
	/** With the query, as it goes out: `/api/data`. */
	readonly path: string;
	/** Besides `Host` and `Content-Length`, which the exchange writes itself. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** Makes the body: called for each attempt, so that one that failed on a stale connection can be repeated. */
	readonly body?: () => Body;
	/** Bytes of the answer's body that are kept, {@link defaultKeptBodyBytes} if left out. */
	readonly maxKeptBodyBytes?: number;
	/** Makes what the answer's body is given to part by part, also what is not kept of it: called for each attempt. */
	readonly makeBodyReader?: () => (part: Uint8Array) => void;
}

/** Enough for an error and its details. */
export const defaultKeptBodyBytes = 1024;

/** The headers that frame the message: the exchange's own business. */
const reservedHeaders: readonly string[] = [
	"host",
	"content-length",
	"transfer-encoding",
	"connection",
	"expect",
];

/**
 * Throws when the request could not be told from another on the wire: a line break in a header, a space in the
 * path. This is a mistake of the program, never of a user, and the message never has a header's value.
 */
export function checkRequest({ path, headers }: HttpRequest): void {
	if (!isTarget(path)) throw new TypeError("the path of a request begins with / and has visible ASCII only");
	for (const [name, value] of headers) {
		if (!isToken(name)) throw new TypeError("a request has a header whose name is not a token");
		if (reservedHeaders.includes(name.toLowerCase()))
			throw new TypeError(`the exchange itself writes ${name}`);
		if (!isFieldText(value)) throw new TypeError(`the value of the header ${name} has a control character`);
	}
}

/** A request as the bytes that go out, made as they are asked for. */
export class RequestStream extends MessageStream {
	/** `authority` is the value of `Host`. */
	constructor(request: HttpRequest, authority: string) {
		const body = request.body?.();
		const length = body?.length ?? 0;
		if (!Number.isSafeInteger(length) || length < 0)
			throw new RangeError("the body of a request has no usable length");
		super(requestHead(request, authority, length), body);
	}
}

function requestHead(
	{ method, path, headers, body }: HttpRequest,
	authority: string,
	length: number,
): string {
	const lines = [`${method} ${path} HTTP/1.1`, `Host: ${authority}`];
	for (const [name, value] of headers) lines.push(`${name}: ${value}`);
	// A POST without a body says so (RFC 9110 section 8.6).
	if (body !== undefined || method === "POST") lines.push(`Content-Length: ${length}`);
	return `${lines.join("\r\n")}\r\n\r\n`;
}
