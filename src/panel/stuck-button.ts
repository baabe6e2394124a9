import type { KeyValue } from "../boards/ecma419";

export const stuckButtonKey = "stuck";

/** Whether the button was down when the board fell asleep: the next start takes it for no press, then. */
export function wasButtonStuck(storage: Pick<KeyValue, "read">): boolean {
	return storage.read(stuckButtonKey) !== undefined;
}

/** Writes only what has changed: the storage wears. */
export function saveButtonStuck(storage: Pick<KeyValue, "read" | "write" | "delete">, stuck: boolean): void {
	if (stuck === wasButtonStuck(storage)) return;
	if (stuck) storage.write(stuckButtonKey, Uint8Array.of(1));
	else storage.delete(stuckButtonKey);
}
