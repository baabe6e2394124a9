import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import type { UnsavedClock } from "../clock/clock";
import { errorMessage } from "../common/error-message";
import { openKeyValue } from "../common/persistent-values";
import type { DecoderState } from "../reading/reading-decoder";
import { ReadingLog } from "../store/reading-log";
import { RingHintRecord } from "../store/ring-hint";
import { Quarantine } from "../upload/quarantine";
import type { UploadState } from "../upload/upload-state";
import { endFactoryReset, factoryReset, markFactoryReset, unerased, unerasedParts } from "./factory-reset";

/** What a wake need not work out again. Without it, or with an older one, it does. */
export interface SleepState {
	/** After the last reading stored. */
	readonly readings?: DecoderState | undefined;
	/** Of the settings that were checked. */
	readonly settingsStamp?: string | undefined;
	/** Only while the key-value storage does not take them. */
	readonly clock?: UnsavedClock | undefined;
	readonly upload?: UploadState | undefined;
}

/** Everything the board stores: readings and quarantine in flash partitions, the rest in key-value storage. */
export class DeviceStorage {
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly keyValue: KeyValue;
	/**
	 * A factory reset could not erase readings or settings: the readings of before would be sent with the next user's key.
	 */
	isResetIncomplete = false;
	/** From before the deep sleep that this start ends; empty without one. */
	readonly kept: SleepState;
	private readonly board: Pick<Board, "storage" | "log">;

	/** Completes a factory reset that a power cut interrupted, or that could not erase everything. */
	constructor(board: Pick<Board, "storage" | "log">) {
		this.board = board;
		const kept = board.storage.sleepMemory?.take();
		// The same firmware wrote it, and the board has checked it.
		this.kept = kept === undefined ? {} : JSON.parse(kept);
		this.keyValue = openKeyValue(board.storage);
		this.readings = new ReadingLog(
			board.storage.flash.open({ path: "queue" }),
			new RingHintRecord(this),
			this.kept.readings,
		);
		this.quarantine = new Quarantine(board.storage.flash.open({ path: "quarantine" }));
		const parts = unerasedParts(this.keyValue);
		if (parts !== 0) this.keyValue = this.erase(parts);
	}

	/** Before a deep sleep. */
	keep(state: Omit<SleepState, "readings">): void {
		const { sleepMemory } = this.board.storage;
		if (sleepMemory === undefined) return;
		const all: SleepState = { ...state, readings: this.readings.newestState };
		// The state of the readings can be read back from flash.
		if (!sleepMemory.keep(JSON.stringify(all))) sleepMemory.keep(JSON.stringify(state));
	}

	/** Changes the storage; false, with a line in the log, if it fails. */
	tryWrite(change: () => void): boolean {
		try {
			change();
			return true;
		} catch (error) {
			this.board.log(`storage: write failed: ${errorMessage(error)}`);
			return false;
		}
	}

	/** Erases settings, secrets and readings; boot and sequence numbers go on. Closes the key-value storage. */
	factoryReset(): void {
		// After a power cut from here on, the next boot completes the reset.
		// mutation: begin-factory-reset
		this.tryWrite(() => markFactoryReset(this.keyValue));
		this.erase(unerased.readings | unerased.quarantine | unerased.settings);
	}

	close(): void {
		this.readings.close();
		this.quarantine.close();
		this.keyValue.close();
	}

	/**
	 * Each part by itself; what fails stays marked, for the next start. Returns the key-value storage, reopened: erasing the
	 * settings closes it. They are the last: nothing of before may be there with the next user's.
	 */
	private erase(parts: number): KeyValue {
		let storage = this.keyValue;
		let left = 0;
		if ((parts & unerased.readings) !== 0)
			left |= this.tryErase("readings", () => {
				// mutation: erase-readings
				this.readings.reset();
			});
		if ((parts & unerased.quarantine) !== 0)
			left |= this.tryErase("quarantine", () => {
				// mutation: erase-quarantine
				this.quarantine.reset();
			});
		if ((parts & unerased.settings) === 0) this.tryWrite(() => endFactoryReset(storage, left));
		else {
			left |= this.tryErase("settings", () => {
				storage = factoryReset(this.board.storage, storage, left);
			});
			// It may have been closed before it failed.
			if ((left & unerased.settings) !== 0) storage = openKeyValue(this.board.storage);
		}
		// Nothing sends quarantined points.
		this.isResetIncomplete = (left & ~unerased.quarantine) !== 0;
		return storage;
	}

	/** Returns the part if it fails, else 0. */
	private tryErase(part: keyof typeof unerased, erase: () => void): number {
		try {
			erase();
			return 0;
		} catch (error) {
			this.board.log(`factory reset: ${part} not erased: ${errorMessage(error)}; each start tries it again`);
			return unerased[part];
		}
	}
}
