import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeValue } from "../common/persistent-values";
import { type CallQuota, parseCallQuota } from "../dakkio/rate-limits";
import { defaultQuota, quotaAfterCall, quotaAt, uploadIntervalMs } from "./upload-interval";

const budgetKey: PersistentKey = "budget";
/** Version (1 byte), limit, remaining and reset (doubles). */
const recordBytes = 25;
const version = 1;

/** The remaining calls of the plan: from the headers of the last response, or counted. Persisted. */
export class CallBudget {
	private readonly storage: KeyValue;
	private quota: CallQuota | undefined;

	constructor(storage: KeyValue) {
		this.storage = storage;
		this.quota = loadQuota(storage);
	}

	/** The quota at `now` (milliseconds of Unix time). */
	quotaAt(now: number): CallQuota {
		return this.quota === undefined ? defaultQuota(now) : quotaAt(this.quota, now);
	}

	/** Counts an answered call, or takes the quota from the response headers. */
	countCall(headers: ReadonlyMap<string, string>, now: number): void {
		const quota = parseCallQuota(headers, now) ?? quotaAfterCall(this.quotaAt(now));
		this.quota = quota;
		try {
			saveQuota(this.storage, quota);
		} catch {
			// The count in memory is right; a failure of the storage must not affect the upload.
		}
	}

	/** The time in which the plan allows one regular call, milliseconds. */
	callIntervalMs(now: number): number {
		return uploadIntervalMs("auto", 0, this.quotaAt(now), now);
	}

	/** The time between two regular uploads, milliseconds. */
	uploadIntervalMs(setting: number | "auto", sampling: number, now: number): number {
		return uploadIntervalMs(setting, sampling, this.quotaAt(now), now);
	}
}

/** The saved quota; `undefined` if it is missing or implausible. */
function loadQuota(storage: KeyValue): CallQuota | undefined {
	const kept = storage.read(budgetKey);
	if (kept?.byteLength !== recordBytes) return undefined;
	const view = new DataView(kept);
	const limit = view.getFloat64(1);
	const remaining = view.getFloat64(9);
	const resetUtc = view.getFloat64(17);
	const plausible = limit > 0 && remaining >= 0 && remaining <= limit && resetUtc > 0;
	return view.getUint8(0) === version && plausible ? { limit, remaining, resetUtc } : undefined;
}

function saveQuota(storage: KeyValue, { limit, remaining, resetUtc }: CallQuota): void {
	const bytes = new Uint8Array(recordBytes);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, version);
	view.setFloat64(1, limit);
	view.setFloat64(9, remaining);
	view.setFloat64(17, resetUtc);
	writeValue(storage, budgetKey, bytes);
}
