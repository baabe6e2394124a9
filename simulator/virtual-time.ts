import type { Time, Timer } from "../src/boards/board";

/** A timer that waits; `place` is where it stands in the heap, -1 when it waits no more. */
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
 * A board's time under a test's hand: nothing happens until `advance`, and then everything due happens in order,
 * at exactly its time.
 */
export class VirtualTime implements Time {
	/** The wall clock as the board last set it, for tests to look at. */
	wallClock: number | undefined;
	private _ticks = 0;
	private order = 0;
	private halted = false;
	/** A binary heap: each entry is due no later than the two at twice its place, plus one and plus two. */
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

	/** Timers that wait. */
	get pending(): number {
		return this.heap.length;
	}

	/** Time stands still for ever once the present timer is done: somebody has seen what they were looking for. */
	halt(): void {
		this.halted = true;
	}

	/** Lets `milliseconds` pass, and all promises settle between one timer and the next. */
	advance(milliseconds: number): Promise<void> {
		const end = this._ticks + milliseconds;
		return new Promise((resolve, reject) => {
			const settled = Promise.resolve();
			// A tick of Node begins when no promise job is left, however many each of them has brought. Macrotasks wait
			// until all is done: they would cost a turn of the event loop for each timer.
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

	/** Puts an entry at a place, or nearer to the front. */
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

	/** Puts an entry at a place, or further from the front. */
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

/** Of two that are due at once, the one that was set first. */
function isBefore(one: TimerEntry, other: TimerEntry): boolean {
	return one.due < other.due || (one.due === other.due && one.order < other.order);
}
