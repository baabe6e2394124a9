import type { MessageFormat } from "./message-parser";

/** The first line of a request. */
export interface RequestLine {
	/** 1 of `HTTP/1.1`. */
	readonly minorVersion: number;
	readonly method: string;
	/** Without the query: `/api/state`. */
	readonly path: string;
	/** Of a target in absolute form, which comes before the header `Host` (RFC 9112 section 3.2.2). */
	readonly authority: string | undefined;
}

/** `GET /path HTTP/1.1` (RFC 9112 section 3); `undefined` when it is not that. */
export function parseRequestLine(line: string): RequestLine | undefined {
	const match = /^([A-Z]{1,16}) (?:http:\/\/([^/?# ]+))?(\/[!-~]*)? HTTP\/1\.([0-9])$/.exec(line);
	if (match === null) return undefined;
	const [, method = "", authority, target, version] = match;
	if (authority === undefined && target === undefined) return undefined;
	const [path = ""] = (target ?? "/").split(/[?#]/);
	return { minorVersion: Number(version), method, path, authority };
}

/** Requests to a server. */
export const requestFormat: MessageFormat<RequestLine> = Object.freeze({
	noun: "request",
	// A server refuses folded lines (RFC 9112 section 5.2).
	allowsFolding: false,
	parseStart: parseRequestLine,
	bodyExpectation: () => "body if announced" as const,
});

/** The first line of an answer. */
export interface StatusLine {
	/** 1 of `HTTP/1.1`. */
	readonly minorVersion: number;
	readonly status: number;
}

/**
 * `HTTP/1.1 200 OK` (RFC 9112 section 4); `undefined` when it is not that. The reason is not looked at, and the
 * space before it may be missing with it, as some servers have it.
 */
export function parseStatusLine(line: string): StatusLine | undefined {
	const match = /^HTTP\/1\.([0-9]) ([1-9][0-9][0-9])(?: .*)?$/.exec(line);
	if (match === null) return undefined;
	return { minorVersion: Number(match[1]), status: Number(match[2]) };
}

/** Answers to a GET or a POST. */
export const responseFormat: MessageFormat<StatusLine> = Object.freeze({
	noun: "answer",
	// A user agent takes folded lines from a server (RFC 9112 section 5.2); a server refuses them.
	allowsFolding: true,
	parseStart: parseStatusLine,
	bodyExpectation({ status }: StatusLine) {
		// To change the protocol was never proposed, so 101 cannot be followed by anything that is understood.
		if (status === 101) return "unexpected";
		if (status < 200) return "interim";
		return status === 204 || status === 304 ? "no body" : "body until close";
	},
});
