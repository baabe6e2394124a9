/** Calls in one calendar month (UTC), as plain data. */
export interface Usage {
	/** Start of the month, milliseconds of Unix time. */
	readonly month: number;
	readonly calls: number;
}

/** The quota headers of every response (API, "Rate limits"). */
export interface QuotaStatus {
	readonly limit: number;
	readonly remaining: number;
	/** When the count resets, milliseconds of Unix time. */
	readonly reset: number;
}

/** The month's usage at `now`: a new month starts at zero. */
export function usageAt(usage: Usage | undefined, now: number): Usage {
	const month = monthStart(now, 0);
	return usage?.month === month ? usage : { month, calls: 0 };
}

export function quotaStatus({ calls }: Usage, limit: number, now: number): QuotaStatus {
	return { limit, remaining: Math.max(0, limit - calls), reset: monthStart(now, 1) };
}

export function quotaHeaders({ limit, remaining, reset }: QuotaStatus): Readonly<Record<string, string>> {
	return {
		"X-RateLimit-Limit": String(limit),
		"X-RateLimit-Remaining": String(remaining),
		"X-RateLimit-Reset": String(Math.floor(reset / 1000)),
	};
}

function monthStart(now: number, later: number): number {
	const date = new Date(now);
	return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + later);
}
