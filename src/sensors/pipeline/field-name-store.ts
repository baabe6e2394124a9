import type { KeyValue } from "../../boards/ecma419";
import { readJsonRecord, writeJsonRecord } from "../../common/json-record";
import type { FieldNames } from "./field-names";

/** The names that were given, as the board keeps them: one record, written at once. */
export class FieldNameStore {
	private readonly storage: Pick<KeyValue, "read" | "write">;

	constructor(storage: Pick<KeyValue, "read" | "write">) {
		this.storage = storage;
	}

	/** `undefined` when what is kept cannot be read. */
	load(): FieldNames | undefined {
		const kept = readJsonRecord(this.storage, "names");
		if (kept === undefined) return [];
		return kept === "damaged" ? undefined : parse(kept.value);
	}

	/** Throws what the storage throws. */
	save(book: FieldNames): void {
		writeJsonRecord(
			this.storage,
			"names",
			book.map(({ sensor, names }) => [sensor, [...names]]),
		);
	}
}

function parse(entries: unknown): FieldNames | undefined {
	if (!Array.isArray(entries)) return undefined;
	const book: FieldNames[number][] = [];
	for (const entry of entries) {
		const [sensor, pairs] = Array.isArray(entry) ? entry : [];
		if (typeof sensor !== "string" || !Array.isArray(pairs) || !pairs.every(isPair)) return undefined;
		book.push({ sensor, names: new Map(pairs) });
	}
	return book;
}

function isPair(pair: unknown): pair is [string, string] {
	return Array.isArray(pair) && pair.length === 2 && pair.every((part) => typeof part === "string");
}
