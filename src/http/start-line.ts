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

/** Parses `GET /path HTTP/1.1` (RFC 9112 section 3); `undefined` if invalid. */
export function parseRequestLine(line: string): RequestLine | undefined {
	const match = /^([A-Z]{1,16}) (?:http:\/\/([^/?# ]+))?(\/[!-~]*)? HTTP\/1\.([0-9])$/.exec(line);
	if (match === null) return undefined;
	const [, method = "", authority, target, version] = match;
	if (authority === undefined && target === undefined) return undefined;
	const [path = ""] = (target ?? "/").split(/[?#]/);
	return { minorVersion: Number(version), method, path, authority };
}

/** Requests, as a server parses them. */
export const requestFormat: MessageFormat<RequestLine> = Object.freeze({
	noun: "request",
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
	const match = /^HTTP\/1\.([0-9]) ([1-9][0-9][0-9])(?: .*)?$/.exec(line);
	if (match === null) return undefined;
	return { minorVersion: Number(match[1]), status: Number(match[2]) };
}

/** Responses to GET and POST, as a client parses them. */
export const responseFormat: MessageFormat<StatusLine> = Object.freeze({
	noun: "response",
	// A user agent accepts folded lines (RFC 9112 section 5.2).
	allowsFolding: true,
	parseStart: parseStatusLine,
	bodyExpectation({ status }: StatusLine) {
		// No request offers another protocol, so nothing that follows a 101 can be parsed.
		if (status === 101) return "unexpected";
		if (status < 200) return "interim";
		return status === 204 || status === 304 ? "no body" : "body until close";
	},
});
