import type { Storage } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import {
	openKeyValue,
	type PersistentKey,
	persistentValues,
	writeIfChanged,
} from "../common/persistent-values";

type BoardStorage = Pick<Storage, "keyValue" | "eraseKeyValue">;

const markerKey: PersistentKey = "forgetting";
/** The marker: all parts, or those that are left. Earlier firmware takes any marker for all. */
const everything = 1;
export const unerased = Object.freeze({ settings: 2, readings: 4, quarantine: 8 });

/** The parts that a factory reset has not erased yet, of {@link unerased}; 0 if none is in progress. */
export function unerasedParts(storage: Pick<KeyValue, "read">): number {
	const marker = storage.read(markerKey);
	if (marker === undefined) return 0;
	const [parts = everything] = new Uint8Array(marker);
	return parts === everything ? unerased.settings | unerased.readings | unerased.quarantine : parts;
}

/** Commits to a factory reset: after a power cut, the next boot completes it. */
export function markFactoryReset(storage: Pick<KeyValue, "write">): void {
	storage.write(markerKey, Uint8Array.of(everything));
}

/** The factory reset is complete but for `parts`, which the next boot tries again. */
export function endFactoryReset(storage: Pick<KeyValue, "read" | "write" | "delete">, parts: number): void {
	if (parts === 0) storage.delete(markerKey);
	else writeIfChanged(storage, markerKey, Uint8Array.of(parts));
}

/**
 * Erases the user's settings, secrets and state. Deletes the values first, so that no boot finds them, then erases the
 * flash where the board can, because deleted and overwritten values remain readable there. A power cut right after the
 * erasure loses the kept values: the access point gets a new password, and boots are counted from the newest reading.
 *
 * @param left the parts that could not be erased, which stay marked.
 * @returns the storage, reopened: the erasure closes the one given.
 */
export function factoryReset(board: BoardStorage, storage: KeyValue, left = 0): KeyValue {
	markFactoryReset(storage);
	const keys = Object.keys(persistentValues) as PersistentKey[];
	// mutation: erase-settings
	for (const key of keys) if (persistentValues[key] === "erase") storage.delete(key);
	const kept: [PersistentKey, ArrayBuffer | undefined][] = [];
	for (const key of keys) if (persistentValues[key] === "keep") kept.push([key, storage.read(key)]);
	board.eraseKeyValue?.();
	storage.close();
	const empty = openKeyValue(board);
	// Before all others: without it, readings that are left would be sent with the next user's settings.
	if (left !== 0) endFactoryReset(empty, left);
	for (const [key, value] of kept) if (value !== undefined) empty.write(key, new Uint8Array(value));
	endFactoryReset(empty, left);
	return empty;
}
