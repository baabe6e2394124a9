import type { Time } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { type PersistentKey, writeValue } from "../common/persistent-values";

/** The stored record: starts in a row (8 bits), slot of the firmware (8 bits). */
const startsKey: PersistentKey = "starts";
const maxShortStarts = 5;
/** A start that lives this long is none of those. */
const minLifeMs = 60_000;

/**
 * Counts the starts in a row that ended within a minute, for whatever reason but the firmware's own wish. Storage that
 * fails counts nothing.
 */
export class StartCounter {
	/** So many were too short that only setup, storage and updates may run. */
	readonly isSafeMode: boolean;
	private readonly storage: Pick<KeyValue, "write" | "delete">;
	private isCounted = false;

	/** Counts this start. `slot`: of the firmware, whose starts before count only if they were of the same one. */
	constructor(storage: Pick<KeyValue, "read" | "write" | "delete">, slot: number) {
		this.storage = storage;
		const stored = storage.read(startsKey);
		const [starts = 0, ofSlot] = stored === undefined ? [] : new Uint8Array(stored);
		const count = ofSlot === slot ? starts : 0;
		this.isSafeMode = count >= maxShortStarts;
		try {
			// Not counted further: the record stays the same, and is not written again.
			if (!this.isSafeMode) writeValue(storage, startsKey, Uint8Array.of(count + 1, slot));
			this.isCounted = true;
		} catch {
			// Without storage, the board starts as ever.
		}
	}

	/** Ends the row after a minute. */
	start(time: Time): void {
		time.set(() => this.reset(), minLifeMs);
	}

	/** Ends the row: also before each restart and sleep that the firmware asks for. */
	reset(): void {
		if (!this.isCounted) return;
		this.isCounted = false;
		try {
			this.storage.delete(startsKey);
		} catch {
			// At worst, setup opens once too often.
		}
	}
}
