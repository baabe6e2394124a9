import { lowerCase } from "../common/lower-case";
import { consistsOf, isDigits, untilAnyOf } from "../common/text-pattern";
import type { MessageFormat } from "./message-parser";

/** The start line of a request. */
export interface RequestLine {
	/** 1 of `HTTP/1.1`. */
	readonly minorVersion: number;
	readonly method: string;
	/** Without the query: `/api/state`. */
	readonly path: string;
	/** From a target in absolute form; overrides the header `Host` (RFC 9112 section 3.2.2). */
	readonly authority: string | undefined;
}

/**
 * Parses `GET /path HTTP/1.1` (RFC 9112 section 3); `undefined` if invalid. Accepts a path with unescaped bytes, which
 * some phones send.
 */
export function parseRequestLine(line: string): RequestLine | undefined {
	const [method = "", target = "", version = "", ...rest] = line.split(" ");
	const minorVersion = parseVersion(version);
	if (minorVersion === undefined || rest.length > 0 || !consistsOf(method, "AZ", 1, 16)) return undefined;
	const { authority, path } = splitTarget(target);
	if (!path.startsWith("/") || path.includes("\t")) return undefined;
	return { minorVersion, method, path: untilAnyOf("?#", path), authority };
}

/** A request target in origin form, or in absolute form with its authority; the path is empty if it is neither. */
function splitTarget(target: string): { readonly authority: string | undefined; readonly path: string } {
	const scheme = "http://";
	if (lowerCase(target.slice(0, scheme.length)) !== scheme) return { authority: undefined, path: target };
	const authority = untilAnyOf("/?#", target.slice(scheme.length));
	const path = target.slice(scheme.length + authority.length);
	return { authority, path: authority === "" ? "" : path === "" ? "/" : path };
}

/** The digit after the point of `HTTP/1.1`; `undefined` if it is another version. */
function parseVersion(text: string): number | undefined {
	return text.length === 8 && text.startsWith("HTTP/1.") && isDigits(text.charAt(7))
		? Number(text.charAt(7))
		: undefined;
}

/** Requests, as a server parses them. */
export const requestFormat: MessageFormat<RequestLine> = Object.freeze({
	noun: "request",
	isRequest: true,
	// A server rejects folded lines (RFC 9112 section 5.2).
	allowsFolding: false,
	parseStart: parseRequestLine,
	bodyExpectation: () => "body if announced" as const,
});

/** The start line of a response. */
export interface StatusLine {
	/** 1 of `HTTP/1.1`. */
	readonly minorVersion: number;
	readonly status: number;
}

/**
 * Parses `HTTP/1.1 200 OK` (RFC 9112 section 4); `undefined` if invalid. Ignores the reason phrase; some servers omit it
 * with the space before it.
 */
export function parseStatusLine(line: string): StatusLine | undefined {
	const [version = "", status = ""] = line.split(" ");
	const minorVersion = parseVersion(version);
	if (minorVersion === undefined || !consistsOf(status, "09", 3, 3) || status < "100") return undefined;
	return { minorVersion, status: Number(status) };
}

/** Responses to GET and POST, as a client parses them. */
export const responseFormat: MessageFormat<StatusLine> = Object.freeze({
	noun: "response",
	// A user agent accepts folded lines (RFC 9112 section 5.2).
	allowsFolding: true,
	parseStart: parseStatusLine,
	bodyExpectation({ status }: StatusLine) {
		// No request offers an upgrade, so nothing after a 101 can be parsed.
		if (status === 101) return "unexpected";
		if (status < 200) return "interim";
		return status === 204 || status === 304 ? "no body" : "body until close";
	},
});
