import type { Board } from "../boards/board";
import type { KeyValue } from "../boards/ecma419";
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

/**
 * The board, with its log kept, and saved before a restart. `tail`: once there is one. `onLeave`: before each restart and
 * sleep that the firmware asks for.
 */
export function withLogTail(board: Board, tail: () => LogTail | undefined, onLeave = () => {}): Board {
	return {
		...board,
		// Of a class, which the line above does not copy.
		firmware: board.firmware,
		fillRandom: (bytes) => board.fillRandom(bytes),
		freeMemory: () => board.freeMemory(),
		log: (line) => {
			tail()?.append(board.time.ticks(), line);
			// Names in it may be from an untrusted network: a terminal executes escape sequences.
			board.log(toPrintable(line));
		},
		restart: () => {
			onLeave();
			tail()?.save();
			board.restart();
		},
		sleep: (milliseconds, wakePin) => {
			onLeave();
			board.sleep(milliseconds, wakePin);
		},
	};
}
