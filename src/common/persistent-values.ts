import type { Storage } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { areBytesEqual } from "./equal-bytes";

/**
 * Every value in key-value storage by its key, and whether a factory reset keeps it. Keys and formats are an interface
 * between firmware versions: an update reads what the version before it wrote.
 *
 * A factory reset writes the kept values back in this order; the password comes first because it may be printed on the
 * case, and its loss locks the user out.
 */
export const persistentValues = Object.freeze({
	/** Password of the setup access point: UTF-8. */
	portal_password: "keep",
	/** Boot number, reset counts, reset reason not reported yet. Readings are numbered with it. */
	boots: "keep",
	/** Anchors, drift and last measurement of the clock: the times of stored readings. */
	clock: "keep",
	/** CRC-32 of the built-in settings that were installed. */
	planted: "keep",
	/** The newest sector of readings: if its header on flash is lost, numbering continues from here. */
	ring: "keep",
	/** Settings, two slots written in turn: checked records of JSON. */
	// mutation: first-settings-slot
	settings_a: "erase",
	settings_b: "erase",
	/** API call quota. */
	budget: "erase",
	/** CRC-32 of bucket and name of a data source that was created and whose id is not known. */
	source: "erase",
	/** Upload state kept over each start. */
	attempts: "erase",
	/** Flag: the network watchdog has restarted the board, and no server has been reachable since. */
	silence: "erase",
	/** Field names: a checked record of JSON. */
	names: "erase",
	/** Pulse totals: a checked record of JSON. */
	pulses: "erase",
	/** Why the boot began, and the end of the log: a checked record of JSON. */
	log: "erase",
	/** Forced recalibrations done, ppm by sensor: a checked record of JSON. */
	recalibrated: "erase",
	/** State of downloads from a release index: a checked record of JSON. */
	release: "erase",
	/** Setup request for the next boot. */
	setup: "erase",
	/** Update in progress: its header, and the number of bytes written. */
	update: "erase",
	/** Trial of an update: its baseline, or its failure: a checked record of JSON. */
	trial: "erase",
	/** Consecutive starts that ran for less than a minute, and their slot. */
	starts: "erase",
	/** Flag: the button was stuck when the board went to sleep. */
	stuck: "erase",
	/** Flag: a factory reset is in progress. Written before and deleted after everything else. */
	forgetting: "marker",
} as const);

export type PersistentKey = keyof typeof persistentValues;

/** Opens the storage of these values. */
export function openKeyValue({ keyValue }: Pick<Storage, "keyValue">): KeyValue {
	return keyValue.open({ path: "dakkio", format: "buffer" });
}

/** Writes a value and verifies it: worn flash fails silently. Throws if it is not stored, and what the storage throws. */
export function writeValue(
	storage: Pick<KeyValue, "read" | "write">,
	key: PersistentKey,
	value: Uint8Array,
): void {
	storage.write(key, value);
	if (!isStored(storage, key, value)) throw new Error(`the flash does not keep "${key}"`);
}

/** Like {@link writeValue}, but only if the stored value differs: each write wears the flash. */
export function writeIfChanged(
	storage: Pick<KeyValue, "read" | "write">,
	key: PersistentKey,
	value: Uint8Array,
): void {
	if (!isStored(storage, key, value)) writeValue(storage, key, value);
}

function isStored(storage: Pick<KeyValue, "read">, key: PersistentKey, value: Uint8Array): boolean {
	const stored = storage.read(key);
	return stored !== undefined && areBytesEqual(new Uint8Array(stored), value);
}

/** A flag is set while there is a value under its key. */
export function isFlagSet(storage: Pick<KeyValue, "read">, key: PersistentKey): boolean {
	return storage.read(key) !== undefined;
}

/** Changes a flag; writes nothing if it is as given. Throws what the storage throws. */
export function setFlag(
	storage: Pick<KeyValue, "read" | "write" | "delete">,
	key: PersistentKey,
	isSet: boolean,
): void {
	if (isSet === isFlagSet(storage, key)) return;
	if (isSet) writeValue(storage, key, Uint8Array.of(1));
	else storage.delete(key);
}
