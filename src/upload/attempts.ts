import type { KeyValue } from "../boards/ecma419";

/** How far the uploads have come: what an uploader has to know to go on after a deep sleep. */
export interface Attempts {
	/** Ticks before which nothing is sent. */
	readonly dueAt: number;
	/** In a row. */
	readonly failures: number;
}

const key = "attempts";
const length = 10;

/** Writes only what has changed: the storage wears. */
export function keepAttempts(storage: KeyValue, attempts: Attempts): void {
	const kept = readAttempts(storage);
	if (kept?.dueAt === attempts.dueAt && kept.failures === attempts.failures) return;
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, attempts.dueAt);
	view.setUint16(8, Math.min(attempts.failures, 0xffff));
	storage.write(key, bytes);
}

/** `undefined` when none are kept. */
export function readAttempts(storage: KeyValue): Attempts | undefined {
	const kept = storage.read(key);
	if (kept?.byteLength !== length) return undefined;
	const view = new DataView(kept);
	return { dueAt: view.getFloat64(0), failures: view.getUint16(8) };
}
