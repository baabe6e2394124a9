import type { Board, Timer } from "../boards/board";

/** A board on mains without a network opens setup after this. */
export const offlineTimeoutMs = 15 * 60_000;

export interface OfflineTimerOptions {
	readonly board: Pick<Board, "time">;
	/** Offline for {@link offlineTimeoutMs}. */
	onOfflineTimeout(): void;
}

/** Runs while the board has no network. */
export class OfflineTimer {
	private readonly options: OfflineTimerOptions;
	private timer: Timer | undefined;

	constructor(options: OfflineTimerOptions) {
		this.options = options;
	}

	/** Starts to count, unless it already does. */
	start(): void {
		this.timer ??= this.options.board.time.set(() => this.options.onOfflineTimeout(), offlineTimeoutMs);
	}

	/** Resets it. */
	stop(): void {
		this.options.board.time.clear(this.timer);
		this.timer = undefined;
	}
}
