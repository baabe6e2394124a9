import type { Time, Timer } from "../src/boards/board";

interface Entry {
	readonly due: number;
	readonly order: number;
	readonly callback: () => void;
}

/**
 * A board's time under a test's hand: nothing happens until `advance`, and then everything due happens in order,
 * at exactly its time.
 */
export class VirtualTime implements Time {
	/** The wall clock as the board last set it, for tests to look at. */
	wallClock: number | undefined;
	#ticks = 0;
	#order = 0;
	#entries: Entry[] = [];

	ticks(): number {
		return this.#ticks;
	}

	set(callback: () => void, delay: number): Timer {
		const entry = { due: this.#ticks + Math.max(0, delay), order: this.#order++, callback };
		this.#entries.push(entry);
		return entry;
	}

	clear(timer: Timer | undefined): void {
		this.#entries = this.#entries.filter((entry) => entry !== timer);
	}

	setWallClock(utc: number): void {
		this.wallClock = utc;
	}

	/** Timers that wait. */
	get pending(): number {
		return this.#entries.length;
	}

	/** Lets `milliseconds` pass, and all promises settle between one timer and the next. */
	async advance(milliseconds: number): Promise<void> {
		const end = this.#ticks + milliseconds;
		await settle();
		for (;;) {
			const next = this.#next();
			if (next === undefined || next.due > end) break;
			this.#entries = this.#entries.filter((entry) => entry !== next);
			this.#ticks = next.due;
			next.callback();
			await settle();
		}
		this.#ticks = end;
	}

	#next(): Entry | undefined {
		let first: Entry | undefined;
		for (const entry of this.#entries) {
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

/** Runs every promise job that is ready; a macrotask starts only when none is left. */
function settle(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}
