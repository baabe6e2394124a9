import type { KeyValue } from "../boards/ecma419";
import { parseJson, toJson } from "../text/json";
import { byteLength, decode, encodeInto } from "../text/utf8";
import { decodeRecord, encodeRecord } from "./record";

/** Keeps a value that JSON can tell under a key, at once and with a checksum. Throws what the storage throws. */
export function writeJson(storage: Pick<KeyValue, "write">, key: string, value: unknown): void {
	const text = toJson(value);
	const body = new Uint8Array(byteLength(text));
	encodeInto(text, body, 0);
	storage.write(key, encodeRecord({ counter: 0, body }));
}

/** What {@link writeJson} has kept; `undefined` for nothing, `damaged` for what cannot be read. */
export function readJson(
	storage: Pick<KeyValue, "read">,
	key: string,
): { value: unknown } | "damaged" | undefined {
	const bytes = storage.read(key);
	if (bytes === undefined) return undefined;
	const record = decodeRecord(new Uint8Array(bytes));
	if (record === undefined) return "damaged";
	const value = parseJson(decode(record.body));
	return value === undefined ? "damaged" : { value };
}
