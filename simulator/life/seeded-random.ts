/** A seeded generator: all random values of a life derive from its seed. */
export class SeededRandom {
	private readonly seed: number;
	private state: number;

	constructor(seed: number) {
		this.seed = seed | 0;
		this.state = this.seed;
	}

	/** An independent generator for one purpose: its values do not depend on how many others are drawn. */
	fork(purpose: string): SeededRandom {
		let seed = this.seed ^ 0x811c9dc5;
		for (let i = 0; i < purpose.length; i++) seed = Math.imul(seed ^ purpose.charCodeAt(i), 0x01000193);
		const forked = new SeededRandom(seed);
		forked.next();
		return forked;
	}

	/** Uniform in [0, 1). */
	next(): number {
		// A Weyl sequence through a 32-bit mixer.
		this.state = (this.state + 0x9e3779b9) | 0;
		let mixed = this.state;
		mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
		mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
		return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
	}

	between(min: number, max: number): number {
		return min + (max - min) * this.next();
	}

	/** A whole number in [0, limit). */
	below(limit: number): number {
		return Math.floor(this.next() * limit);
	}

	nextBoolean(probability: number): boolean {
		return this.next() < probability;
	}

	pick<T>(items: readonly [T, ...T[]]): T {
		return items[this.below(items.length)] ?? items[0];
	}
}
