import { decodeUtf8 } from "../common/utf8";

/** Where the list stands: it is a member of the outermost object, so an entry's own members are two levels deeper. */
const listLevel = 1;
const entryLevel = 3;
/** Bytes of a text, escapes included; nobody asks for one that is longer. */
const maxStringBytes = 512;

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The two members of an entry that are read; any others, and what is no text, are passed over. */
export interface ListEntry {
	_id?: string;
	name?: string;
}

/**
 * Finds the entries of a list in JSON (UTF-8) that comes in any portions:
 * `{"list": [{"_id": "…", "name": "…", …}, …], …}`. Nothing else that is in it is kept, however much it is: with all that
 * is told of each data source, a bucket's list is more than a chip has room for. What is no JSON is not noticed as such.
 */
export class JsonListScanner {
	private readonly listName: string;
	private readonly onEntry: (entry: Readonly<ListEntry>) => void;
	private level = 0;
	private inString = false;
	private escaped = false;
	/** The text in hand, as it stands there. */
	private readonly rawString = new Uint8Array(maxStringBytes);
	private rawBytes = 0;
	/** The last text of this level, until it is clear whether it is a name. */
	private lastString: string | undefined;
	/** The name of the member whose value comes. */
	private memberName: string | undefined;
	private inList = false;
	private listFound = false;
	private entry: ListEntry = {};

	/** `list`: its name; `onEntry` is called at the end of each. */
	constructor(list: string, onEntry: (entry: Readonly<ListEntry>) => void) {
		this.listName = list;
		this.onEntry = onEntry;
	}

	/** Whether the list was there, and what it is in has come to its end. */
	get complete(): boolean {
		return this.listFound && this.level === 0;
	}

	push(part: Uint8Array): void {
		for (const byte of part) {
			if (this.inString) this.inStringByte(byte);
			else if (byte === quote) {
				this.inString = true;
				this.rawBytes = 0;
			} else if (byte === colon) this.memberName = this.lastString;
			else if (byte === comma) this.memberName = undefined;
			else if (byte === openBrace || byte === openBracket) this.enter(byte);
			else if (byte === closeBrace || byte === closeBracket) this.leave();
		}
	}

	private inStringByte(byte: number): void {
		if (this.escaped) this.escaped = false;
		else if (byte === backslash) this.escaped = true;
		else if (byte === quote) {
			this.inString = false;
			this.endString();
			return;
		}
		const wanted = this.level === listLevel || (this.level === entryLevel && this.inList);
		if (!wanted) return;
		// Bytes past the end are dropped by the array itself, and counted.
		this.rawString[this.rawBytes++] = byte;
	}

	/** A text is a name until a colon has come, and then a value. */
	private endString(): void {
		const text =
			this.rawBytes > maxStringBytes ? undefined : unescaped(decodeUtf8(this.rawString, 0, this.rawBytes));
		if (this.memberName === undefined) this.lastString = text;
		else if (this.level === entryLevel && this.inList) {
			if (this.memberName === "_id") this.entry._id = text ?? "";
			else if (this.memberName === "name") this.entry.name = text ?? "";
		}
	}

	private enter(bracket: number): void {
		if (this.level === listLevel) this.inList = bracket === openBracket && this.memberName === this.listName;
		if (this.level === entryLevel - 1) this.entry = {};
		this.level++;
		this.memberName = undefined;
	}

	private leave(): void {
		this.level--;
		this.memberName = undefined;
		if (!this.inList) return;
		if (this.level === entryLevel - 1) this.onEntry(this.entry);
		if (this.level !== listLevel) return;
		this.inList = false;
		this.listFound = true;
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
