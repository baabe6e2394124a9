/** Whether a text has control characters (C0, DEL, C1): a terminal would obey them. */
export function hasControlCharacters(text: string): boolean {
	for (let i = 0; i < text.length; i++) {
		if (isControlCharacter(text.charCodeAt(i))) return true;
	}
	return false;
}

/** Replaces each run of control characters by a space: untrusted text for a log line. */
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
