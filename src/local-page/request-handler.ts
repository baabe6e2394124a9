import type { LogLine } from "../common/log-ring";
import { encodeUtf8 } from "../common/utf8";
import { type Body, linesBody, StreamedBody, textBody } from "../http/message-stream";
import { dataHeaders, errorResponse, isOwnHost, methodNotAllowed, pageResponse } from "../http/page-response";
import type { ServerRequest, ServerResponse } from "../http/server-messages";
import { type FieldHistory, stepMs } from "./day-history";
import type { LocalStatus } from "./local-status";
import { metricLines, metricsType } from "./metrics";
import { localPage } from "./page-data";

/** What the handler needs of the board. */
export interface LocalPageBackend {
	/** Names and addresses of the board, in lower case. */
	readonly names: readonly string[];
	readonly pagePort: number;
	localStatus(): LocalStatus;
	history(): readonly FieldHistory[];
	/** A snapshot of the log that can be iterated repeatedly. */
	ownLogLines(): () => Iterable<LogLine>;
}

const jsonType = "application/json";

/** Request headers that the handler reads. */
export const requestHeaders: readonly string[] = Object.freeze(["if-none-match"]);

/** Serves the page and its data, read-only. */
export function handleLocalRequest(request: ServerRequest, board: LocalPageBackend): ServerResponse {
	const { method, path, host } = request;
	if (host === undefined) return errorResponse(400, "The Host header is missing.");
	if (!isOwnHost(host, board.pagePort, board.names)) return errorResponse(421, "This is another host.");
	if (method !== "GET" && method !== "HEAD") return methodNotAllowed("GET, HEAD");
	switch (path) {
		case "/":
			return pageResponse(request, localPage);
		case "/api/status":
			// New objects only: XS cannot stringify objects in the firmware's image.
			return dataResponse(jsonType, textBody(JSON.stringify(board.localStatus())));
		case "/api/history": {
			const history = board.history();
			return dataResponse(
				jsonType,
				linesBody(() => historyText(history)),
			);
		}
		case "/api/log":
			return dataResponse("text/plain; charset=utf-8", logBody(board.ownLogLines()));
		case "/metrics": {
			const status = board.localStatus();
			return dataResponse(
				metricsType,
				linesBody(() => metricLines(status)),
			);
		}
		default:
			return errorResponse(404, "Not found.");
	}
}

function dataResponse(type: string, body: Body): ServerResponse {
	return { status: 200, headers: [...dataHeaders, ["Content-Type", type]], body };
}

/** Each line with the seconds since the boot began. */
function logBody(lines: () => Iterable<LogLine>): Body {
	let length = 0;
	for (const { seconds, textBytes } of lines()) length += String(seconds).length + textBytes + 2;
	return new StreamedBody(logParts(lines()), length);
}

function* logParts(lines: Iterable<LogLine>): Generator<Uint8Array> {
	for (const { seconds, text } of lines) {
		yield encodeUtf8(`${seconds} `);
		yield text();
		yield Uint8Array.of(0x0a);
	}
}

/** The history as JSON, one field at a time. */
function* historyText(fields: readonly FieldHistory[]): Generator<string> {
	let separator = `{"stepMs":${stepMs},"fields":[`;
	for (const { name, unit, decimals, values } of fields) {
		const texts: string[] = [];
		for (let i = 0; i < values.length; i++) {
			const value = values[i] ?? Number.NaN;
			texts.push(Number.isNaN(value) ? "null" : value.toFixed(decimals));
		}
		yield `${separator}{"name":${JSON.stringify(name)},"unit":${JSON.stringify(unit)},"values":[${texts.join()}]}`;
		separator = ",";
	}
	yield fields.length === 0 ? `${separator}]}` : "]}";
}
