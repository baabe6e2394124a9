import type { LogLine } from "../common/log-ring";
import { linesBody } from "../http/message-stream";
import {
	dataHeaders,
	errorResponse,
	isOwnHost,
	jsonResponse,
	methodNotAllowed,
	pageResponse,
} from "../http/page-response";
import type { ServerRequest, ServerResponse } from "../http/server-connection";
import { type FieldHistory, stepMs } from "./day-history";
import type { LocalStatus } from "./local-status";
import { metricLines, metricsType } from "./metrics";
import { localPage } from "./page-data";

/** What the handler needs of the board. */
export interface LocalPageBackend {
	/** Names and addresses of the board, in lower case. */
	readonly names: readonly string[];
	readonly port: number;
	status(): LocalStatus;
	history(): readonly FieldHistory[];
	/** The lines of the log as they are now, as often as wanted. */
	logLines(): () => Iterable<LogLine>;
}

/** Request headers that the handler reads. */
export const requestHeaders: readonly string[] = Object.freeze(["if-none-match"]);

/** The page and its data. There is nothing to change. */
export function handleLocalRequest(request: ServerRequest, board: LocalPageBackend): ServerResponse {
	const { method, path, host } = request;
	if (host === undefined) return errorResponse(400, "The Host header is missing.");
	if (!isOwnHost(host, board.port, board.names)) return errorResponse(421, "This is another host.");
	if (method !== "GET" && method !== "HEAD") return methodNotAllowed("GET, HEAD");
	switch (path) {
		case "/":
			return pageResponse(request, localPage);
		case "/api/status":
			return jsonResponse(200, board.status());
		case "/api/history":
			return jsonResponse(200, { stepMs, fields: board.history() });
		case "/api/log": {
			const lines = board.logLines();
			return textResponse("text/plain; charset=utf-8", () => logText(lines()));
		}
		case "/metrics": {
			const status = board.status();
			return textResponse(metricsType, () => metricLines(status));
		}
		default:
			return errorResponse(404, "Not found.");
	}
}

function textResponse(type: string, lines: () => Iterable<string>): ServerResponse {
	return { status: 200, headers: [...dataHeaders, ["Content-Type", type]], body: linesBody(lines) };
}

/** Each line with the seconds since the boot began. */
function* logText(lines: Iterable<LogLine>): Generator<string> {
	for (const { seconds, text } of lines) yield `${seconds} ${text}\n`;
}
