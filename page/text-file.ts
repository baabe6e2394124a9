/**
 * The text of a file as an editor saves it: UTF-8 or UTF-16, with a byte order mark or without one, else the code page of
 * western Windows. The mark is not part of the text.
 */
export function decodeTextFile(bytes: Uint8Array): string {
	const encoding = encodingOf(bytes);
	const text = new TextDecoder(encoding).decode(bytes);
	// Node decodes ISO 8859-1 in its place.
	return encoding === windows
		? text.replace(/[\x80-\x9f]/g, (one) => c1[one.charCodeAt(0) - 0x80] ?? one)
		: text;
}

const windows = "windows-1252";
/** Of windows-1252, 0x80 to 0x9F. */
const c1 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";

function encodingOf(bytes: Uint8Array): string {
	const [first, second] = bytes;
	// JSON begins with ASCII, of which each character has a zero in UTF-16.
	if ((first === 0xff && second === 0xfe) || second === 0) return "utf-16le";
	if ((first === 0xfe && second === 0xff) || first === 0) return "utf-16be";
	try {
		new TextDecoder("utf-8", { fatal: true }).decode(bytes);
		return "utf-8";
	} catch {
		return windows;
	}
}
