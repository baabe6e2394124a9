import type { Storage } from "./boards/board";
import type { KeyValue } from "./boards/ecma419";
import { bootsKey } from "./boot";
import { clockKey } from "./clock/clock";
import { stuckKey } from "./panel/stuck";
import { namesKey } from "./sensors/name-store";
import { totalsKey } from "./sensors/pulse-totals";
import { plantedKey } from "./settings/planted";
import { places } from "./settings/settings-store";
import { ownPasswordKey } from "./setup/access";
import { wishKey } from "./setup/wanted";
import { attemptsKey } from "./upload/attempts";
import { budgetKey } from "./upload/budget";
import { silenceKey } from "./upload/silence";

const domain = "dakkio";
/** There while forgetting is under way. */
const mark = "forgetting";

/**
 * What numbers boots and readings, and tells their times; the password of the board's own network, which may stand on
 * its case; and which settings the build has brought along. The password first: it is missed most.
 */
const staying = Object.freeze([ownPasswordKey, bootsKey, clockKey, plantedKey]);

/** Whatever the owner has left, or says something of the owner. */
const going = Object.freeze([
	// mutation: settings-keys
	...places,
	budgetKey,
	attemptsKey,
	silenceKey,
	namesKey,
	totalsKey,
	wishKey,
	stuckKey,
]);

type BoardStorage = Pick<Storage, "keyValue" | "eraseKeyValue">;

/**
 * The board's key-value storage; a forgetting that lost its power is brought to its end first.
 *
 * @param eraseReadings what is not in this storage, and goes before it: nobody else's board must send it.
 */
export function openStorage(board: BoardStorage, eraseReadings: () => void): KeyValue {
	const storage = board.keyValue.open({ path: domain, format: "buffer" });
	if (storage.read(mark) === undefined) return storage;
	eraseReadings();
	return forgetOwner(board, storage);
}

/** From here on all will be forgotten: should power go, the next start goes on with it. */
export function beginForgetting(storage: Pick<KeyValue, "write">): void {
	storage.write(mark, Uint8Array.of(1));
}

/**
 * The board goes to somebody else. Deleted first, so that no start finds it any more, then erased, where the board can:
 * what was deleted or overwritten would stay readable on flash. Should power go just after the erasure, what was to stay
 * is lost: the board then has another password, and begins its count of boots anew.
 *
 * @returns the storage, opened anew: the one that was given is closed by the erasure.
 */
export function forgetOwner(board: BoardStorage, storage: KeyValue): KeyValue {
	beginForgetting(storage);
	// mutation: erase-settings
	for (const key of going) storage.delete(key);
	const kept = staying.map((key) => [key, storage.read(key)] as const);
	board.eraseKeyValue?.();
	storage.close();
	const empty = board.keyValue.open({ path: domain, format: "buffer" });
	for (const [key, value] of kept) if (value !== undefined) empty.write(key, new Uint8Array(value));
	empty.delete(mark);
	return empty;
}
