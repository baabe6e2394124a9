/** Where the list stands: it is a member of the outermost object, so an entry's own members are two levels deeper. */
const listLevel = 1;
const entryLevel = 3;
/** Characters of a text, escapes included; nobody asks for one that is longer. */
const longestText = 512;

/** The two members of an entry that are read; any others, and what is no text, are passed over. */
interface Entry {
	_id?: string;
	name?: string;
}

/**
 * Finds the entries of a list in JSON text, character by character: `{"list": [{"_id": "…", "name": "…", …}, …], …}`.
 * Nothing else that is in it is kept, however much it is. What is no JSON is not noticed as such.
 */
export class ListReader {
	readonly #list: string;
	readonly #onEntry: (entry: Readonly<Entry>) => void;
	#level = 0;
	#inString = false;
	#escaped = false;
	/** The text in hand, as it stands there. */
	#raw = "";
	/** The last text of this level, until it is clear whether it is a name. */
	#text: string | undefined;
	/** The name of the member whose value comes. */
	#member: string | undefined;
	#inList = false;
	#found = false;
	#entry: Entry = {};

	/** `list`: its name; `onEntry` is called at the end of each. */
	constructor(list: string, onEntry: (entry: Readonly<Entry>) => void) {
		this.#list = list;
		this.#onEntry = onEntry;
	}

	/** Whether the list was there, and what it is in has come to its end. */
	get complete(): boolean {
		return this.#found && this.#level === 0;
	}

	push(character: string): void {
		if (this.#inString) this.#inText(character);
		else if (character === '"') {
			this.#inString = true;
			this.#raw = "";
		} else if (character === ":") this.#member = this.#text;
		else if (character === ",") this.#member = undefined;
		else if (character === "{" || character === "[") this.#enter(character);
		else if (character === "}" || character === "]") this.#leave();
	}

	#inText(character: string): void {
		if (this.#escaped) this.#escaped = false;
		else if (character === "\\") this.#escaped = true;
		else if (character === '"') {
			this.#inString = false;
			this.#take();
			return;
		}
		const wanted = this.#level === listLevel || (this.#level === entryLevel && this.#inList);
		if (wanted && this.#raw.length <= longestText) this.#raw += character;
	}

	/** A text is a name until a colon has come, and then a value. */
	#take(): void {
		const text = this.#raw.length > longestText ? undefined : unescaped(this.#raw);
		if (this.#member === undefined) this.#text = text;
		else if (this.#level === entryLevel && this.#inList) {
			if (this.#member === "_id") this.#entry._id = text ?? "";
			else if (this.#member === "name") this.#entry.name = text ?? "";
		}
	}

	#enter(bracket: string): void {
		if (this.#level === listLevel) this.#inList = bracket === "[" && this.#member === this.#list;
		if (this.#level === entryLevel - 1) this.#entry = {};
		this.#level++;
		this.#member = undefined;
	}

	#leave(): void {
		this.#level--;
		this.#member = undefined;
		if (!this.#inList) return;
		if (this.#level === entryLevel - 1) this.#onEntry(this.#entry);
		if (this.#level !== listLevel) return;
		this.#inList = false;
		this.#found = true;
	}
}

function unescaped(raw: string): string | undefined {
	if (!raw.includes("\\")) return raw;
	try {
		return JSON.parse(`"${raw}"`);
	} catch {
		return undefined;
	}
}
