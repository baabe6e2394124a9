import { NorFlash, type PowerCut } from "../../simulator/flash";
import { FlashQueue, type FlashQueueOptions } from "../../src/queue/flash-queue";
import { below } from "./random";

export interface LifeOptions {
	readonly blocks: number;
	readonly blockLength: number;
	readonly writeAlign: 1 | 4 | 16;
	readonly whenFull?: "drop oldest" | "refuse newest";
	readonly verify?: boolean;
	/** The longest record pushed, bytes. */
	readonly longest: number;
}

export interface Entry {
	readonly sequence: number;
	readonly bytes: Uint8Array;
	/** Where its last byte was programmed. */
	readonly block: number;
}

/** What is done to a queue. */
export type Operation =
	| { readonly kind: "push"; readonly bytes: Uint8Array }
	| { readonly kind: "acknowledge"; readonly upTo: number }
	/** Read that many, then acknowledge them: what an upload does. */
	| { readonly kind: "drain"; readonly count: number }
	| { readonly kind: "read" }
	| { readonly kind: "remount" }
	| { readonly kind: "reset" };

/** A promise of the queue was broken. */
export class BrokenPromise extends Error {
	override name = "BrokenPromise";
}

/** A queue next to a plain array of what must be in it: through operations, losses of power and remounts. */
export class Life {
	readonly options: LifeOptions;
	readonly flash: NorFlash;
	queue: FlashQueue;
	waiting: Entry[] = [];
	/** The highest sequence number seen. */
	highest = 0;
	dropped = 0;
	/**
	 * Acknowledged, but only in memory: after damage a full ring may have no place to write it to. They may come back
	 * with the next mount, all of them.
	 */
	undone: Entry[] = [];
	/** Lost to damage behind records that are there: they count as waiting until the reader has come past them. */
	ghosts: number[] = [];
	/** Whether power went before: without that there is always a place. */
	private torn = false;
	private readonly written: { block: number };

	constructor(options: LifeOptions, from?: Life) {
		this.options = options;
		const written = { block: 0 };
		this.written = written;
		this.flash = new NorFlash({
			...options,
			...(from ? { image: from.flash.image.slice() } : {}),
			onChange: (byteOffset) => {
				written.block = Math.floor(byteOffset / options.blockLength);
			},
		});
		if (from) {
			this.waiting = [...from.waiting];
			this.highest = from.highest;
			this.dropped = from.dropped;
			this.undone = [...from.undone];
			this.ghosts = [...from.ghosts];
			this.torn = from.torn;
		}
		this.queue = this.mount();
		if (from) this.compareAfterMount();
	}

	/** A second life on a copy of the flash, freshly mounted. */
	copy(): Life {
		return new Life(this.options, this);
	}

	/** Does it and compares. Returns false when power went meanwhile; then {@link recover} must follow. */
	run(operation: Operation): boolean {
		try {
			this.do(operation);
		} catch (error) {
			if (this.flash.powered || error instanceof BrokenPromise) throw error;
		}
		if (!this.flash.powered) return false;
		this.check();
		return true;
	}

	/** Compares everything that the queue tells with what it must hold. */
	check(): void {
		const { length, oldest, newest } = this.queue;
		// Nobody may have read so far that it is known.
		const ghost = this.ghosts.find((sequence) => sequence === oldest);
		const first = ghost ?? this.waiting[0]?.sequence ?? Number.POSITIVE_INFINITY;
		this.ghosts = this.ghosts.filter((sequence) => sequence >= first);
		equal("length", length, this.waiting.length + this.ghosts.length);
		equal("oldest", oldest, ghost ?? this.waiting[0]?.sequence);
		const last = Math.max(this.waiting.at(-1)?.sequence ?? 0, ...this.ghosts);
		equal("newest", newest, last === 0 ? undefined : last);
		equal("flash rules", this.flash.violations.join(), "");
	}

	/** Power is back: mounts, and takes what is there if it is what may be there after `interrupted`. */
	recover(interrupted: Operation, plan?: PowerCut): void {
		this.flash.powerUp();
		this.torn = true;
		// What was acknowledged in memory alone, and what was just being acknowledged, may be there or not.
		const done = Math.max(this.undone.at(-1)?.sequence ?? 0, this.acknowledgedBy(interrupted));
		this.waiting = [...this.undone, ...this.waiting];
		this.undone = [];
		const before = { ...this.flash.counts };
		this.queue = this.mount();
		equal("programs of a mount", this.flash.counts.programs, before.programs);
		equal("erases of a mount", this.flash.counts.erases, before.erases);
		const found = this.read();
		const pending = interrupted.kind === "push" ? interrupted.bytes : undefined;
		const there = this.accept(found, pending);
		const missing = this.waiting.filter(({ sequence }) => !there.has(sequence));
		this.explain(missing, there, done, interrupted);
		this.ghosts.push(...missing.map(({ sequence }) => sequence));
		this.waiting = [...there.values()];
		this.highest = Math.max(this.highest, this.waiting.at(-1)?.sequence ?? 0);
		this.dropped = this.queue.dropped;
		this.check();
		if (plan) this.flash.cutPower(plan);
	}

	private mount(): FlashQueue {
		const { writeAlign, whenFull, verify } = this.options;
		const options: FlashQueueOptions = {
			flash: this.flash,
			writeAlign,
			...(whenFull ? { whenFull } : {}),
			...(verify ? { verify } : {}),
		};
		return new FlashQueue(options);
	}

	private do(operation: Operation): void {
		switch (operation.kind) {
			case "push":
				this.push(operation.bytes);
				return;
			case "acknowledge":
				this.acknowledge(operation.upTo);
				return;
			case "drain":
				this.drain(operation.count);
				return;
			case "read":
				this.compare(this.read());
				return;
			case "remount":
				this.queue = this.mount();
				this.compareAfterMount();
				return;
			case "reset":
				this.queue.reset();
				if (!this.flash.powered) return;
				this.waiting = [];
				this.undone = [];
				this.ghosts = [];
				equal("dropped after a reset", this.queue.dropped, 0);
				this.dropped = 0;
		}
	}

	private push(bytes: Uint8Array): void {
		let sequence: number;
		try {
			sequence = this.queue.push(bytes);
		} catch (error) {
			if (this.options.whenFull === "refuse newest" && (error as Error).name === "QueueFullError") return;
			throw error;
		}
		if (!this.flash.powered) throw new BrokenPromise("push returned although power was off");
		if (!(sequence > this.highest)) throw new BrokenPromise(`number ${sequence} given after ${this.highest}`);
		this.highest = sequence;
		this.waiting.push({ sequence, bytes, block: this.written.block });
		this.takeDropped();
	}

	private takeDropped(): void {
		const dropped = this.queue.dropped - this.dropped;
		this.dropped = this.queue.dropped;
		if (dropped === 0) return;
		if (dropped < 0 || this.options.whenFull === "refuse newest")
			throw new BrokenPromise(`${dropped} dropped`);
		const all = [...this.waiting.map(({ sequence }) => sequence), ...this.ghosts].sort((a, b) => a - b);
		const last = all[dropped - 1] ?? 0;
		const gone = this.waiting.filter(({ sequence }) => sequence <= last);
		this.waiting = this.waiting.filter(({ sequence }) => sequence > last);
		this.checkFront(gone);
	}

	/** What overflowed must have been the oldest sector's, or the two oldest sectors'. */
	private checkFront(gone: readonly Entry[]): void {
		const blocks = new Set(gone.map(({ block }) => block));
		if (blocks.size > 2) throw new BrokenPromise(`${gone.length} records of ${blocks.size} sectors are gone`);
	}

	private drain(count: number): void {
		let last: number | undefined;
		let taken = 0;
		for (const { sequence, bytes } of this.queue.records()) {
			const entry = this.waiting[taken];
			if (entry?.sequence !== sequence || !same(entry.bytes, bytes))
				throw new BrokenPromise(`record ${sequence} read where ${entry?.sequence} was`);
			last = sequence;
			if (++taken >= count) break;
		}
		equal("records read", taken, Math.min(count, this.waiting.length));
		if (last === undefined) return;
		this.acknowledge(last);
	}

	private acknowledge(upTo: number): void {
		const { programs } = this.flash.counts;
		this.queue.acknowledge(upTo);
		if (!this.flash.powered) return;
		const done = this.waiting.filter(({ sequence }) => sequence <= upTo);
		const written = this.flash.counts.programs > programs;
		if (written) this.undone = [];
		else if (this.torn) this.undone.push(...done);
		else if (done.length > 0) throw new BrokenPromise("an acknowledgement was not written");
		this.waiting = this.waiting.filter(({ sequence }) => sequence > upTo);
		this.takeDropped();
	}

	private read(): Entry[] {
		const found: Entry[] = [];
		for (const { sequence, bytes } of this.queue.records())
			found.push({ sequence, bytes: bytes.slice(), block: -1 });
		return found;
	}

	private compare(found: readonly Entry[]): void {
		equal("records", found.length, this.waiting.length);
		found.forEach(({ sequence, bytes }, index) => {
			const entry = this.waiting[index];
			if (entry?.sequence !== sequence || !same(entry.bytes, bytes))
				throw new BrokenPromise(`record ${sequence} read where ${entry?.sequence} was`);
		});
	}

	private compareAfterMount(): void {
		const found = this.read();
		if (found.length > this.waiting.length) this.waiting = [...this.undone, ...this.waiting];
		this.undone = [];
		this.compare(found);
	}

	/** What was found, each record one that was pushed, or last the one that was being pushed. */
	private accept(found: readonly Entry[], pending: Uint8Array | undefined): Map<number, Entry> {
		const known = new Map(this.waiting.map((entry) => [entry.sequence, entry]));
		const accepted = new Map<number, Entry>();
		let before = 0;
		for (const { sequence, bytes } of found) {
			if (sequence <= before) throw new BrokenPromise(`record ${sequence} after ${before}`);
			before = sequence;
			const entry = known.get(sequence);
			const isPending = entry === undefined && pending !== undefined && sequence > this.highest;
			if (!same(entry?.bytes ?? (isPending ? pending : undefined), bytes))
				throw new BrokenPromise(`record ${sequence} was never pushed, or is acknowledged`);
			accepted.set(sequence, entry ?? { sequence, bytes, block: this.written.block });
		}
		return accepted;
	}

	/** Records that are gone must be up to the one that is `done`, or overflowed by what was interrupted. */
	private explain(
		missing: readonly Entry[],
		there: ReadonlyMap<number, Entry>,
		done: number,
		interrupted: Operation,
	): void {
		const others = missing.filter(({ sequence }) => sequence > done);
		// Where an acknowledgement or a reset needs a new sector, the erase for it may take of the oldest one's first.
		const taken = missing.length - others.length;
		const prefix = this.waiting.slice(0, taken).every(({ sequence }) => !there.has(sequence));
		const oldest = this.waiting[0]?.block;
		if (!prefix && missing.some(({ sequence, block }) => sequence <= done && block !== oldest))
			throw new BrokenPromise("an acknowledgement took others than the oldest");
		if (others.length > 0) this.explainOverflow(others, done, interrupted);
	}

	private explainOverflow(gone: readonly Entry[], done: number, interrupted: Operation): void {
		const names = gone.map(({ sequence }) => sequence).join();
		if (interrupted.kind === "read" || this.options.whenFull === "refuse newest")
			throw new BrokenPromise(`${names} lost`);
		const reported = this.queue.dropped > this.dropped || this.queue.damagedBytes > 0;
		if (!reported) throw new BrokenPromise(`${names} lost, not reported`);
		this.checkFront(gone);
		const blocks = new Set(gone.map(({ block }) => block));
		const ahead = this.waiting.findIndex(({ sequence }) => sequence === gone[0]?.sequence);
		for (const { sequence, block } of this.waiting.slice(0, ahead))
			if (sequence > done && !blocks.has(block)) throw new BrokenPromise(`${names} lost, not the oldest`);
	}

	private acknowledgedBy(operation: Operation): number {
		if (operation.kind === "acknowledge") return operation.upTo;
		if (operation.kind === "reset") return Number.POSITIVE_INFINITY;
		if (operation.kind !== "drain") return 0;
		return this.waiting[Math.min(operation.count, this.waiting.length) - 1]?.sequence ?? 0;
	}
}

/** An operation as life brings it: mostly pushes, now and then the rest. */
export function anyOperation(life: Life, random: () => number): Operation {
	const chance = random();
	const { waiting } = life;
	if (chance < 0.72 || waiting.length === 0) return { kind: "push", bytes: anyRecord(life.options, random) };
	if (chance < 0.82) {
		const entry = waiting[below(waiting.length, random)];
		return { kind: "acknowledge", upTo: entry?.sequence ?? 0 };
	}
	if (chance < 0.93) return { kind: "drain", count: 1 + below(8, random) };
	if (chance < 0.96) return { kind: "read" };
	if (chance < 0.995) return { kind: "remount" };
	return { kind: "reset" };
}

/** Bytes that also look like erased flash, and like nothing at all. */
export function anyRecord({ longest }: LifeOptions, random: () => number): Uint8Array {
	const bytes = new Uint8Array(below(longest + 1, random));
	const fill = below(4, random);
	for (let i = 0; i < bytes.length; i++) bytes[i] = fill === 0 ? 0xff : fill === 1 ? 0 : below(256, random);
	return bytes;
}

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
	return one !== undefined && one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function equal<T>(what: string, found: T, expected: T): void {
	if (found !== expected) throw new BrokenPromise(`${what}: ${found}, expected ${expected}`);
}
