import { isJsonObject, toJson } from "../common/json";
import { lowerCase } from "../common/lower-case";
import { bytesBody, linesBody } from "./message-stream";
import type { ServerRequest, ServerResponse } from "./server-messages";

/** A page in the firmware's image. */
export interface StaticPage {
	/** The document, gzip (RFC 1952). */
	readonly gzip: Uint8Array;
	/** Its entity tag, quotes included. */
	readonly etag: string;
	/** Content security policy sources of its script and its style. */
	readonly scriptHash: string;
	readonly styleHash: string;
}

type Headers = ServerResponse["headers"];

/** Headers of every response: no content sniffing, no framing, no referrer, same origin only. */
const commonHeaders = Object.freeze([
	["X-Content-Type-Options", "nosniff"],
	["X-Frame-Options", "DENY"],
	["Referrer-Policy", "no-referrer"],
	["Cross-Origin-Resource-Policy", "same-origin"],
	["Cross-Origin-Opener-Policy", "same-origin"],
] as const);

/** Headers of every response but a page: not cached, and nothing in it is executed. */
export const dataHeaders = Object.freeze([
	...commonHeaders,
	["Cache-Control", "no-store"],
	["Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"],
] as const);

const jsonType = Object.freeze(["Content-Type", "application/json"] as const);

/** `body`: plain data that does not change until it is sent. Generated in pieces, to never hold the whole text in memory. */
export function jsonResponse(status: number, body: unknown, headers: Headers = []): ServerResponse {
	return {
		status,
		headers: [...dataHeaders, jsonType, ...headers],
		body: linesBody(() => jsonPieces("", body, 2)),
	};
}

/** Objects and lists with more entries are split, at any depth. */
const maxPieceEntries = 16;

/** Yields JSON text in pieces, splitting at least the top two levels; `start`: a prefix for the first piece. */
function* jsonPieces(start: string, value: unknown, depth: number): Generator<string> {
	const isList = Array.isArray(value);
	const container: object = isList || isJsonObject(value) ? value : {};
	const names = Object.keys(container);
	if (names.length === 0 || (depth <= 0 && names.length <= maxPieceEntries)) {
		yield start + toJson(value);
		return;
	}
	let separator = `${start}${isList ? "[" : "{"}`;
	for (const name of names) {
		const member: unknown = Reflect.get(container, name);
		// Not representable in JSON.
		if (member === undefined || typeof member === "function") continue;
		yield* jsonPieces(isList ? separator : `${separator}${JSON.stringify(name)}:`, member, depth - 1);
		separator = ",";
	}
	yield `${separator === "," ? "" : separator}${isList ? "]" : "}"}`;
}

/** 503: another request is using the memory. */
export function busyResponse(): ServerResponse {
	return jsonResponse(503, { error: "The board serves another request: try again." }, [["Retry-After", "1"]]);
}

export function errorResponse(status: number, error: string): ServerResponse {
	return jsonResponse(status, { error });
}

/** `allow`: the methods that the resource has. */
export function methodNotAllowed(allow: string): ServerResponse {
	return jsonResponse(405, { error: `Allowed: ${allow}.` }, [["Allow", allow]]);
}

/** The page, or 304 if the browser has it. Needs the header `if-none-match`. */
export function pageResponse({ headers }: ServerRequest, page: StaticPage): ServerResponse {
	const policy =
		`default-src 'none'; script-src '${page.scriptHash}'; style-src '${page.styleHash}'; img-src data:; ` +
		"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
	const pageHeaders: Headers = [
		...commonHeaders,
		["Cache-Control", "no-cache"],
		["Content-Security-Policy", policy],
		["ETag", page.etag],
	];
	if (headers.get("if-none-match") === page.etag) return { status: 304, headers: pageHeaders };
	return {
		status: 200,
		headers: [...pageHeaders, ["Content-Type", "text/html; charset=utf-8"], ["Content-Encoding", "gzip"]],
		body: bytesBody(page.gzip),
	};
}

/**
 * Whether a `Host` is one of the board's names or addresses, with its port. Any other name may be rebound to the board's
 * address (DNS rebinding).
 */
export function isOwnHost(host: string, ownPort: number, names: readonly string[]): boolean {
	const [name = "", port = "80", more] = lowerCase(host).split(":");
	return more === undefined && port === String(ownPort) && names.includes(name);
}
