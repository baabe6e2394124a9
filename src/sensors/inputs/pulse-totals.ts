import type { Time } from "../../boards/board";
import type { KeyValue } from "../../boards/ecma419";
import { readJsonRecord, writeJsonRecord } from "../../common/json-record";

/** The storage wears: a total is kept so often, milliseconds. A power cut costs it what was counted since. */
const saveIntervalMs = 600_000;

/** How many pulses were ever counted, by the name of the field; over restarts. */
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

	/** Adds to a total, and returns it. */
	add(name: string, pulses: number): number {
		const total = (this.totals.get(name) ?? 0) + pulses;
		if (pulses !== 0) {
			this.totals.set(name, total);
			this.hasUnsavedChanges = true;
		}
		if (this.time.ticks() - this.savedTicks >= saveIntervalMs) this.save();
		return total;
	}

	/** Writes them down, if there is anything new. A storage that fails costs the totals a restart, and nothing else. */
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
	const kept = readJsonRecord(storage, "pulses");
	const totals = new Map<string, number>();
	if (kept === undefined || kept === "damaged" || typeof kept.value !== "object" || kept.value === null)
		return totals;
	for (const [name, total] of Object.entries(kept.value))
		if (typeof total === "number" && total >= 0) totals.set(name, total);
	return totals;
}
