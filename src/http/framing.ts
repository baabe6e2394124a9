/** How the end of a body is found (RFC 9112 section 6). */
export type BodyFraming =
	| { readonly kind: "length"; readonly length: number }
	| { readonly kind: "chunked" }
	/** It ends when the connection does. */
	| { readonly kind: "close" }
	| { readonly kind: "invalid"; readonly problem: string };

/**
 * Finds the framing of a message that can have a body. What two readers could understand in two ways is refused:
 * a length beside chunks, a length that is given twice, any coding but `chunked`, chunks in HTTP/1.0.
 */
export function findBodyFraming(
	headers: ReadonlyMap<string, string>,
	minorVersion: number,
	withoutLength: "empty" | "close",
): BodyFraming {
	const length = headers.get("content-length");
	const coding = headers.get("transfer-encoding");
	if (coding !== undefined) {
		if (length !== undefined) return invalid("it has both a length and chunks");
		if (minorVersion === 0) return invalid("it is chunked although it is HTTP/1.0");
		if (coding.toLowerCase() !== "chunked") return invalid("it has a transfer coding that was not asked for");
		return { kind: "chunked" };
	}
	if (length !== undefined) {
		// Repeated headers are joined with a comma and fail here; 15 digits are exact in a double.
		if (!/^[0-9]{1,15}$/.test(length)) return invalid("its length is not a number");
		return { kind: "length", length: Number(length) };
	}
	return withoutLength === "close" ? { kind: "close" } : { kind: "length", length: 0 };
}

/** Whether the connection may carry another message after this one (RFC 9112 section 9.3). */
export function isPersistent(headers: ReadonlyMap<string, string>, minorVersion: number): boolean {
	const options = (headers.get("connection") ?? "").toLowerCase().split(",");
	const has = (option: string) => options.some((each) => each.trim() === option);
	return minorVersion === 0 ? has("keep-alive") && !has("close") : !has("close");
}

function invalid(problem: string): BodyFraming {
	return { kind: "invalid", problem };
}
