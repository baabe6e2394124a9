import { decode } from "../text/utf8";

/** Where the list stands: it is a member of the outermost object, so an entry's own members are two levels deeper. */
const listLevel = 1;
const entryLevel = 3;
/** Bytes of a text, escapes included; nobody asks for one that is longer. */
const longestText = 512;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The two members of an entry that are read; any others, and what is no text, are passed over. */
export interface Entry {
	_id?: string;
	name?: string;
}

/**
 * Finds the entries of a list in JSON (UTF-8) that comes in any portions:
 * `{"list": [{"_id": "…", "name": "…", …}, …], …}`. Nothing else that is in it is kept, however much it is: with all that
 * is told of each data source, a bucket's list is more than a chip has room for. What is no JSON is not noticed as such.
 */
export class ListReader {
	private readonly list: string;
	private readonly onEntry: (entry: Readonly<Entry>) => void;
	private level = 0;
	private inString = false;
	private escaped = false;
	/** The text in hand, as it stands there. */
	private readonly raw = new Uint8Array(longestText);
	private length = 0;
	/** The last text of this level, until it is clear whether it is a name. */
	private text: string | undefined;
	/** The name of the member whose value comes. */
	private member: string | undefined;
	private inList = false;
	private found = false;
	private entry: Entry = {};

	/** `list`: its name; `onEntry` is called at the end of each. */
	constructor(list: string, onEntry: (entry: Readonly<Entry>) => void) {
		this.list = list;
		this.onEntry = onEntry;
	}

	/** Whether the list was there, and what it is in has come to its end. */
	get complete(): boolean {
		return this.found && this.level === 0;
	}

	push(part: Uint8Array): void {
		for (const byte of part) {
			if (this.inString) this.inText(byte);
			else if (byte === quote) {
				this.inString = true;
				this.length = 0;
			} else if (byte === colon) this.member = this.text;
			else if (byte === comma) this.member = undefined;
			else if (byte === openBrace || byte === openBracket) this.enter(byte);
			else if (byte === closeBrace || byte === closeBracket) this.leave();
		}
	}

	private inText(byte: number): void {
		if (this.escaped) this.escaped = false;
		else if (byte === backslash) this.escaped = true;
		else if (byte === quote) {
			this.inString = false;
			this.take();
			return;
		}
		const wanted = this.level === listLevel || (this.level === entryLevel && this.inList);
		if (!wanted) return;
		// Bytes past the end are dropped by the array itself, and counted.
		this.raw[this.length++] = byte;
	}

	/** A text is a name until a colon has come, and then a value. */
	private take(): void {
		const text = this.length > longestText ? undefined : unescaped(decode(this.raw, 0, this.length));
		if (this.member === undefined) this.text = text;
		else if (this.level === entryLevel && this.inList) {
			if (this.member === "_id") this.entry._id = text ?? "";
			else if (this.member === "name") this.entry.name = text ?? "";
		}
	}

	private enter(bracket: number): void {
		if (this.level === listLevel) this.inList = bracket === openBracket && this.member === this.list;
		if (this.level === entryLevel - 1) this.entry = {};
		this.level++;
		this.member = undefined;
	}

	private leave(): void {
		this.level--;
		this.member = undefined;
		if (!this.inList) return;
		if (this.level === entryLevel - 1) this.onEntry(this.entry);
		if (this.level !== listLevel) return;
		this.inList = false;
		this.found = true;
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
