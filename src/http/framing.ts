import { lowerCase } from "../common/lower-case";
import { isDigits } from "../common/text-pattern";

/** How the length of a body is determined (RFC 9112 section 6). */
export type BodyFraming =
	| { readonly kind: "length"; readonly length: number }
	| { readonly kind: "chunked" }
	/** Until the connection is closed. */
	| { readonly kind: "close" }
	| { readonly kind: "invalid"; readonly problem: string };

/**
 * The framing of a message that can have a body. Invalid if two parsers could disagree (request smuggling): a length
 * together with chunks, a repeated length, any coding but `chunked`, chunks in HTTP/1.0.
 */
export function findBodyFraming(
	headers: ReadonlyMap<string, string | undefined>,
	minorVersion: number,
	withoutLength: "empty" | "close",
): BodyFraming {
	const length = headers.get("content-length");
	const coding = headers.get("transfer-encoding");
	if (coding !== undefined) {
		if (length !== undefined) return invalid("it has both Content-Length and Transfer-Encoding");
		if (minorVersion === 0) return invalid("it is HTTP/1.0 and chunked");
		if (lowerCase(coding) !== "chunked") return invalid("its transfer coding is not supported");
		return { kind: "chunked" };
	}
	if (length !== undefined) {
		// Repeated headers are joined with a comma and fail here; 15 digits are exact in a double.
		if (!isDigits(length, 15)) return invalid("its Content-Length is not a number");
		return { kind: "length", length: Number(length) };
	}
	return withoutLength === "close" ? { kind: "close" } : { kind: "length", length: 0 };
}

/** Whether the connection persists after this message (RFC 9112 section 9.3). */
export function isPersistent(
	headers: ReadonlyMap<string, string | undefined>,
	minorVersion: number,
): boolean {
	const options = lowerCase(headers.get("connection") ?? "").split(",");
	const has = (option: string) => options.some((each) => each.trim() === option);
	return minorVersion === 0 ? has("keep-alive") && !has("close") : !has("close");
}

function invalid(problem: string): BodyFraming {
	return { kind: "invalid", problem };
}
