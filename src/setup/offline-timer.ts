import type { Time, Timer } from "../boards/board";
import { setupOpensAt } from "./setup-lifecycle";

export interface OfflineTimerOptions {
	readonly time: Time;
	readonly onBattery: boolean;
	/** The network has been away so long that somebody has to look. */
	onTimeout(): void;
}

/** Watches how long a running board has had no network. */
export class OfflineTimer {
	private readonly options: OfflineTimerOptions;
	private offlineSince: number | undefined;
	private timer: Timer | undefined;

	constructor(options: OfflineTimerOptions) {
		this.options = options;
	}

	/** There is no network, or none any more. */
	start(): void {
		const { time, onBattery, onTimeout } = this.options;
		this.offlineSince ??= time.ticks();
		time.clear(this.timer);
		const due = setupOpensAt({ offlineSince: this.offlineSince, onBattery });
		if (due !== undefined) this.timer = time.set(onTimeout, due - time.ticks());
	}

	/** The network is there, or nobody is to know any more. */
	stop(): void {
		this.options.time.clear(this.timer);
		this.offlineSince = undefined;
	}
}
