/** Counts damaged bytes, each once, however often readers pass it. A place is a sector number times the block length, plus an offset. */
export class DamageCounter {
	/** Since the mount. */
	bytes = 0;
	private countedUpTo = 0;
	/** What the mount has counted in the newest sector. */
	private mountedFrom = 0;
	private mountedTo = 0;

	/** A mount has found `bytes` damaged bytes, all of those that are in the newest sector from the place `from` on. */
	mounted(bytes: number, from: number, to: number): void {
		this.bytes = bytes;
		this.mountedFrom = from;
		this.mountedTo = to;
	}

	/** A reader has found the bytes from one place to another damaged. */
	add(from: number, to: number): void {
		if (from >= this.mountedFrom && from < this.mountedTo) return;
		const start = Math.max(from, this.countedUpTo);
		if (to <= start) return;
		this.bytes += to - start;
		this.countedUpTo = to;
	}
}
