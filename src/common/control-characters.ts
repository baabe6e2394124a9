/** Whether a text has control characters (C0, DEL, C1), which a terminal would obey and a page not show. */
export function hasControlCharacters(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		if (isControlCharacter(text.charCodeAt(i))) return true;
	}
	return false;
}

/** The text with a space for each run of control characters: fit for a log, whoever wrote it. */
export function toPrintable(text: string): string {
	if (!hasControlCharacters(text)) return text;
	let result = "";
	let afterControl = false;
	for (const character of text) {
		const control = isControlCharacter(character.charCodeAt(0));
		if (!control) result += character;
		else if (!afterControl) result += " ";
		afterControl = control;
	}
	return result;
}

function isControlCharacter(code: number): boolean {
	return code < 0x20 || (code >= 0x7f && code < 0xa0);
}
