import { printable } from "../text/control";
import { isObject, parseJson } from "../text/json";

/**
 * The server's own words in an error answer: `message`, and what `details` says of single fields.
 * Whatever is not as documented (`{error, message, details?: [{path, message}]}`) is shown as it came, shortened.
 */
export function serverWords(body: string): string {
	const answer = parse(body);
	const message = text(answer?.message) ?? text(answer?.error);
	if (message === undefined) return shorten(body.trim());
	const details = Array.isArray(answer?.details)
		? answer.details.map(detail).filter((word) => word !== "")
		: [];
	return shorten(details.length === 0 ? message : `${message} (${details.join("; ")})`);
}

function parse(body: string): Readonly<Record<string, unknown>> | undefined {
	const value = parseJson(body);
	return isObject(value) ? value : undefined;
}

function detail(entry: unknown): string {
	if (!isObject(entry)) return "";
	const path = Array.isArray(entry.path) ? entry.path.join(".") : "";
	return path === "" ? (text(entry.message) ?? "") : `${path}: ${text(entry.message) ?? "not accepted"}`;
}

function text(value: unknown): string | undefined {
	return typeof value === "string" && value !== "" ? value : undefined;
}

function shorten(words: string): string {
	const line = printable(words);
	return line.length <= 200 ? line : `${line.slice(0, 199)}…`;
}
