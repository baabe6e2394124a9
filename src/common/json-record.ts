import type { KeyValue } from "../boards/ecma419";
import { decodeCheckedRecord, encodeCheckedRecord } from "./checked-record";
import { parseJson, toJson } from "./json";
import { decodeUtf8, encodeUtf8 } from "./utf8";

/** Writes a JSON value under a key, with a checksum. Throws what the storage throws. */
export function writeJsonRecord(storage: Pick<KeyValue, "write">, key: string, value: unknown): void {
	storage.write(key, encodeCheckedRecord({ counter: 0, body: encodeUtf8(toJson(value)) }));
}

/** Reads what {@link writeJsonRecord} wrote; `undefined` for a key without value. */
export function readJsonRecord(
	storage: Pick<KeyValue, "read">,
	key: string,
): { value: unknown } | "damaged" | undefined {
	const bytes = storage.read(key);
	if (bytes === undefined) return undefined;
	const record = decodeCheckedRecord(new Uint8Array(bytes));
	if (record === undefined) return "damaged";
	const value = parseJson(decodeUtf8(record.body));
	return value === undefined ? "damaged" : { value };
}
