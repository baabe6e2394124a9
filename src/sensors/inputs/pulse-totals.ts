import type { Time } from "../../boards/board";
import type { KeyValue } from "../../boards/ecma419";
import { readJsonRecord, writeJsonRecord } from "../../common/json-record";

/**
 * Limits the wear of the storage. After a power cut, the pulses since the last save are missing in the
 * totals.
 */
const saveIntervalMs = 600_000;

/** Number of all pulses ever counted, by the name of the field. Persisted. */
export class PulseTotals {
	private readonly storage: Pick<KeyValue, "read" | "write">;
	private readonly time: Pick<Time, "ticks">;
	private readonly totals: Map<string, number>;
	private savedTicks: number;
	private hasUnsavedChanges = false;

	constructor(storage: Pick<KeyValue, "read" | "write">, time: Pick<Time, "ticks">) {
		this.storage = storage;
		this.time = time;
		this.totals = load(storage);
		this.savedTicks = time.ticks();
	}

	/** Adds to a total and returns it. */
	add(name: string, pulses: number): number {
		const total = (this.totals.get(name) ?? 0) + pulses;
		if (pulses !== 0) {
			this.totals.set(name, total);
			this.hasUnsavedChanges = true;
		}
		if (this.time.ticks() - this.savedTicks >= saveIntervalMs) this.save();
		return total;
	}

	/** Writes changed totals. If the storage fails, they are lost only at a restart. */
	save(): void {
		if (!this.hasUnsavedChanges) return;
		this.hasUnsavedChanges = false;
		this.savedTicks = this.time.ticks();
		try {
			writeJsonRecord(this.storage, "pulses", Object.fromEntries(this.totals));
		} catch {
			this.hasUnsavedChanges = true;
		}
	}
}

function load(storage: Pick<KeyValue, "read">): Map<string, number> {
	const record = readJsonRecord(storage, "pulses");
	const totals = new Map<string, number>();
	if (
		record === undefined ||
		record === "damaged" ||
		typeof record.value !== "object" ||
		record.value === null
	)
		return totals;
	for (const [name, total] of Object.entries(record.value))
		if (typeof total === "number" && total >= 0) totals.set(name, total);
	return totals;
}
