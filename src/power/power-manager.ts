import type { Time, Timer } from "../boards/board";
import { maxOnlineMs, nextPowerAction, type PowerState } from "./next-power-action";

export interface PowerManagerOptions {
	readonly time: Time;
	/** What is to be done now. */
	powerState(): Omit<PowerState, "now" | "onlineSince">;
	/** The radio is needed. */
	joinNetwork(): void;
	/** At these ticks an attempt is given up: what could not be sent waits. */
	postponeUpload(now: number): void;
	/** Everything is at rest: the board may be switched off for so long. */
	sleep(milliseconds: number): void;
}

/** While the board stays awake for something, it looks so often whether that is over. Milliseconds. */
const recheckIntervalMs = 5_000;

/** Puts a board on battery to sleep whenever nothing keeps it awake; what that is, `rest` decides. */
export class PowerManager {
	private readonly options: PowerManagerOptions;
	private onlineSince: number | undefined;
	private timer: Timer | undefined;
	private stopped = false;

	constructor(options: PowerManagerOptions) {
		this.options = options;
	}

	/** Something has ended, or is due. */
	update(): void {
		if (this.stopped) return;
		const { time, powerState, joinNetwork, postponeUpload } = this.options;
		const now = time.ticks();
		const next = nextPowerAction({ ...powerState(), now, onlineSince: this.onlineSince });
		time.clear(this.timer);
		if (next.kind === "sleep") {
			if (this.onlineSince !== undefined && now - this.onlineSince >= maxOnlineMs) postponeUpload(now);
			if (this.trySleep(next.sleepMs)) return;
		}
		this.timer = time.set(() => this.update(), recheckIntervalMs);
		if (next.kind === "join") {
			this.onlineSince = now;
			joinNetwork();
		}
	}

	/** Whether it sleeps, or is about to: a board that cannot go on trying does not get any rest at all. */
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
		this.options.time.clear(this.timer);
	}
}
