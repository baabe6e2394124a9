import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeIfChanged } from "../common/persistent-values";

/** State of an uploader that is kept over a deep sleep. */
export interface UploadState {
	/** Ticks before which nothing is sent. */
	readonly dueAtTicks: number;
	/** In a row. */
	readonly consecutiveFailures: number;
	/** Maximum points of a batch, reduced after failures. 1 … 65,535. */
	readonly maxPoints: number;
}

const uploadStateKey: PersistentKey = "attempts";
const recordBytes = 12;

/** Throws what the storage throws. */
export function saveUploadState(storage: KeyValue, state: UploadState): void {
	const { dueAtTicks, consecutiveFailures, maxPoints } = state;
	const bytes = new Uint8Array(recordBytes);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, dueAtTicks);
	view.setUint16(8, Math.min(consecutiveFailures, 0xffff));
	view.setUint16(10, maxPoints);
	writeIfChanged(storage, uploadStateKey, bytes);
}

/** `undefined` if there is none or it is implausible. */
export function loadUploadState(storage: KeyValue): UploadState | undefined {
	const kept = storage.read(uploadStateKey);
	if (kept?.byteLength !== recordBytes) return undefined;
	const view = new DataView(kept);
	const maxPoints = view.getUint16(10);
	return maxPoints === 0
		? undefined
		: { dueAtTicks: view.getFloat64(0), consecutiveFailures: view.getUint16(8), maxPoints };
}
