const draftKey = "draft";

/** The form's values in the browser's session, without secrets, in case a captive portal window reloads the page. */
export interface Draft {
	/** Name of the board: a draft is for one board. */
	readonly board: string;
	readonly settings: Readonly<Record<string, unknown>>;
}

export function saveDraft(draft: Draft): void {
	try {
		sessionStorage.setItem(draftKey, JSON.stringify(draft));
	} catch {
		// No storage.
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
		// No storage.
	}
}
