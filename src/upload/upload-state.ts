import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeIfChanged } from "../common/persistent-values";
import type { PassedOver } from "./refusal-search";

/** State of an uploader that is kept over each start; `dueAtTicks` and `consecutiveFailures` over a deep sleep only. */
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
	/** Failures in a row of a service that was reached; default 0. */
	readonly failures?: number;
	/** Points that are passed over while older ones are pending; default: none. */
	readonly passedOver?: readonly PassedOver[];
}

const uploadStateKey: PersistentKey = "attempts";
/** What was added later is left out while it has its defaults. */
const shortRecordBytes = 12;
const recordBytes = 18;
const rangeBytes = 17;

/** Throws what the storage throws. */
export function saveUploadState(storage: KeyValue, state: UploadState): void {
	const { dueAtTicks, consecutiveFailures, maxPoints, refusals = 0, reportedDrops = 0 } = state;
	const { failures = 0, passedOver = [] } = state;
	const isShort = refusals === 0 && failures === 0 && reportedDrops === 0 && passedOver.length === 0;
	const bytes = new Uint8Array(isShort ? shortRecordBytes : recordBytes + rangeBytes * passedOver.length);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, dueAtTicks);
	view.setUint16(8, Math.min(consecutiveFailures, 0xffff));
	view.setUint16(10, maxPoints);
	if (!isShort) {
		view.setUint8(12, cappedCount(refusals));
		view.setUint8(13, cappedCount(failures));
		view.setUint32(14, reportedDrops);
		for (const [index, { first, last, strikes }] of passedOver.entries()) {
			const at = recordBytes + rangeBytes * index;
			view.setFloat64(at, first);
			view.setFloat64(at + 8, last);
			view.setUint8(at + 16, strikes);
		}
	}
	writeIfChanged(storage, uploadStateKey, bytes);
}

/** `undefined` if there is none or it is implausible. */
export function loadUploadState(storage: KeyValue): UploadState | undefined {
	const kept = storage.read(uploadStateKey);
	if (kept === undefined) return undefined;
	const { byteLength } = kept;
	const isShort = byteLength === shortRecordBytes;
	if (!isShort && (byteLength < recordBytes || (byteLength - recordBytes) % rangeBytes !== 0))
		return undefined;
	const view = new DataView(kept);
	const maxPoints = view.getUint16(10);
	if (maxPoints === 0) return undefined;
	const state = { dueAtTicks: view.getFloat64(0), consecutiveFailures: view.getUint16(8), maxPoints };
	if (isShort) return state;
	const passedOver: PassedOver[] = [];
	for (let at = recordBytes; at < byteLength; at += rangeBytes) {
		const range = {
			first: view.getFloat64(at),
			last: view.getFloat64(at + 8),
			strikes: view.getUint8(at + 16),
		};
		if (!(range.first > (passedOver.at(-1)?.last ?? 0) && range.last >= range.first)) return state;
		passedOver.push(range);
	}
	const [refusals, failures] = [view.getUint8(12), view.getUint8(13)];
	return { ...state, refusals, failures, reportedDrops: view.getUint32(14), passedOver };
}

/** In a byte. Its last five bits decide which point is tried next. */
function cappedCount(count: number): number {
	return count < 0x100 ? count : 0xe0 + (count % 32);
}
