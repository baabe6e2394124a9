/** Whether a text has control characters (C0, DEL, C1), which a terminal would obey and a page not show. */
export function hasControl(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		if (isControl(text.charCodeAt(i))) return true;
	}
	return false;
}

/** The text with a space for each run of control characters: fit for a log, whoever wrote it. */
export function printable(text: string): string {
	if (!hasControl(text)) return text;
	let result = "";
	let afterControl = false;
	for (const character of text) {
		const control = isControl(character.charCodeAt(0));
		if (!control) result += character;
		else if (!afterControl) result += " ";
		afterControl = control;
	}
	return result;
}

function isControl(code: number): boolean {
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
