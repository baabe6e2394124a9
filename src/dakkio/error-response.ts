import { toPrintable } from "../common/control-characters";
import { isJsonObject, parseJson } from "../common/json";
import { redact } from "../common/redact";

/**
 * The text of an error response: `message`, and `details` of single fields. A body that is not as documented
 * (`{error, message, details?: [{path, message}]}`) is returned as it is, shortened. A server may echo `secret` in any
 * form of JSON: it is redacted.
 */
export function describeErrorResponse(body: string, secret: string): string {
	return redact(describe(body), secret);
}

function describe(body: string): string {
	const response = parseObject(body);
	const message = nonEmptyText(response?.message) ?? nonEmptyText(response?.error);
	if (message === undefined) return shorten(body.trim());
	const details = Array.isArray(response?.details)
		? response.details.map(detail).filter((text) => text !== "")
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
