import type { Board, BoardIdentity, FirmwareSlots, Network, Pins, Storage, Time } from "../boards/board";
import type { I2CBus, KeyValue } from "../boards/ecma419";
import { type ResetReason, resetReasons } from "../boards/reset-reason";
import { decodeCheckedRecord, encodeCheckedRecord } from "../common/checked-record";
import { toPrintable } from "../common/control-characters";
import { type LogLine, LogRing } from "../common/log-ring";
import type { PersistentKey } from "../common/persistent-values";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";

const logKey: PersistentKey = "log";
/** Of the stored text. */
const maxBytes = 1_900;
const maxRecentLines = 4;

/**
 * The end of the log, for the setup page: kept over restarts by the firmware and on the way into setup, as the log of
 * normal operation says why setup was opened. A power cut or a panic leaves what was kept before.
 */
export class LogTail {
	private readonly storage: Pick<KeyValue, "read" | "write">;
	private readonly startReason: ResetReason;
	private readonly resumed: boolean;
	private readonly own = new LogRing();
	/** Not in the ring yet: the lines of a wake, which are not read, never are. */
	private readonly recent: (readonly [ticks: number, line: string])[] = [];
	/** The reason and the lines of before; read only when needed, as a board on battery wakes often. */
	private kept: readonly string[] | undefined;

	/** `startReason`: why the board started; `resumed`: it continues a boot. */
	constructor(storage: Pick<KeyValue, "read" | "write">, startReason: ResetReason, resumed: boolean) {
		this.storage = storage;
		this.startReason = startReason;
		this.resumed = resumed;
		// A wake does not know why its boot began.
		if (!resumed && this.keptBefore[0] !== startReason) this.save();
		// It is 2 KB, and few ask for it.
		if (!resumed) this.kept = undefined;
	}

	/** Why the boot began; `unknown` if that is not kept. */
	get reason(): ResetReason {
		if (!this.resumed) return this.startReason;
		return resetReasons.find((known) => known === this.keptBefore[0]) ?? "unknown";
	}

	/** Oldest first. */
	get lines(): readonly string[] {
		const lines = this.keptBefore.slice(1);
		for (const { text } of this.ownLines()()) lines.push(decodeUtf8(text()));
		return lines;
	}

	/** Those of this start, as they are now. */
	ownLines(): () => Generator<LogLine> {
		this.storeRecent();
		return this.own.lines();
	}

	/** `ticks`: milliseconds since the boot began. */
	append(ticks: number, line: string): void {
		this.recent.push([ticks, line]);
		if (this.recent.length > maxRecentLines) this.storeRecent();
	}

	private storeRecent(): void {
		for (const [ticks, line] of this.recent.splice(0)) this.own.add(ticks, line);
	}

	/** For the next start. A log that cannot be kept is no reason to stop. */
	save(): void {
		const { reason } = this;
		let { lines } = this;
		let body = encodeUtf8([reason, ...lines].join("\n"));
		while (body.length > maxBytes) {
			lines = lines.slice(1);
			body = encodeUtf8([reason, ...lines].join("\n"));
		}
		try {
			this.storage.write(logKey, encodeCheckedRecord({ counter: 0, body }));
		} catch {
			// The terminal has it.
		}
	}

	private get keptBefore(): readonly string[] {
		if (this.kept === undefined) {
			const bytes = this.storage.read(logKey);
			const record = bytes === undefined ? undefined : decodeCheckedRecord(new Uint8Array(bytes));
			this.kept = record === undefined ? [] : decodeUtf8(record.body).split("\n");
		}
		return this.kept;
	}
}

/** What runs on a {@link LoggedBoard}. */
export interface LogOwner {
	/** `undefined` until there is one. */
	readonly logTail: LogTail | undefined;
	/** Before each restart and sleep that the firmware asks for. */
	onLeave(): void;
}

/** The board, with its log kept, and saved before a restart. */
export class LoggedBoard implements Board {
	readonly identity: BoardIdentity;
	readonly resetReason: ResetReason;
	readonly time: Time;
	readonly network: Network;
	readonly storage: Storage;
	readonly i2c: I2CBus;
	readonly pins: Pins;
	readonly firmware: FirmwareSlots | undefined;
	readonly setupPassword: string | undefined;
	private readonly hardware: Board;
	private readonly owner: LogOwner;

	constructor(hardware: Board, owner: LogOwner) {
		this.hardware = hardware;
		this.owner = owner;
		this.identity = hardware.identity;
		this.resetReason = hardware.resetReason;
		this.time = hardware.time;
		this.network = hardware.network;
		this.storage = hardware.storage;
		this.i2c = hardware.i2c;
		this.pins = hardware.pins;
		this.firmware = hardware.firmware;
		this.setupPassword = hardware.setupPassword;
	}

	fillRandom(bytes: Uint8Array): void {
		this.hardware.fillRandom(bytes);
	}

	freeMemory(): number | undefined {
		return this.hardware.freeMemory();
	}

	log(line: string): void {
		this.owner.logTail?.append(this.time.ticks(), line);
		// Names in it may be from an untrusted network: a terminal executes escape sequences.
		this.hardware.log(toPrintable(line));
	}

	restart(): void {
		this.owner.onLeave();
		this.owner.logTail?.save();
		this.hardware.restart();
	}

	sleep(milliseconds: number, wakePin?: number): void {
		this.owner.onLeave();
		this.hardware.sleep(milliseconds, wakePin);
	}
}
