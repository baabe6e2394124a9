import type { Storage } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { clockKey } from "../clock/clock";
import { stuckButtonKey } from "../panel/stuck-button";
import { pulseTotalsKey } from "../sensors/inputs/pulse-totals";
import { fieldNamesKey } from "../sensors/pipeline/field-names";
import { builtInSettingsKey } from "../settings/built-in-settings";
import { settingsKeys } from "../settings/settings-store";
import { accessPointPasswordKey } from "../setup/access-point-credentials";
import { setupRequestKey } from "../setup/setup-request";
import { budgetKey } from "../upload/call-budget";
import { uploadStateKey } from "../upload/upload-state";
import { bootsKey } from "./boot-counter";
import { networkWatchdogKey } from "./network-watchdog";

const storageDomain = "dakkio";
/** There while forgetting is under way. */
const resetPendingKey = "forgetting";

/**
 * What numbers boots and readings, and tells their times; the password of the board's own network, which may stand on
 * its case; and which settings the build has brought along. The password first: it is missed most.
 */
const keptKeys = Object.freeze([accessPointPasswordKey, bootsKey, clockKey, builtInSettingsKey]);

/** Whatever the owner has left, or says something of the owner. */
const erasedKeys = Object.freeze([
	// mutation: settings-keys
	...settingsKeys,
	budgetKey,
	uploadStateKey,
	networkWatchdogKey,
	fieldNamesKey,
	pulseTotalsKey,
	setupRequestKey,
	stuckButtonKey,
]);

type BoardStorage = Pick<Storage, "keyValue" | "eraseKeyValue">;

/**
 * The board's key-value storage; a forgetting that lost its power is brought to its end first.
 *
 * @param eraseReadings what is not in this storage, and goes before it: nobody else's board must send it.
 */
export function openStorage(board: BoardStorage, eraseReadings: () => void): KeyValue {
	const storage = board.keyValue.open({ path: storageDomain, format: "buffer" });
	if (storage.read(resetPendingKey) === undefined) return storage;
	eraseReadings();
	return factoryReset(board, storage);
}

/** From here on all will be forgotten: should power go, the next start goes on with it. */
export function markFactoryReset(storage: Pick<KeyValue, "write">): void {
	storage.write(resetPendingKey, Uint8Array.of(1));
}

/**
 * The board goes to somebody else. Deleted first, so that no start finds it any more, then erased, where the board can:
 * what was deleted or overwritten would stay readable on flash. Should power go just after the erasure, what was to stay
 * is lost: the board then has another password, and begins its count of boots anew.
 *
 * @returns the storage, opened anew: the one that was given is closed by the erasure.
 */
export function factoryReset(board: BoardStorage, storage: KeyValue): KeyValue {
	markFactoryReset(storage);
	// mutation: erase-settings
	for (const key of erasedKeys) storage.delete(key);
	const kept = keptKeys.map((key) => [key, storage.read(key)] as const);
	board.eraseKeyValue?.();
	storage.close();
	const empty = board.keyValue.open({ path: storageDomain, format: "buffer" });
	for (const [key, value] of kept) if (value !== undefined) empty.write(key, new Uint8Array(value));
	empty.delete(resetPendingKey);
	return empty;
}
