/** Whether a text has control characters (C0, DEL, C1): a terminal executes them, a page does not show them. */
export function hasControlCharacters(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		if (isControlCharacter(text.charCodeAt(i))) return true;
	}
	return false;
}

/** The text with a space for each run of control characters: safe to log, even if untrusted. */
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
