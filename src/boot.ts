import type { KeyValue } from "./boards/ecma419";

const key = "boots";

/**
 * Counts this start of the board, durably, and returns its number: 1 for the first, and always more than `before`,
 * the newest boot that is known from elsewhere (a reading on flash, when the storage was erased and the flash not).
 */
export function countBoot(storage: KeyValue, before: number): number {
	const kept = storage.read(key);
	const counted = kept?.byteLength === 4 ? new DataView(kept).getUint32(0) : 0;
	const boot = Math.max(counted, before) + 1;
	const bytes = new Uint8Array(4);
	new DataView(bytes.buffer).setUint32(0, boot);
	storage.write(key, bytes);
	return boot;
}
