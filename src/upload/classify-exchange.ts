import { describeErrorResponse } from "../dakkio/error-response";
import { requestedWaitMs } from "../dakkio/rate-limits";
import { type ExchangeResult, isRedirect, isSuccess } from "../http/exchange-result";

/** What an exchange means for its points. `cause` is for the log. */
export type UploadAction =
	/** Dakkio stored them. */
	| { readonly kind: "acknowledge" }
	/** A transient failure; `waitMs`: the wait that the server asked for. */
	| { readonly kind: "retry"; readonly cause: string; readonly waitMs?: number }
	/** Needs a change of the settings or the server: keep them, probe hourly. */
	| { readonly kind: "settings fault"; readonly cause: string }
	/** Their content or (`isSize`) their size is refused: {@link RefusalSearch} finds out what is at fault. */
	| { readonly kind: "refused"; readonly isSize: boolean; readonly cause: string };

/** Classifies an exchange at `now` (milliseconds of Unix time, for waits given as a date). `key`: redacted in causes. */
export function classifyExchange(result: ExchangeResult, now: number, key: string): UploadAction {
	if (result.kind === "failure") {
		return result.trustFault === undefined
			? { kind: "retry", cause: result.message }
			: { kind: "settings fault", cause: result.message };
	}
	const { status } = result;
	// mutation: accept-success-status
	if (isSuccess(status)) return { kind: "acknowledge" };
	const message = describeErrorResponse(result.body, key);
	const cause = message === "" ? `${status}` : `${status}: ${message}`;
	if (isTransientStatus(status)) {
		const waitMs = requestedWaitMs(status, result.headers, now);
		return waitMs === undefined ? { kind: "retry", cause } : { kind: "retry", cause, waitMs };
	}
	if (isRejectedContent(status)) return { kind: "refused", isSize: status === 413, cause };
	return { kind: "settings fault", cause: `${cause}. ${remedy(status)}` };
}

/** Request timeout, too early, rate limit, and all server errors. */
function isTransientStatus(status: number): boolean {
	return status === 408 || status === 425 || status === 429 || status >= 500;
}

/** Bad request, conflict, content too large, unprocessable content. */
function isRejectedContent(status: number): boolean {
	return status === 400 || status === 409 || status === 413 || status === 422;
}

function remedy(status: number): string {
	if (status === 401) return "Check the API key in the settings.";
	if (status === 403)
		return "The key is for another bucket or may not write: check key and bucket in the settings.";
	if (status === 404) return "Check bucket, data source and the address of the service in the settings.";
	if (isRedirect(status))
		return "The service has moved: set its new address. A redirect is never followed with the key.";
	return "Check the address of the service in the settings.";
}
