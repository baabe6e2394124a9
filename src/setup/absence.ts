import type { Time, Timer } from "../boards/board";
import { opensAt } from "./decide";

export interface AbsenceOptions {
	readonly time: Time;
	readonly onBattery: boolean;
	/** The network has been away so long that somebody has to look. */
	onLong(): void;
}

/** Watches how long a running board has had no network. */
export class Absence {
	private readonly options: AbsenceOptions;
	private since: number | undefined;
	private timer: Timer | undefined;

	constructor(options: AbsenceOptions) {
		this.options = options;
	}

	/** There is no network, or none any more. */
	begin(): void {
		const { time, onBattery, onLong } = this.options;
		this.since ??= time.ticks();
		time.clear(this.timer);
		const due = opensAt({ offlineSince: this.since, onBattery });
		if (due !== undefined) this.timer = time.set(onLong, due - time.ticks());
	}

	/** The network is there, or nobody is to know any more. */
	end(): void {
		this.options.time.clear(this.timer);
		this.since = undefined;
	}
}
