import type { Time, Timer } from "../../src/boards/board";

interface Entry {
	readonly due: number;
	readonly order: number;
	readonly callback: () => void;
}

/** The limit of setTimeout (2^31 - 1 ms): longer waits are split. */
const maxTimeoutMs = 2_147_483_647;

/**
 * A board's time on Node, `speed` times as fast as real time. While it is held (a socket is open, a name is resolved)
 * it runs in real time, so that a timeout of ten seconds gives a real server ten real seconds at any speed. A pause
 * stops it. Faster than real time, it never passes a timer that has not fired: on a slow computer time runs slower, and
 * no timer is late.
 */
export class PacedTime implements Time {
	private readonly speed: number;
	private holders = 0;
	private pauses = 0;
	/** Ticks at the real time {@link startRealMs}, from which on time runs at the current rate. */
	private startTicks = 0;
	private startRealMs = performance.now();
	private isFiring = false;
	private order = 0;
	private readonly timers = new Set<Entry>();
	private timeout: NodeJS.Timeout | undefined;

	constructor(speed: number) {
		this.speed = speed;
	}

	ticks(): number {
		// Time stands still while a callback runs.
		if (this.isFiring && this.rate !== 1) return this.startTicks;
		const ticks = this.startTicks + (performance.now() - this.startRealMs) * this.rate;
		const due = this.rate === 1 ? undefined : this.next()?.due;
		return due === undefined ? ticks : Math.max(this.startTicks, Math.min(ticks, due));
	}

	set(callback: () => void, delay: number): Timer {
		const entry = { due: this.ticks() + Math.max(0, delay), order: this.order++, callback };
		this.restart();
		this.timers.add(entry);
		this.arm();
		return entry;
	}

	clear(timer: Timer | undefined): void {
		this.restart();
		// The set has only entries; any other object is not in it.
		if (this.timers.delete(timer as Entry)) this.arm();
	}

	/** The board does not set the computer's clock. */
	setWallClock(): void {}

	/** Runs in real time until the returned function is called. */
	hold(): () => void {
		return this.during((change) => {
			this.holders += change;
		});
	}

	/** Time stands still until the returned function is called, so that a person or a test can look at a moment. */
	pause(): () => void {
		return this.during((change) => {
			this.pauses += change;
		});
	}

	/** Cancels all timers. */
	close(): void {
		this.timers.clear();
		this.arm();
	}

	private get rate(): number {
		if (this.pauses > 0) return 0;
		return this.holders > 0 ? 1 : this.speed;
	}

	/** Counts one more, with the rate that follows from it, until the returned function is called for the first time. */
	private during(count: (change: number) => void): () => void {
		let isCounted = false;
		const set = (counted: boolean) => {
			if (counted === isCounted) return;
			isCounted = counted;
			this.restart();
			count(counted ? 1 : -1);
			this.arm();
		};
		set(true);
		return () => set(false);
	}

	/** Restarts the count from the current ticks, for a change of timers or rate. */
	private restart(): void {
		this.startTicks = this.ticks();
		this.startRealMs = performance.now();
	}

	private arm(): void {
		clearTimeout(this.timeout);
		const next = this.next();
		if (next === undefined) return;
		const remaining = next.due - this.ticks();
		const real = remaining <= 0 ? 0 : Math.ceil(remaining / this.rate);
		this.timeout = setTimeout(() => this.fire(), Math.min(real, maxTimeoutMs));
	}

	/** One timer at a time, since its callback may set or clear others. */
	private fire(): void {
		const next = this.next();
		if (next !== undefined && next.due <= this.ticks()) {
			this.restart();
			this.timers.delete(next);
			this.isFiring = true;
			try {
				next.callback();
			} finally {
				this.isFiring = false;
				if (this.rate !== 1) this.startRealMs = performance.now();
			}
		}
		this.arm();
	}

	private next(): Entry | undefined {
		let first: Entry | undefined;
		for (const entry of this.timers) {
			if (
				first === undefined ||
				entry.due < first.due ||
				(entry.due === first.due && entry.order < first.order)
			)
				first = entry;
		}
		return first;
	}
}
