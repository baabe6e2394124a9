const place = "draft";

/**
 * What was filled in, should the sheet of a captive portal load the page anew. It stays in the browser, without any
 * password or key.
 */
export interface Draft {
	/** It is no other board's. */
	readonly board: string;
	readonly settings: Readonly<Record<string, unknown>>;
}

export function keepDraft(draft: Draft): void {
	try {
		sessionStorage.setItem(place, JSON.stringify(draft));
	} catch {
		// A browser that keeps nothing.
	}
}

export function readDraft(board: string): Draft["settings"] {
	try {
		const draft: Partial<Draft> | null = JSON.parse(sessionStorage.getItem(place) ?? "null");
		return draft?.board === board && draft.settings !== undefined ? draft.settings : {};
	} catch {
		return {};
	}
}

export function forgetDraft(): void {
	try {
		sessionStorage.removeItem(place);
	} catch {
		// Nothing was kept.
	}
}
