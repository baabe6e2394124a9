import { hasControlCharacters } from "../common/control-characters";
import type { Problem } from "./identifiers";

/** Characters of a field's name. */
export const maxFieldNameLength = 40;

/**
 * Checks the name of a field in a point's `values`. The documentation sets no rule; a dot or a dollar sign in a name is
 * what databases of documents take for a path or a command.
 */
export function checkFieldName(name: string): Problem {
	if (name === "" || name.length > maxFieldNameLength)
		return `A field's name has 1 to ${maxFieldNameLength} characters.`;
	if (/[.$]/.test(name)) return "A field's name has no dot and no dollar sign.";
	if (hasControlCharacters(name) || name !== name.trim())
		return "A field's name has no control characters, and no spaces around it.";
	// It would be taken for what every object of JavaScript has.
	if (name === "__proto__") return "This cannot be a field's name.";
	return undefined;
}
