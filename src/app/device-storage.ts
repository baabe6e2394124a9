import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
import { errorMessage } from "../common/error-message";
import { openKeyValue } from "../common/persistent-values";
import type { DecoderState } from "../reading/reading-decoder";
import { ReadingLog } from "../store/reading-log";
import { RingHintRecord } from "../store/ring-hint";
import { Quarantine } from "../upload/quarantine";
import { factoryReset, markFactoryReset, openStorage } from "./factory-reset";

/** What a wake need not work out again. Without it, or with an older one, it does. */
export interface SleepState {
	/** After the last reading stored. */
	readonly readings?: DecoderState | undefined;
	/** Of the settings that were checked. */
	readonly settingsStamp?: string | undefined;
}

/** Everything the board stores: readings and quarantine in flash partitions, the rest in key-value storage. */
export class DeviceStorage {
	readonly readings: ReadingLog;
	readonly quarantine: Quarantine;
	readonly keyValue: KeyValue;
	/** From before the deep sleep that this start ends; empty without one. */
	readonly kept: SleepState;
	private readonly board: Pick<Board, "storage" | "log">;

	/** Completes a factory reset that a power cut interrupted. */
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
		this.keyValue = openStorage(board.storage, () => this.eraseReadings(), this.keyValue);
	}

	/** Of the oldest pending reading; `undefined` without one. */
	get oldestPendingBoot(): number | undefined {
		for (const { context } of this.readings.pending()) return context.boot;
		return undefined;
	}

	/** Before a deep sleep. */
	keep(state: Omit<SleepState, "readings">): void {
		const all: SleepState = { ...state, readings: this.readings.newestState };
		this.board.storage.sleepMemory?.keep(JSON.stringify(all));
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
		this.eraseReadings();
		this.tryWrite(() => factoryReset(this.board.storage, this.keyValue));
	}

	close(): void {
		this.readings.close();
		this.quarantine.close();
		this.keyValue.close();
	}

	private eraseReadings(): void {
		this.tryWrite(() => {
			// mutation: erase-readings
			this.readings.reset();
			// mutation: erase-quarantine
			this.quarantine.reset();
		});
	}
}
