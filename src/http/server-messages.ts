import type { Body } from "./message-stream";

/** A received request: untrusted. */
export interface ServerRequest {
	readonly method: string;
	/** Without the query. */
	readonly path: string;
	/** The value of `Host`, or the authority of the target. */
	readonly host: string | undefined;
	/** The kept headers, by lower-case name. */
	readonly headers: ReadonlyMap<string, string>;
	/** The whole body as text, decoded at each read so that it need not be kept; invalid UTF-8 is replaced. */
	readonly body: string;
	/** Returns the body and clears it: takes half the memory, as the bytes are freed during decoding. */
	takeBody?(): string;
}

export interface ServerResponse {
	readonly status: number;
	/** Without `Content-Length` and `Connection`, which the server adds. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body?: Body;
}
