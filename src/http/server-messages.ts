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
	/** The whole body as text, made at each read, so that no one has to keep it; invalid UTF-8 is replaced. */
	readonly body: string;
	/** The same, for the last time: it takes half the memory, as the bytes are freed meanwhile. */
	takeBody?(): string;
}

export interface ServerResponse {
	readonly status: number;
	/** Besides `Content-Length` and `Connection`, which the server adds. */
	readonly headers: readonly (readonly [name: string, value: string])[];
	readonly body?: Body;
}
