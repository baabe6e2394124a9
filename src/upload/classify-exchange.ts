import { describeErrorResponse } from "../dakkio/error-response";
import { requestedWaitMs } from "../dakkio/rate-limits";
import type { ExchangeResult } from "../http/exchange-result";

/** What an exchange means for the points it carried. `cause` is a sentence for the log and the page. */
export type UploadAction =
	/** They are stored at Dakkio. */
	| { readonly kind: "acknowledge" }
	/** Nothing is wrong with them; `wait` (milliseconds) is what the server asked for. */
	| { readonly kind: "retry"; readonly cause: string; readonly waitMs?: number }
	/** Nothing will go through until somebody changes the settings (or the server): keep them, probe hourly. */
	| { readonly kind: "settings fault"; readonly cause: string }
	/** The request was too large: send fewer bytes at once from now on. */
	| { readonly kind: "too large"; readonly cause: string }
	/** One of them is refused: halve the batch until it stands alone. */
	| { readonly kind: "split"; readonly cause: string }
	/** This one is refused: put it aside with the server's words and go on. */
	| { readonly kind: "quarantine"; readonly cause: string };

/**
 * Decides on one exchange that carried `points` points, at `now` (milliseconds of Unix time, for waits that the
 * server gives as a date).
 */
export function classifyExchange(outcome: ExchangeResult, points: number, now: number): UploadAction {
	if (outcome.kind === "failure") {
		return outcome.trustFault === undefined
			? { kind: "retry", cause: outcome.message }
			: { kind: "settings fault", cause: outcome.message };
	}
	const { status } = outcome;
	// mutation: accept-success-status
	if (status >= 200 && status < 300) return { kind: "acknowledge" };
	const words = describeErrorResponse(outcome.body);
	const cause = words === "" ? `${status}` : `${status}: ${words}`;
	if (isTransientStatus(status)) {
		const waitMs = requestedWaitMs(status, outcome.headers, now);
		return waitMs === undefined ? { kind: "retry", cause } : { kind: "retry", cause, waitMs };
	}
	if (isRefusedContent(status)) {
		if (points === 1) return { kind: "quarantine", cause };
		return { kind: status === 413 ? "too large" : "split", cause };
	}
	return { kind: "settings fault", cause: `${cause}. ${remedy(status)}` };
}

/** Request timeout, too early, rate limit, and every failure of the server's own. */
function isTransientStatus(status: number): boolean {
	return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** The content was refused: bad request, conflict, too large, unprocessable. */
function isRefusedContent(status: number): boolean {
	return status === 400 || status === 409 || status === 413 || status === 422;
}

function remedy(status: number): string {
	if (status === 401) return "Check the API key in the settings.";
	if (status === 403)
		return "The key is for another bucket or may not write: check key and bucket in the settings.";
	if (status === 404) return "Check bucket, data source and the address of the service in the settings.";
	if (status >= 300 && status < 400)
		return "The service has moved: set its new address. A redirect is never followed with the key.";
	return "Check the address of the service in the settings.";
}
