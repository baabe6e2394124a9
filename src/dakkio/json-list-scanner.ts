import { decodeUtf8 } from "../common/utf8";

/** Level of the list: it is a member of the outermost object, so members of its entries are two levels deeper. */
const listLevel = 1;
const entryLevel = 3;
/** Deepest members outside of the list that are read. */
const memberLevel = 2;
const maxScalarLength = 20;
/** Maximum length of a string, escapes included. */
const maxStringBytes = 512;

const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The two members of an entry that are read; others, and values that are not strings, are ignored. */
export interface ListEntry {
	_id?: string;
	name?: string;
}

/**
 * Finds the entries of a list in JSON (UTF-8) that arrives in any portions:
 * `{"list": [{"_id": "…", "name": "…", …}, …], …}`. It keeps nothing else: the whole list does not
 * fit a chip's memory. It does not validate the JSON.
 */
export class JsonListScanner {
	private readonly listName: string;
	private readonly onEntry: (entry: Readonly<ListEntry>) => void;
	private readonly onMember: (name: string, value: string) => void;
	private level = 0;
	private inString = false;
	private escaped = false;
	/** The current string, not unescaped. */
	private readonly rawString = new Uint8Array(maxStringBytes);
	private rawBytes = 0;
	/** The last string of this level: a member name if a colon follows. */
	private lastString: string | undefined;
	/** The current value that is no string, outside of the list; cut. */
	private scalar = "";
	/** The name of the member whose value follows. */
	private memberName: string | undefined;
	private inList = false;
	private listFound = false;
	private entry: ListEntry = {};

	/**
	 * `listName`: the member that holds the list; `onEntry` is called at the end of each entry, `onMember` for the values
	 * beside the list, or in an object there, that are no objects or lists.
	 */
	constructor(
		listName: string,
		onEntry: (entry: Readonly<ListEntry>) => void,
		onMember: (name: string, value: string) => void = () => {},
	) {
		this.listName = listName;
		this.onEntry = onEntry;
		this.onMember = onMember;
	}

	/** Whether the list was found and the outermost object has ended. */
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
			else if (byte === comma) this.endMember();
			else if (byte === openBrace || byte === openBracket) this.enter(byte);
			else if (byte === closeBrace || byte === closeBracket) this.leave();
			else if (
				this.memberName !== undefined &&
				!this.inList &&
				byte > space &&
				this.scalar.length < maxScalarLength
			)
				this.scalar += String.fromCharCode(byte);
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
		const isKept = this.inList ? this.level === entryLevel : this.level <= memberLevel;
		if (!isKept) return;
		// Writes past the end of the array have no effect; `rawBytes` reveals them.
		this.rawString[this.rawBytes++] = byte;
	}

	/** A string is a member name, or, after a colon, a value. */
	private endString(): void {
		const text =
			this.rawBytes > maxStringBytes ? undefined : unescaped(decodeUtf8(this.rawString, 0, this.rawBytes));
		if (this.inList && this.level === entryLevel - 1) this.onEntry({});
		else if (this.memberName === undefined) this.lastString = text;
		else if (!this.inList) this.scalar = text ?? "?";
		else if (this.level === entryLevel && this.inList) {
			if (this.memberName === "_id") this.entry._id = text ?? "";
			else if (this.memberName === "name") this.entry.name = text ?? "";
		}
	}

	private endMember(): void {
		if (this.memberName !== undefined && !this.inList && this.level <= memberLevel)
			this.onMember(this.memberName, this.scalar);
		this.memberName = undefined;
		this.scalar = "";
	}

	private enter(bracket: number): void {
		if (this.level === listLevel) this.inList = bracket === openBracket && this.memberName === this.listName;
		if (this.level === entryLevel - 1) this.entry = {};
		this.level++;
		this.memberName = undefined;
		this.scalar = "";
	}

	private leave(): void {
		this.endMember();
		this.level--;
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
