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
