import type { Storage } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { isFlagSet, openKeyValue, type PersistentKey, persistentValues } from "../common/persistent-values";

type BoardStorage = Pick<Storage, "keyValue" | "eraseKeyValue">;

/**
 * Opens the key-value storage; completes a factory reset that a power cut interrupted.
 *
 * @param eraseReadings erases the flash partitions, before the key-value storage: without settings they would be sent
 * with the next user's.
 * @param storage the key-value storage, if it is open already.
 */
export function openStorage(
	board: BoardStorage,
	eraseReadings: () => void,
	storage = openKeyValue(board),
): KeyValue {
	if (!isFlagSet(storage, "forgetting")) return storage;
	eraseReadings();
	return factoryReset(board, storage);
}

/** Commits to a factory reset: after a power cut, the next boot completes it. */
export function markFactoryReset(storage: Pick<KeyValue, "write">): void {
	storage.write("forgetting" satisfies PersistentKey, Uint8Array.of(1));
}

/**
 * Erases the user's settings, secrets and state. Deletes the values first, so that no boot finds them, then erases the
 * flash where the board can, because deleted and overwritten values remain readable there. A power cut right after the
 * erasure loses the kept values: the access point gets a new password, and boots are counted from the newest reading.
 *
 * @returns the storage, reopened: the erasure closes the one given.
 */
export function factoryReset(board: BoardStorage, storage: KeyValue): KeyValue {
	markFactoryReset(storage);
	const keys = Object.keys(persistentValues) as PersistentKey[];
	// mutation: erase-settings
	for (const key of keys) if (persistentValues[key] === "erase") storage.delete(key);
	const kept: [PersistentKey, ArrayBuffer | undefined][] = [];
	for (const key of keys) if (persistentValues[key] === "keep") kept.push([key, storage.read(key)]);
	board.eraseKeyValue?.();
	storage.close();
	const empty = openKeyValue(board);
	for (const [key, value] of kept) if (value !== undefined) empty.write(key, new Uint8Array(value));
	empty.delete("forgetting" satisfies PersistentKey);
	return empty;
}
