import type { KeyValue } from "../boards/ecma419";

export const stuckKey = "stuck";

/** Whether the button was down when the board fell asleep: the next start takes it for no press, then. */
export function wasStuck(storage: Pick<KeyValue, "read">): boolean {
	return storage.read(stuckKey) !== undefined;
}

/** Writes only what has changed: the storage wears. */
export function keepStuck(storage: Pick<KeyValue, "read" | "write" | "delete">, stuck: boolean): void {
	if (stuck === wasStuck(storage)) return;
	if (stuck) storage.write(stuckKey, Uint8Array.of(1));
	else storage.delete(stuckKey);
}
