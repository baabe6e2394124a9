import { lowerCase } from "../common/lower-case";
import { isFieldText, isTarget, isToken } from "./grammar";
import { type Body, MessageStream } from "./message-stream";

/** A request of the client. */
export interface HttpRequest {
	readonly method: "GET" | "POST";
	/** The target, including the query: `/api/data`. */
	readonly path: string;
	/** Without `Host` and `Content-Length`, which the connection adds. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	/** Makes the body; called for each attempt: a request is repeated after a stale connection. */
	readonly body?: () => Body;
	/** Bytes of the response's body to keep; default {@link defaultKeptBodyBytes}. */
	readonly maxKeptBodyBytes?: number;
	/**
	 * Makes a callback for the parts of the response's body, kept or not; called for each attempt. An exception in it ends
	 * the exchange, and the connection.
	 */
	readonly makeBodyReader?: () => (part: Uint8Array, head: ResponseHead) => void;
}

/** What is known of a response when its body begins. */
export interface ResponseHead {
	readonly status: number;
	/** The requested headers, by lower-case name. */
	readonly headers: ReadonlyMap<string, string>;
}

/** Enough for an error response with details. */
export const defaultKeptBodyBytes = 1024;

/** Headers that only the connection writes: they frame the message. */
const reservedHeaders: readonly string[] = [
	"host",
	"content-length",
	"transfer-encoding",
	"connection",
	"expect",
];

/**
 * Throws for a malformed request, such as a line break in a header or a space in the path (request splitting): an error
 * of the program, never of a user. The message contains no header value.
 */
export function checkRequest({ path, headers }: HttpRequest): void {
	if (!isTarget(path)) throw new TypeError("the path of a request begins with / and has visible ASCII only");
	for (const [name, value] of headers) {
		if (!isToken(name)) throw new TypeError("a request has a header whose name is not a token");
		if (reservedHeaders.some((other) => other.length === name.length && other === lowerCase(name)))
			throw new TypeError(`the header ${name} is reserved`);
		if (!isFieldText(value)) throw new TypeError(`the value of the header ${name} has a control character`);
	}
}

/** A request as bytes, made as they are read. */
export class RequestStream extends MessageStream {
	/** `authority`: the value of `Host`. */
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
	// A POST without a body has Content-Length 0 (RFC 9110 section 8.6).
	if (body !== undefined || method === "POST") lines.push(`Content-Length: ${length}`);
	return `${lines.join("\r\n")}\r\n\r\n`;
}
