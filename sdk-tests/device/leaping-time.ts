import SDKTimer from "timer";
import type { Time, Timer } from "../../src/boards/board";
import { guard } from "../../src/boards/esp32/callbacks";

interface Entry {
	readonly due: number;
	readonly order: number;
	readonly callback: () => void;
}

/** Promise turns without a timer being set or cleared, after which nothing remains to be done at this moment. */
const idleTurns = 30;

/**
 * Time that jumps to the next timer when there is nothing to do, so that a week passes in a minute. While it is held (a
 * socket is open), it runs in real time.
 */
export class LeapingTime implements Time {
	private readonly clock: () => number;
	private holdCount = 0;
	/** Ticks at the last change between jumping and running. */
	private _ticks = 0;
	private clockOffset = 0;
	private order = 0;
	private readonly entries = new Set<Entry>();
	private timer: SDKTimer | undefined;
	/** Counts changes; an outdated wait for idleness ends. */
	private changes = 0;

	constructor(clock: () => number) {
		this.clock = clock;
	}

	ticks(): number {
		return this.holdCount > 0 ? this._ticks + this.clock() - this.clockOffset : this._ticks;
	}

	set(callback: () => void, delay: number): Timer {
		const entry = { due: this.ticks() + Math.max(0, delay), order: this.order++, callback };
		this.entries.add(entry);
		this.arm();
		return entry;
	}

	clear(timer: Timer | undefined): void {
		for (const entry of this.entries) if (entry === timer) this.entries.delete(entry);
		this.arm();
	}

	setWallClock(): void {}

	/** Real time until the returned function is called. */
	hold(): () => void {
		let held = true;
		this.change(+1);
		return () => {
			if (held) this.change(-1);
			held = false;
		};
	}

	private change(by: number): void {
		this._ticks = this.ticks();
		this.clockOffset = this.clock();
		this.holdCount += by;
		this.arm();
	}

	private arm(): void {
		if (this.timer !== undefined) SDKTimer.clear(this.timer);
		this.timer = undefined;
		this.changes++;
		const next = this.next();
		if (next === undefined) return;
		if (this.holdCount === 0) void this.leap(this.changes);
		else {
			const wait = Math.max(0, Math.ceil(next.due - this.ticks()));
			this.timer = SDKTimer.set(() => this.fire(), Math.min(wait, 0x7fff_ffff));
		}
	}

	private async leap(change: number): Promise<void> {
		for (let turn = 0; turn < idleTurns; turn++) {
			await undefined;
			if (change !== this.changes) return;
		}
		this.fire();
	}

	private fire(): void {
		this.timer = undefined;
		const next = this.next();
		if (next === undefined) return;
		if (this.holdCount === 0) this._ticks = Math.max(this._ticks, next.due);
		if (next.due <= this.ticks()) {
			this.entries.delete(next);
			guard(next.callback);
		}
		this.arm();
	}

	private next(): Entry | undefined {
		let first: Entry | undefined;
		for (const entry of this.entries)
			if (
				first === undefined ||
				entry.due < first.due ||
				(entry.due === first.due && entry.order < first.order)
			)
				first = entry;
		return first;
	}
}
