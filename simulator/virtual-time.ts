import type { Time, Timer } from "../src/boards/board";

/** A pending timer; `place`: its index in the heap, -1 if it is not pending. */
class TimerEntry {
	readonly due: number;
	readonly order: number;
	readonly callback: () => void;
	heapIndex = -1;

	constructor(due: number, order: number, callback: () => void) {
		this.due = due;
		this.order = order;
		this.callback = callback;
	}
}

/**
 * Time under a test's control: only `advance` lets it pass. Timers then fire in order, each at exactly its time.
 */
export class VirtualTime implements Time {
	/** The wall clock as last set by the board. */
	wallClock: number | undefined;
	private _ticks = 0;
	private order = 0;
	private halted = false;
	/** A binary heap: the entry at index i is due no later than those at 2i + 1 and 2i + 2. */
	private readonly heap: TimerEntry[] = [];

	ticks(): number {
		return this._ticks;
	}

	set(callback: () => void, delay: number): Timer {
		const entry = new TimerEntry(this._ticks + Math.max(0, delay), this.order++, callback);
		this.siftUp(entry, this.heap.length);
		return entry;
	}

	clear(timer: Timer | undefined): void {
		if (timer instanceof TimerEntry && this.heap[timer.heapIndex] === timer) this.remove(timer);
	}

	setWallClock(utc: number): void {
		this.wallClock = utc;
	}

	/** Number of pending timers. */
	get pending(): number {
		return this.heap.length;
	}

	/** Milliseconds until the next timer is due; infinite without one. */
	get untilNextMs(): number {
		return (this.heap[0]?.due ?? Number.POSITIVE_INFINITY) - this._ticks;
	}

	/** Stops time permanently after the current timer. */
	halt(): void {
		this.halted = true;
	}

	/** Advances time. All promises settle between two timers. */
	advance(milliseconds: number): Promise<void> {
		const end = this._ticks + milliseconds;
		return new Promise((resolve, reject) => {
			const settled = Promise.resolve();
			// A tick of Node begins when no promise job is left, however many each of them has queued. Macrotasks wait until the
			// end: they would cost a turn of the event loop per timer.
			const settle = () => process.nextTick(step);
			const step = () => {
				const next = this.heap[0];
				if (this.halted || next === undefined || next.due > end) {
					if (!this.halted) this._ticks = end;
					resolve();
					return;
				}
				this.remove(next);
				this._ticks = next.due;
				try {
					next.callback();
				} catch (error) {
					reject(error);
					return;
				}
				settled.then(settle);
			};
			setImmediate(step);
		});
	}

	private remove(entry: TimerEntry): void {
		const { heapIndex } = entry;
		const last = this.heap.pop();
		entry.heapIndex = -1;
		if (last === undefined || last === entry) return;
		const parent = this.heap[(heapIndex - 1) >> 1];
		if (heapIndex > 0 && parent !== undefined && isBefore(last, parent)) this.siftUp(last, heapIndex);
		else this.siftDown(last, heapIndex);
	}

	/** Moves an entry towards the front, starting at `place`. */
	private siftUp(entry: TimerEntry, from: number): void {
		let place = from;
		while (place > 0) {
			const parent = this.heap[(place - 1) >> 1];
			if (parent === undefined || !isBefore(entry, parent)) break;
			this.placeAt(parent, place);
			place = (place - 1) >> 1;
		}
		this.placeAt(entry, place);
	}

	/** Moves an entry towards the back, starting at `place`. */
	private siftDown(entry: TimerEntry, from: number): void {
		let place = from;
		for (;;) {
			const left = this.heap[2 * place + 1];
			const right = this.heap[2 * place + 2];
			const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left;
			if (child === undefined || !isBefore(child, entry)) break;
			const freed = child.heapIndex;
			this.placeAt(child, place);
			place = freed;
		}
		this.placeAt(entry, place);
	}

	private placeAt(entry: TimerEntry, place: number): void {
		this.heap[place] = entry;
		entry.heapIndex = place;
	}
}

/** Timers due at the same time fire in the order in which they were set. */
function isBefore(one: TimerEntry, other: TimerEntry): boolean {
	return one.due < other.due || (one.due === other.due && one.order < other.order);
}
