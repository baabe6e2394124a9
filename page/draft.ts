const draftKey = "draft";

/**
 * What was filled in, should the sheet of a captive portal load the page anew. It stays in the browser, without any
 * password or key.
 */
export interface Draft {
	/** It is no other board's. */
	readonly board: string;
	readonly settings: Readonly<Record<string, unknown>>;
}

export function saveDraft(draft: Draft): void {
	try {
		sessionStorage.setItem(draftKey, JSON.stringify(draft));
	} catch {
		// A browser that keeps nothing.
	}
}

export function readDraft(board: string): Draft["settings"] {
	try {
		const draft: Partial<Draft> | null = JSON.parse(sessionStorage.getItem(draftKey) ?? "null");
		return draft?.board === board && draft.settings !== undefined ? draft.settings : {};
	} catch {
		return {};
	}
}

export function deleteDraft(): void {
	try {
		sessionStorage.removeItem(draftKey);
	} catch {
		// Nothing was kept.
	}
}
