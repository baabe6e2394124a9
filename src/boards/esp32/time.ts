import Clock from "time";
import SDKTimer from "timer";
import type { Time, Timer } from "../board";
import { guard } from "./callbacks";

/** The SDK counts a timer's milliseconds in 32 bits; a longer wait is made of several. */
const maxTimerMs = 0x7fff_ffff;

/** The SDK's timers, over a clock of the platform. */
export class SDKTime implements Time {
	private readonly clock: () => number;
	private readonly start: number;

	/**
	 * `clock` tells milliseconds from any beginning; it never wraps and never goes back. `elapsed`: of the boot before
	 * now, when it goes on after a deep sleep.
	 */
	constructor(clock: () => number, elapsed = 0) {
		this.clock = clock;
		this.start = clock() - elapsed;
	}

	ticks(): number {
		return this.clock() - this.start;
	}

	set(callback: () => void, delay: number): Timer {
		const timer = new OneShot(callback);
		// Rounded up: a timer never fires before its time.
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
