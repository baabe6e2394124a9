import type { Board, Timer } from "../boards/board";
import { maxOnlineMs, nextPowerAction, type PowerState } from "./next-power-action";

export interface PowerManagerOptions {
	readonly board: Pick<Board, "time">;
	/** The current power state, without the times that the manager tracks. */
	readonly powerState: Omit<PowerState, "nowTicks" | "onlineSinceTicks">;
	/** Switches the radio on. */
	joinNetwork(): void;
	/** Aborts an upload that takes too long, and schedules the next one. `now`: ticks. */
	postponeUpload(now: number): void;
	/** Sleeps. Does not return on the chip, unless it fails and throws. */
	sleep(milliseconds: number): void;
}

/** Between two decisions while the board stays awake. */
const recheckIntervalMs = 5_000;

/** Puts a board on battery to sleep whenever {@link nextPowerAction} says so. */
export class PowerManager {
	private readonly options: PowerManagerOptions;
	private onlineSinceTicks: number | undefined;
	private timer: Timer | undefined;
	private stopped = false;

	constructor(options: PowerManagerOptions) {
		this.options = options;
	}

	/** Call when the power state may have changed. */
	update(): void {
		if (this.stopped) return;
		const { options } = this;
		const { time } = options.board;
		const nowTicks = time.ticks();
		const next = nextPowerAction({
			...options.powerState,
			nowTicks,
			onlineSinceTicks: this.onlineSinceTicks,
		});
		time.clear(this.timer);
		if (next.kind === "sleep") {
			if (this.onlineSinceTicks !== undefined && nowTicks - this.onlineSinceTicks >= maxOnlineMs)
				options.postponeUpload(nowTicks);
			if (this.trySleep(next.sleepMs)) return;
		}
		this.timer = time.set(() => this.update(), recheckIntervalMs);
		if (next.kind === "join") {
			this.onlineSinceTicks = nowTicks;
			options.joinNetwork();
		}
	}

	/** False if sleeping failed; it is retried. */
	private trySleep(milliseconds: number): boolean {
		this.stopped = true;
		try {
			this.options.sleep(milliseconds);
		} catch {
			this.stopped = false;
		}
		return this.stopped;
	}

	stop(): void {
		this.stopped = true;
		this.options.board.time.clear(this.timer);
	}
}
