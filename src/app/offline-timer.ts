import type { Time, Timer } from "../boards/board";

/** A board on mains without a network opens setup after this. */
export const offlineTimeoutMs = 15 * 60_000;

export interface OfflineTimerOptions {
	readonly time: Time;
	/** Offline for {@link offlineTimeoutMs}. */
	onTimeout(): void;
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
		this.timer ??= this.options.time.set(() => this.options.onTimeout(), offlineTimeoutMs);
	}

	/** Resets it. */
	stop(): void {
		this.options.time.clear(this.timer);
		this.timer = undefined;
	}
}
