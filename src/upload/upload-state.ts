import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeIfChanged } from "../common/persistent-values";
import { maxBatchPoints } from "../dakkio/rate-limits";
import type { OwedCalls } from "./call-debt";
import type { PassedOver } from "./passed-over";
import type { SearchState } from "./refusal-search";

/** State of an uploader that is kept over each start. */
export interface UploadState extends SearchState {
	/** Ticks before which nothing is sent; over a deep sleep only. */
	readonly dueAtTicks: number;
	/** In a row; over a deep sleep only. */
	readonly consecutiveFailures: number;
	/** How many points dropped from the quarantine have been reported. */
	readonly reportedDrops: number;
	readonly owed: OwedCalls;
	/** Restarts since the service last took a point, while it fails or refuses. Deep sleeps do not count. */
	readonly restarts: number;
	/** After a restart, nothing is sent before this Unix time, milliseconds. 0: it may be sent at once. */
	readonly retryUtc: number;
}

/** Of a board that has not sent anything. */
export const initialUploadState: UploadState = {
	dueAtTicks: 0,
	consecutiveFailures: 0,
	maxPoints: maxBatchPoints,
	refusals: 0,
	failures: 0,
	reportedDrops: 0,
	owed: { calls: 0, ticks: 0 },
	restarts: 0,
	retryUtc: 0,
	repeats: { count: 0, upTo: 0, ticks: 0 },
	frontRefusals: 0,
	passedOver: [],
};

/** In an outage, so many restarts try at once: a person who restarts the board wants to see whether it works now. */
const maxPromptRestarts = 3;

const uploadStateKey: PersistentKey = "attempts";
/** What was added later is left out while it has its defaults. */
const shortRecordBytes = 12;
const recordBytes = 56;
const rangeBytes = 17;

/** Throws what the storage throws. */
export function saveUploadState(storage: KeyValue, state: UploadState): void {
	const { dueAtTicks, consecutiveFailures, maxPoints, refusals, failures } = state;
	const { reportedDrops, owed, repeats, passedOver, restarts, retryUtc, frontRefusals } = state;
	const isShort =
		refusals === 0 &&
		failures === 0 &&
		reportedDrops === 0 &&
		owed.calls === 0 &&
		repeats.count === 0 &&
		repeats.upTo === 0 &&
		frontRefusals === 0 &&
		passedOver.length === 0;
	const bytes = new Uint8Array(isShort ? shortRecordBytes : recordBytes + rangeBytes * passedOver.length);
	const view = new DataView(bytes.buffer);
	view.setFloat64(0, dueAtTicks);
	view.setUint16(8, Math.min(consecutiveFailures, 0xffff));
	view.setUint16(10, maxPoints);
	if (!isShort) {
		view.setUint8(12, cappedCount(refusals));
		view.setUint8(13, cappedCount(failures));
		view.setUint32(14, reportedDrops);
		view.setUint16(18, Math.min(Math.ceil(owed.calls), 0xffff));
		view.setFloat64(20, owed.ticks);
		view.setUint16(28, Math.min(repeats.count, 0xffff));
		view.setFloat64(30, repeats.upTo);
		view.setFloat64(38, repeats.ticks);
		view.setUint8(46, Math.min(restarts, 0xff));
		view.setFloat64(47, retryUtc);
		view.setUint8(55, Math.min(frontRefusals, 0xff));
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
	if (kept === undefined || kept.byteLength < shortRecordBytes) return undefined;
	const view = new DataView(kept);
	const state = {
		...initialUploadState,
		dueAtTicks: view.getFloat64(0),
		consecutiveFailures: view.getUint16(8),
		maxPoints: view.getUint16(10),
	};
	if (state.maxPoints === 0) return undefined;
	const { byteLength } = kept;
	if (byteLength === shortRecordBytes) return state;
	if (byteLength < recordBytes || (byteLength - recordBytes) % rangeBytes !== 0) return undefined;
	const passedOver = loadPassedOver(view);
	if (passedOver === undefined) return state;
	return {
		...state,
		refusals: view.getUint8(12),
		failures: view.getUint8(13),
		reportedDrops: view.getUint32(14),
		passedOver,
		owed: { calls: view.getUint16(18), ticks: view.getFloat64(20) },
		repeats: { count: view.getUint16(28), upTo: view.getFloat64(30), ticks: view.getFloat64(38) },
		restarts: view.getUint8(46),
		retryUtc: view.getFloat64(47),
		frontRefusals: view.getUint8(55),
	};
}

/**
 * At a start whose ticks begin again, at `ticks`, those of before say nothing: what is owed, and the day of the points that
 * were repeated, count from now on. A limit of the points of a batch ends with what set it. A board that is restarted again
 * and again in an outage sends little more than one that is not. Throws what the storage throws.
 */
export function restartUploadState(
	storage: KeyValue,
	oldestSequence: number | undefined,
	ticks: number,
): void {
	const kept = loadUploadState(storage);
	if (kept === undefined) return;
	const { maxPoints, failures, refusals, owed, repeats } = kept;
	const isRisked = oldestSequence !== undefined && oldestSequence <= repeats.upTo;
	const isFailing = failures > 0 || refusals > 0;
	const restarts = isFailing ? kept.restarts + 1 : 0;
	saveUploadState(storage, {
		...kept,
		dueAtTicks: 0,
		consecutiveFailures: 0,
		maxPoints: isFailing || isRisked ? maxPoints : maxBatchPoints,
		restarts,
		// mutation: keep-wait-over-restarts
		retryUtc: restarts > maxPromptRestarts ? kept.retryUtc : 0,
		owed: { ...owed, ticks },
		repeats: { ...repeats, ticks },
	});
}

/** `undefined` if they are not in order. */
function loadPassedOver(view: DataView): readonly PassedOver[] | undefined {
	const passedOver: PassedOver[] = [];
	for (let at = recordBytes; at < view.byteLength; at += rangeBytes) {
		const range = {
			first: view.getFloat64(at),
			last: view.getFloat64(at + 8),
			strikes: view.getUint8(at + 16),
		};
		if (!(range.first > (passedOver.at(-1)?.last ?? 0) && range.last >= range.first)) return undefined;
		passedOver.push(range);
	}
	return passedOver;
}

/** In a byte. Its last five bits decide which point is tried next. */
function cappedCount(count: number): number {
	return count < 0x100 ? count : 0xe0 + (count % 32);
}
