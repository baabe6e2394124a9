/** A repeatable source of numbers in 0 … 1, from a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
	let state = seed | 0;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	};
}

/** A whole number from 0 up to, not including, `limit`. */
export function below(limit: number, random: () => number): number {
	return Math.floor(random() * limit);
}

export function pick<T>(items: readonly T[], random: () => number): T {
	const item = items[below(items.length, random)];
	if (item === undefined) throw new RangeError("nothing to pick from");
	return item;
}
