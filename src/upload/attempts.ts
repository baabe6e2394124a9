import type { KeyValue } from "../boards/ecma419";

/** How far the uploads have come: what an uploader has to know to go on after a deep sleep. */
export interface Attempts {
	/** Ticks before which nothing is sent. */
	readonly dueAt: number;
	/** In a row. */
	readonly failures: number;
	/** Most points of a batch: fewer after an answer was lost, until one gets through. 1 … 65,535. */
	readonly points: number;
}

export const attemptsKey = "attempts";
const length = 12;

/** Writes only what has changed: the storage wears. */
export function keepAttempts(storage: KeyValue, attempts: Attempts): void {
	const kept = readAttempts(storage);
	const { dueAt, failures, points } = attempts;
	if (kept?.dueAt === dueAt && kept.failures === failures && kept.points === points) return;
	const bytes = new Uint8Array(length);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, dueAt);
	view.setUint16(8, Math.min(failures, 0xffff));
	view.setUint16(10, points);
	storage.write(attemptsKey, bytes);
}

/** `undefined` when none are kept that make sense. */
export function readAttempts(storage: KeyValue): Attempts | undefined {
	const kept = storage.read(attemptsKey);
	if (kept?.byteLength !== length) return undefined;
	const view = new DataView(kept);
	const points = view.getUint16(10);
	return points === 0 ? undefined : { dueAt: view.getFloat64(0), failures: view.getUint16(8), points };
}
