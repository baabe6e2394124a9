import type { KeyValue } from "../boards/ecma419";
import { decodeCheckedRecord, encodeCheckedRecord } from "./checked-record";
import { toJson } from "./json";
import { type PersistentKey, writeValue } from "./persistent-values";
import { decodeUtf8, encodeUtf8 } from "./utf8";

/** Stores a JSON value with a checksum, in one write. Throws what the storage throws. */
export function writeJsonRecord(
	storage: Pick<KeyValue, "read" | "write">,
	key: PersistentKey,
	value: unknown,
): void {
	writeValue(storage, key, encodeCheckedRecord({ counter: 0, body: encodeUtf8(toJson(value)) }));
}

/** The value that {@link writeJsonRecord} stored; `undefined` without one. */
export function readJsonRecord(
	storage: Pick<KeyValue, "read">,
	key: PersistentKey,
): { value: unknown } | "damaged" | undefined {
	const bytes = storage.read(key);
	if (bytes === undefined) return undefined;
	const record = decodeCheckedRecord(new Uint8Array(bytes));
	if (record === undefined) return "damaged";
	try {
		// Without the limits of `parseJson`: the board wrote it.
		return { value: JSON.parse(decodeUtf8(record.body)) };
	} catch {
		return "damaged";
	}
}
