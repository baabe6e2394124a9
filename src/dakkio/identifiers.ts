import { lengthProblem } from "../common/characters";
import { hasControlCharacters } from "../common/control-characters";
import { consistsOf, hexDigits, lettersAndDigits } from "../common/text-pattern";

const keyPrefix = "dakkio_";

/** What is wrong with a text, as a sentence for the user; `undefined` if it is valid. */
export type Problem = string | undefined;

/**
 * Checks an API key. Its length is not documented, so anything plausible passes, except a read key: the service would
 * reject every point.
 */
export function checkKey(key: string): Problem {
	if (
		!key.startsWith(keyPrefix) ||
		!consistsOf(key.slice(keyPrefix.length), `${lettersAndDigits}__`, 16, 120)
	)
		return "An API key is dakkio_, then 16 to 120 letters, digits or underscores. Copy it again from Dakkio.";
	if (key.startsWith("dakkio_r_"))
		return "This is a read key (dakkio_r_): it cannot store data. Create a write key (dakkio_w_) for this device.";
	return undefined;
}

/** A warning about a key that is valid. */
export function keyWarning(key: string): Problem {
	if (key.startsWith("dakkio_a_"))
		return "This is an admin key (dakkio_a_): with access to the board, anyone can control the whole organization. Use a write key (dakkio_w_).";
	return undefined;
}

/** Checks a bucket's or data source's id: 24 hexadecimal digits. */
export function checkId(id: string): Problem {
	if (consistsOf(id, hexDigits, 24, 24)) return undefined;
	return "An id has 24 hexadecimal digits. Copy it again from Dakkio.";
}

/** Maximum lengths of a field's name and unit, characters. */
export const maxFieldNameLength = 40;
export const maxUnitLength = 20;

/**
 * Checks the name of a field in a point's `values`. The API documents no rule, but document databases take a dot or a
 * dollar sign for a path or an operator.
 */
export function checkFieldName(name: string): Problem {
	if (name === "") return `A field's name has 1 to ${maxFieldNameLength} characters.`;
	const tooLong = lengthProblem(name, maxFieldNameLength);
	if (tooLong !== undefined) return tooLong;
	if (name.includes(".") || name.includes("$")) return "A field's name has no dot and no dollar sign.";
	if (hasControlCharacters(name) || name !== name.trim())
		return "A field's name has no control characters, and no spaces around it.";
	// Assigning this key would set an object's prototype.
	if (name === "__proto__") return "This cannot be a field's name.";
	return undefined;
}
