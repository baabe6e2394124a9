import type { KeyValue } from "../boards/ecma419";
import type { PersistentKey } from "../common/persistent-values";
import { type CallQuota, parseCallQuota } from "../dakkio/rate-limits";
import { defaultQuota, quotaAfterCall, quotaAt, uploadIntervalMs } from "./upload-interval";

const budgetKey: PersistentKey = "budget";
/** Version, limit, remaining, reset: one byte and three doubles. */
const recordBytes = 25;
const version = 1;

/**
 * The calls that the plan leaves, as far as this device knows: from the headers of the last answer, or counted by
 * itself. Survives a restart.
 */
export class CallBudget {
	private readonly storage: KeyValue;
	private quota: CallQuota | undefined;

	constructor(storage: KeyValue) {
		this.storage = storage;
		this.quota = loadQuota(storage);
	}

	/** What is left at `now` (milliseconds of Unix time). */
	quotaAt(now: number): CallQuota {
		return this.quota === undefined ? defaultQuota(now) : quotaAt(this.quota, now);
	}

	/** Counts a call that was answered, by what its headers say. */
	countCall(headers: ReadonlyMap<string, string>, now: number): void {
		const allowance = parseCallQuota(headers, now) ?? quotaAfterCall(this.quotaAt(now));
		this.quota = allowance;
		try {
			saveQuota(this.storage, allowance);
		} catch {
			// The count is right as long as the board runs; and what was answered is answered, whatever a storage says.
		}
	}

	/** The time to the next regular upload, milliseconds. */
	uploadIntervalMs(setting: number | "auto", sampling: number, now: number): number {
		return uploadIntervalMs(setting, sampling, this.quotaAt(now), now);
	}
}

/** What was kept; anything else than this class writes counts as nothing. */
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
	storage.write(budgetKey, bytes);
}
