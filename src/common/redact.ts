import { lowerCase } from "./lower-case";

/** Shorter parts of a secret reveal nothing: all keys of a type begin alike. */
export const minPartLength = 10;

/** The text with `…` in place of the secret, and of longer parts of it, in upper or lower case. */
export function redact(text: string, secret: string): string {
	const searched = lowerCase(text);
	const lowerSecret = lowerCase(secret);
	let redacted = "";
	let from = 0;
	for (let at = 0; at + minPartLength <= text.length; at++) {
		if (!lowerSecret.includes(searched.slice(at, at + minPartLength))) continue;
		let end = at + minPartLength;
		while (end < text.length && lowerSecret.includes(searched.slice(end - minPartLength + 1, end + 1))) end++;
		redacted += `${text.slice(from, at)}…`;
		from = end;
		at = end - 1;
	}
	return redacted + text.slice(from);
}
