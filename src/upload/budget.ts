import type { KeyValue } from "../boards/ecma419";
import { type Allowance, readAllowance } from "../dakkio/limits";
import { afterCall, allowanceAt, assumedAllowance, uploadInterval } from "./pace";

export const budgetKey = "budget";
/** Version, limit, remaining, reset: one byte and three doubles. */
const recordLength = 25;
const version = 1;

/**
 * The calls that the plan leaves, as far as this device knows: from the headers of the last answer, or counted by
 * itself. Survives a restart.
 */
export class Budget {
	private readonly storage: KeyValue;
	private allowance: Allowance | undefined;

	constructor(storage: KeyValue) {
		this.storage = storage;
		this.allowance = read(storage);
	}

	/** What is left at `now` (milliseconds of Unix time). */
	at(now: number): Allowance {
		return this.allowance === undefined ? assumedAllowance(now) : allowanceAt(this.allowance, now);
	}

	/** Counts a call that was answered, by what its headers say. */
	count(headers: ReadonlyMap<string, string>, now: number): void {
		const allowance = readAllowance(headers, now) ?? afterCall(this.at(now));
		this.allowance = allowance;
		try {
			write(this.storage, allowance);
		} catch {
			// The count is right as long as the board runs; and what was answered is answered, whatever a storage says.
		}
	}

	/** The time to the next regular upload, milliseconds. */
	interval(setting: number | "auto", sampling: number, now: number): number {
		return uploadInterval(setting, sampling, this.at(now), now);
	}
}

/** What was kept; anything else than this class writes counts as nothing. */
function read(storage: KeyValue): Allowance | undefined {
	const kept = storage.read(budgetKey);
	if (kept?.byteLength !== recordLength) return undefined;
	const view = new DataView(kept);
	const limit = view.getFloat64(1);
	const remaining = view.getFloat64(9);
	const reset = view.getFloat64(17);
	const plausible = limit > 0 && remaining >= 0 && remaining <= limit && reset > 0;
	return view.getUint8(0) === version && plausible ? { limit, remaining, reset } : undefined;
}

function write(storage: KeyValue, { limit, remaining, reset }: Allowance): void {
	const bytes = new Uint8Array(recordLength);
	const view = new DataView(bytes.buffer);
	view.setUint8(0, version);
	view.setFloat64(1, limit);
	view.setFloat64(9, remaining);
	view.setFloat64(17, reset);
	storage.write(budgetKey, bytes);
}
