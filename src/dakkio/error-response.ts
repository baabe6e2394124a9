import { toPrintable } from "../common/control-characters";
import { isJsonObject, parseJson } from "../common/json";

/**
 * The server's own words in an error answer: `message`, and what `details` says of single fields.
 * Whatever is not as documented (`{error, message, details?: [{path, message}]}`) is shown as it came, shortened.
 */
export function describeErrorResponse(body: string): string {
	const answer = parseObject(body);
	const message = nonEmptyText(answer?.message) ?? nonEmptyText(answer?.error);
	if (message === undefined) return shorten(body.trim());
	const details = Array.isArray(answer?.details)
		? answer.details.map(detail).filter((word) => word !== "")
		: [];
	return shorten(details.length === 0 ? message : `${message} (${details.join("; ")})`);
}

function parseObject(body: string): Readonly<Record<string, unknown>> | undefined {
	const value = parseJson(body);
	return isJsonObject(value) ? value : undefined;
}

function detail(entry: unknown): string {
	if (!isJsonObject(entry)) return "";
	const path = Array.isArray(entry.path) ? entry.path.join(".") : "";
	return path === ""
		? (nonEmptyText(entry.message) ?? "")
		: `${path}: ${nonEmptyText(entry.message) ?? "not accepted"}`;
}

function nonEmptyText(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

function shorten(words: string): string {
	const line = toPrintable(words);
	return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
