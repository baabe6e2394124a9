import Clock from "time";
import SDKTimer from "timer";
import type { Time, Timer } from "../board";
import { guard } from "./callbacks";

/** The SDK's timers have 32-bit milliseconds; longer waits are split. */
const maxTimerMs = 0x7fff_ffff;

/** The SDK's timers with the platform's clock. */
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
		// Rounded up: a timer never fires early.
		const waitMs = Math.ceil(Math.max(0, delay));
		const isLong = waitMs > maxTimerMs;
		const timer: PendingTimer = isLong
			? SDKTimer.set(fire, maxTimerMs, maxTimerMs)
			: SDKTimer.set(fire, waitMs);
		timer.onTimeout = callback;
		if (isLong) timer.leftMs = waitMs - maxTimerMs;
		return timer;
	}

	clear(timer: Timer | undefined): void {
		if (timer === undefined || !isPending(timer)) return;
		timer.onTimeout = undefined;
		SDKTimer.clear(timer);
	}

	setWallClock(utc: number): void {
		Clock.set(Math.round(utc / 1000));
	}
}

/** The state of a timer is on the SDK's object: a closure would take three times the memory. */
type PendingTimer = SDKTimer & {
	/** `undefined`: it has fired, or was cleared. */
	onTimeout?: (() => void) | undefined;
	/** What remains of a split wait after the current part. */
	leftMs?: number;
};

function isPending(timer: object): timer is PendingTimer {
	return "onTimeout" in timer && timer.onTimeout !== undefined;
}

function fire(timer: PendingTimer): void {
	const { onTimeout, leftMs } = timer;
	if (leftMs !== undefined && leftMs > 0) {
		const partMs = Math.min(leftMs, maxTimerMs);
		timer.leftMs = leftMs - partMs;
		SDKTimer.schedule(timer, partMs, partMs);
		return;
	}
	if (leftMs !== undefined) SDKTimer.clear(timer);
	timer.onTimeout = undefined;
	if (onTimeout !== undefined) guard(onTimeout);
}
