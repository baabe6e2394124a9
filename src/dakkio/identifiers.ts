import { hasControlCharacters } from "../common/control-characters";

/** What is wrong with a text, as a sentence for the user; `undefined`: nothing. */
export type Problem = string | undefined;

/**
 * Checks an API key. The documentation publishes no length, so anything that can be a key passes.
 * A read key is refused here, because the service would refuse every point sent with it.
 */
export function checkKey(key: string): Problem {
	if (!/^dakkio_[A-Za-z0-9_]{16,120}$/.test(key))
		return "This is not an API key: it starts with dakkio_ and has only letters, digits and underscores. Copy it again from Dakkio.";
	if (key.startsWith("dakkio_r_"))
		return "This is a read key (dakkio_r_): it cannot store data. Create a write key (dakkio_w_) for this device.";
	return undefined;
}

/** What is to be said of a key that is taken all the same. */
export function keyWarning(key: string): Problem {
	if (key.startsWith("dakkio_a_"))
		return "This is an admin key (dakkio_a_): whoever gets hold of the board has the whole organization. A write key (dakkio_w_) of its own is enough.";
	return undefined;
}

/** Checks a bucket's or data source's id: 24 hexadecimal digits. */
export function checkId(id: string): Problem {
	if (/^[0-9a-fA-F]{24}$/.test(id)) return undefined;
	return "This is not an id: it has 24 hexadecimal digits, as Dakkio shows it.";
}

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
