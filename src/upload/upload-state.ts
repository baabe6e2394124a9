import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeIfChanged } from "../common/persistent-values";
import type { SentAhead } from "./refusal-search";

/** State of an uploader that is kept over a deep sleep; `reportedDrops` and `ahead` over each start. */
export interface UploadState {
	/** Ticks before which nothing is sent. */
	readonly dueAtTicks: number;
	/** In a row. */
	readonly consecutiveFailures: number;
	/** Maximum points of a batch, reduced after failures. 1 … 65,535. */
	readonly maxPoints: number;
	/** Single points refused in a row; default 0. */
	readonly refusals?: number;
	/** How many points dropped from the quarantine have been reported; default 0. */
	readonly reportedDrops?: number;
	/** Points that are stored while older ones are pending. */
	readonly ahead?: SentAhead;
}

const uploadStateKey: PersistentKey = "attempts";
/** The last three members were added later, and are left out while they have their defaults. */
const shortRecordBytes = 12;
const recordBytes = 33;

/** Throws what the storage throws. */
export function saveUploadState(storage: KeyValue, state: UploadState): void {
	const { dueAtTicks, consecutiveFailures, maxPoints, refusals = 0, reportedDrops = 0, ahead } = state;
	const isShort = refusals === 0 && reportedDrops === 0 && ahead === undefined;
	const bytes = new Uint8Array(recordBytes);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, dueAtTicks);
	view.setUint16(8, Math.min(consecutiveFailures, 0xffff));
	view.setUint16(10, maxPoints);
	// Whether it is even decides which point is tried next.
	view.setUint8(12, Math.min(refusals, 254 + (refusals % 2)));
	view.setUint32(13, reportedDrops);
	view.setFloat64(17, ahead?.first ?? 0);
	view.setFloat64(25, ahead?.last ?? 0);
	writeIfChanged(storage, uploadStateKey, isShort ? bytes.subarray(0, shortRecordBytes) : bytes);
}

/** `undefined` if there is none or it is implausible. */
export function loadUploadState(storage: KeyValue): UploadState | undefined {
	const kept = storage.read(uploadStateKey);
	if (kept === undefined || (kept.byteLength !== shortRecordBytes && kept.byteLength !== recordBytes))
		return undefined;
	const view = new DataView(kept);
	const maxPoints = view.getUint16(10);
	if (maxPoints === 0) return undefined;
	const state = { dueAtTicks: view.getFloat64(0), consecutiveFailures: view.getUint16(8), maxPoints };
	if (kept.byteLength === shortRecordBytes) return state;
	const first = view.getFloat64(17);
	const last = view.getFloat64(25);
	return {
		...state,
		refusals: view.getUint8(12),
		reportedDrops: view.getUint32(13),
		...(first > 0 && last >= first && { ahead: { first, last } }),
	};
}
