import type { Time, Timer } from "../boards/board";
import { type Duties, longestOnline, rest } from "./rest";

export interface SleeperOptions {
	readonly time: Time;
	/** What is to be done now. */
	duties(): Omit<Duties, "now" | "onlineSince">;
	/** The radio is needed. */
	join(): void;
	/** At these ticks an attempt is given up: what could not be sent waits. */
	postpone(now: number): void;
	/** Everything is at rest: the board may be switched off for so long. */
	sleep(milliseconds: number): void;
}

/** While the board stays awake for something, it looks so often whether that is over. Milliseconds. */
const lookAgain = 5_000;

/** Puts a board on battery to sleep whenever nothing keeps it awake; what that is, `rest` decides. */
export class Sleeper {
	private readonly options: SleeperOptions;
	private onlineSince: number | undefined;
	private timer: Timer | undefined;
	private stopped = false;

	constructor(options: SleeperOptions) {
		this.options = options;
	}

	/** Something has ended, or is due. */
	consider(): void {
		if (this.stopped) return;
		const { time, duties, join, postpone } = this.options;
		const now = time.ticks();
		const next = rest({ ...duties(), now, onlineSince: this.onlineSince });
		time.clear(this.timer);
		if (next.kind === "sleep") {
			if (this.onlineSince !== undefined && now - this.onlineSince >= longestOnline) postpone(now);
			if (this.sleep(next.milliseconds)) return;
		}
		this.timer = time.set(() => this.consider(), lookAgain);
		if (next.kind === "join") {
			this.onlineSince = now;
			join();
		}
	}

	/** Whether it sleeps, or is about to: a board that cannot go on trying does not get any rest at all. */
	private sleep(milliseconds: number): boolean {
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
		this.options.time.clear(this.timer);
	}
}
