import Clock from "time";
import SDKTimer from "timer";
import type { Time, Timer } from "../board";
import { guard } from "./callbacks";

/** The SDK's timers have 32-bit milliseconds; longer waits are split. */
const maxTimerMs = 0x7fff_ffff;

/** The SDK's timers with a clock of the platform. */
export class SDKTime implements Time {
	private readonly clock: () => number;
	private readonly start: number;

	/**
	 * `clock`: monotonic milliseconds from any origin, without wrap. `elapsedMs`: duration of the boot so far, if it
	 * continues after deep sleep.
	 */
	constructor(clock: () => number, elapsedMs = 0) {
		this.clock = clock;
		this.start = clock() - elapsedMs;
	}

	ticks(): number {
		return this.clock() - this.start;
	}

	set(callback: () => void, delay: number): Timer {
		const timer = new OneShot(callback);
		// Rounded up: a timer never fires early.
		timer.start(Math.ceil(Math.max(0, delay)));
		return timer;
	}

	clear(timer: Timer | undefined): void {
		if (timer instanceof OneShot) timer.stop();
	}

	setWallClock(utc: number): void {
		Clock.set(Math.round(utc / 1000));
	}
}

class OneShot {
	private readonly callback: () => void;
	private timer: SDKTimer | undefined;

	constructor(callback: () => void) {
		this.callback = callback;
	}

	start(delay: number): void {
		const wait = Math.min(delay, maxTimerMs);
		this.timer = SDKTimer.set(() => {
			this.timer = undefined;
			if (delay > wait) this.start(delay - wait);
			else guard(this.callback);
		}, wait);
	}

	stop(): void {
		if (this.timer !== undefined) SDKTimer.clear(this.timer);
		this.timer = undefined;
	}
}
