import { NorFlash, type PowerCut } from "../../simulator/hardware/nor-flash";
import { FlashQueue } from "../../src/queue/flash-queue";
import { below } from "./seeded-random";

export interface QueueModelOptions {
	readonly blocks: number;
	readonly blockLength: number;
	/** The longest record pushed, bytes. */
	readonly maxRecordBytes: number;
}

export interface QueueEntry {
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

/** The queue differs from the model. */
export class QueueModelMismatch extends Error {
	override name = "BrokenPromise";
}

/** A queue and an array of its expected content, through operations, power cuts and remounts. */
export class QueueModel {
	readonly options: QueueModelOptions;
	readonly flash: NorFlash;
	queue: FlashQueue;
	pending: QueueEntry[] = [];
	/** The highest sequence number seen. */
	highestSequence = 0;
	dropped = 0;
	/**
	 * Acknowledged, but only in memory: after damage a full ring may have no place to write it to. They may come back
	 * with the next mount, all of them.
	 */
	volatileAcknowledged: QueueEntry[] = [];
	/** Lost to damage after intact records: they count as pending until the reader has passed them. */
	hiddenSequences: number[] = [];
	/** Whether power was cut before: otherwise there is always space. */
	private hadPowerCut = false;
	private readonly written: { block: number };

	constructor(options: QueueModelOptions, from?: QueueModel) {
		this.options = options;
		const written = { block: 0 };
		this.written = written;
		this.flash = new NorFlash({
			...options,
			programsOnce: true,
			...(from ? { image: from.flash.image.slice() } : {}),
			onChange: (byteOffset) => {
				written.block = Math.floor(byteOffset / options.blockLength);
			},
		});
		if (from) {
			this.pending = [...from.pending];
			this.highestSequence = from.highestSequence;
			this.dropped = from.dropped;
			this.volatileAcknowledged = [...from.volatileAcknowledged];
			this.hiddenSequences = [...from.hiddenSequences];
			this.hadPowerCut = from.hadPowerCut;
		}
		this.queue = this.mount();
		if (from) this.compareAfterMount();
	}

	/** A copy of the flash and of the model, freshly mounted. */
	copy(): QueueModel {
		return new QueueModel(this.options, this);
	}

	/** Runs an operation and compares. Returns false after a power cut; then {@link recover} must follow. */
	run(operation: Operation): boolean {
		try {
			this.do(operation);
		} catch (error) {
			if (this.flash.powered || error instanceof QueueModelMismatch) throw error;
		}
		if (!this.flash.powered) return false;
		this.check();
		return true;
	}

	/** Compares the state of the queue with the model. */
	check(): void {
		const { length, oldestSequence, newestSequence } = this.queue;
		// A reader may not have passed it yet.
		const ghost = this.hiddenSequences.find((sequence) => sequence === oldestSequence);
		const first = ghost ?? this.pending[0]?.sequence ?? Number.POSITIVE_INFINITY;
		this.hiddenSequences = this.hiddenSequences.filter((sequence) => sequence >= first);
		equal("length", length, this.pending.length + this.hiddenSequences.length);
		equal("oldest", oldestSequence, ghost ?? this.pending[0]?.sequence);
		const last = Math.max(this.pending.at(-1)?.sequence ?? 0, ...this.hiddenSequences);
		equal("newest", newestSequence, last === 0 ? undefined : last);
		equal("flash rules", this.flash.violations.join(), "");
	}

	/** Mounts after a power cut, and accepts the content if it is possible after `interrupted`. */
	recover(interrupted: Operation, plan?: PowerCut): void {
		this.flash.powerUp();
		this.hadPowerCut = true;
		// Records acknowledged only in memory, or by the interrupted operation, may be there or not.
		const done = Math.max(this.volatileAcknowledged.at(-1)?.sequence ?? 0, this.acknowledgedBy(interrupted));
		this.pending = [...this.volatileAcknowledged, ...this.pending];
		this.volatileAcknowledged = [];
		const before = { ...this.flash.counts };
		this.queue = this.mount();
		equal("programs of a mount", this.flash.counts.programs, before.programs);
		equal("erases of a mount", this.flash.counts.erases, before.erases);
		const found = this.read();
		const pending = interrupted.kind === "push" ? interrupted.bytes : undefined;
		const there = this.accept(found, pending);
		const missing = this.pending.filter(({ sequence }) => !there.has(sequence));
		this.explain(missing, there, done, interrupted);
		this.hiddenSequences.push(...missing.map(({ sequence }) => sequence));
		this.pending = [...there.values()];
		this.highestSequence = Math.max(this.highestSequence, this.pending.at(-1)?.sequence ?? 0);
		this.dropped = this.queue.droppedRecords;
		this.check();
		if (plan) this.flash.schedulePowerCut(plan);
	}

	private mount(): FlashQueue {
		return new FlashQueue({ flash: this.flash });
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
				this.pending = [];
				this.volatileAcknowledged = [];
				this.hiddenSequences = [];
				equal("dropped after a reset", this.queue.droppedRecords, 0);
				this.dropped = 0;
		}
	}

	private push(bytes: Uint8Array): void {
		const sequence = this.queue.push(bytes);
		if (!this.flash.powered) throw new QueueModelMismatch("push returned although power was off");
		if (!(sequence > this.highestSequence))
			throw new QueueModelMismatch(`number ${sequence} given after ${this.highestSequence}`);
		this.highestSequence = sequence;
		this.pending.push({ sequence, bytes, block: this.written.block });
		this.takeDropped();
	}

	private takeDropped(): void {
		const dropped = this.queue.droppedRecords - this.dropped;
		this.dropped = this.queue.droppedRecords;
		if (dropped === 0) return;
		if (dropped < 0) throw new QueueModelMismatch(`${dropped} dropped`);
		const all = [...this.pending.map(({ sequence }) => sequence), ...this.hiddenSequences].sort(
			(a, b) => a - b,
		);
		const last = all[dropped - 1] ?? 0;
		const gone = this.pending.filter(({ sequence }) => sequence <= last);
		this.pending = this.pending.filter(({ sequence }) => sequence > last);
		this.checkFront(gone);
	}

	/** Dropped records must be those of the oldest one or two sectors. */
	private checkFront(gone: readonly QueueEntry[]): void {
		const blocks = new Set(gone.map(({ block }) => block));
		if (blocks.size > 2)
			throw new QueueModelMismatch(`${gone.length} records of ${blocks.size} sectors are gone`);
	}

	private drain(count: number): void {
		let last: number | undefined;
		let taken = 0;
		for (const { sequence, bytes } of this.queue.records()) {
			const entry = this.pending[taken];
			if (entry?.sequence !== sequence || !same(entry.bytes, bytes))
				throw new QueueModelMismatch(`record ${sequence} read where ${entry?.sequence} was`);
			last = sequence;
			if (++taken >= count) break;
		}
		equal("records read", taken, Math.min(count, this.pending.length));
		if (last === undefined) return;
		this.acknowledge(last);
	}

	private acknowledge(upTo: number): void {
		const { programs } = this.flash.counts;
		this.queue.acknowledge(upTo);
		if (!this.flash.powered) return;
		const done = this.pending.filter(({ sequence }) => sequence <= upTo);
		const written = this.flash.counts.programs > programs;
		if (written) this.volatileAcknowledged = [];
		else if (this.hadPowerCut) this.volatileAcknowledged.push(...done);
		else if (done.length > 0) throw new QueueModelMismatch("an acknowledgement was not written");
		this.pending = this.pending.filter(({ sequence }) => sequence > upTo);
		this.takeDropped();
	}

	private read(): QueueEntry[] {
		const found: QueueEntry[] = [];
		for (const { sequence, bytes } of this.queue.records())
			found.push({ sequence, bytes: bytes.slice(), block: -1 });
		return found;
	}

	private compare(found: readonly QueueEntry[]): void {
		equal("records", found.length, this.pending.length);
		found.forEach(({ sequence, bytes }, index) => {
			const entry = this.pending[index];
			if (entry?.sequence !== sequence || !same(entry.bytes, bytes))
				throw new QueueModelMismatch(`record ${sequence} read where ${entry?.sequence} was`);
		});
	}

	private compareAfterMount(): void {
		const found = this.read();
		if (found.length > this.pending.length) this.pending = [...this.volatileAcknowledged, ...this.pending];
		this.volatileAcknowledged = [];
		this.compare(found);
	}

	/** The found records: each must have been pushed; the last may be the one being pushed. */
	private accept(found: readonly QueueEntry[], pending: Uint8Array | undefined): Map<number, QueueEntry> {
		const known = new Map(this.pending.map((entry) => [entry.sequence, entry]));
		const accepted = new Map<number, QueueEntry>();
		let before = 0;
		for (const { sequence, bytes } of found) {
			if (sequence <= before) throw new QueueModelMismatch(`record ${sequence} after ${before}`);
			before = sequence;
			const entry = known.get(sequence);
			const isPending = entry === undefined && pending !== undefined && sequence > this.highestSequence;
			if (!same(entry?.bytes ?? (isPending ? pending : undefined), bytes))
				throw new QueueModelMismatch(`record ${sequence} was never pushed, or is acknowledged`);
			accepted.set(sequence, entry ?? { sequence, bytes, block: this.written.block });
		}
		return accepted;
	}

	/** Missing records must be acknowledged, or dropped by the interrupted operation. */
	private explain(
		missing: readonly QueueEntry[],
		there: ReadonlyMap<number, QueueEntry>,
		done: number,
		interrupted: Operation,
	): void {
		const others = missing.filter(({ sequence }) => sequence > done);
		// Where an acknowledgement or a reset needs a new sector, the erase for it may take of the oldest one's first.
		const taken = missing.length - others.length;
		const prefix = this.pending.slice(0, taken).every(({ sequence }) => !there.has(sequence));
		const oldest = this.pending[0]?.block;
		if (!prefix && missing.some(({ sequence, block }) => sequence <= done && block !== oldest))
			throw new QueueModelMismatch("an acknowledgement took others than the oldest");
		if (others.length > 0) this.explainOverflow(others, done, interrupted);
	}

	private explainOverflow(gone: readonly QueueEntry[], done: number, interrupted: Operation): void {
		const names = gone.map(({ sequence }) => sequence).join();
		if (interrupted.kind === "read") throw new QueueModelMismatch(`${names} lost`);
		const reported = this.queue.droppedRecords > this.dropped || this.queue.damagedBytes > 0;
		if (!reported) throw new QueueModelMismatch(`${names} lost, not reported`);
		this.checkFront(gone);
		const blocks = new Set(gone.map(({ block }) => block));
		const ahead = this.pending.findIndex(({ sequence }) => sequence === gone[0]?.sequence);
		for (const { sequence, block } of this.pending.slice(0, ahead))
			if (sequence > done && !blocks.has(block))
				throw new QueueModelMismatch(`${names} lost, not the oldest`);
	}

	private acknowledgedBy(operation: Operation): number {
		if (operation.kind === "acknowledge") return operation.upTo;
		if (operation.kind === "reset") return Number.POSITIVE_INFINITY;
		if (operation.kind !== "drain") return 0;
		return this.pending[Math.min(operation.count, this.pending.length) - 1]?.sequence ?? 0;
	}
}

/** A random operation: mostly pushes. */
export function randomOperation(life: QueueModel, random: () => number): Operation {
	const chance = random();
	const { pending } = life;
	if (chance < 0.72 || pending.length === 0)
		return { kind: "push", bytes: randomRecord(life.options, random) };
	if (chance < 0.82) {
		const entry = pending[below(pending.length, random)];
		return { kind: "acknowledge", upTo: entry?.sequence ?? 0 };
	}
	if (chance < 0.93) return { kind: "drain", count: 1 + below(8, random) };
	if (chance < 0.96) return { kind: "read" };
	if (chance < 0.995) return { kind: "remount" };
	return { kind: "reset" };
}

/** Random bytes, all ones (like erased flash) or all zeros. */
export function randomRecord({ maxRecordBytes }: QueueModelOptions, random: () => number): Uint8Array {
	const bytes = new Uint8Array(below(maxRecordBytes + 1, random));
	const fill = below(4, random);
	for (let i = 0; i < bytes.length; i++) bytes[i] = fill === 0 ? 0xff : fill === 1 ? 0 : below(256, random);
	return bytes;
}

function same(one: Uint8Array | undefined, other: Uint8Array): boolean {
	return one !== undefined && one.length === other.length && one.every((byte, i) => byte === other[i]);
}

function equal<T>(what: string, found: T, expected: T): void {
	if (found !== expected) throw new QueueModelMismatch(`${what}: ${found}, expected ${expected}`);
}
