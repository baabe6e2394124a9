import type { Bytes, Flash } from "../boards/ecma419";
import { FlashQueue, type FlashQueueOptions } from "../queue/flash-queue";
import { ReadingChain } from "../reading/chain";
import { ReadingEncoder } from "../reading/encode";
import type { Reading, SampleContext, StoredReading } from "../reading/reading";

export interface ReadingLogOptions extends Pick<FlashQueueOptions, "writeAlign" | "whenFull"> {
	/** The partition; the log closes it. */
	readonly flash: Flash;
}

/** Bytes that a reading takes on flash until there is one to tell: a few values, with its head and sum. */
const typicalReading = 10;

/**
 * The readings that wait on flash to be sent. What `append` has returned for stays there until it is
 * acknowledged, or until the flash is full and it is among the oldest.
 */
export class ReadingLog {
	private readonly queue: FlashQueue;
	private readonly encoder = new ReadingEncoder();
	/** What the next reading is told by; `undefined` until the newest sector has been read after a mount. */
	private chain: ReadingChain | undefined;
	/** What is known after the reading that was acknowledged last, so that its sector need not be read again. */
	private readonly front = new ReadingChain();
	/** Of the reader that was begun last. */
	private reader = this.front;
	private unreadBytes = 0;
	/** Records up to this one have been counted if they could not be read. */
	private countedUpTo = 0;

	/** Mounts; never throws for what is on the flash. */
	constructor(options: ReadingLogOptions) {
		this.queue = new FlashQueue({ ...options, verify: true });
	}

	/**
	 * Stores a reading, durably; returns its sequence number, which no other reading of this board ever has. Throws
	 * a RangeError for a reading that cannot be told, and what {@link FlashQueue.push} throws.
	 */
	append(reading: Reading, context: SampleContext): number {
		this.chain ??= this.readChain();
		const chain = this.chain;
		let bytes: Bytes = new Uint8Array(0);
		let opens = false;
		const sequence = this.queue.push((first) => {
			opens = first;
			bytes = this.encoder.encode(chain, reading, context, first);
			return bytes;
		});
		chain.take(bytes, sequence, opens);
		return sequence;
	}

	/** Unacknowledged readings, oldest first, read from flash as they are taken; `from`: begin with that number. */
	*waiting(from?: number): Generator<StoredReading> {
		const oldest = this.queue.oldest;
		if (oldest === undefined) return;
		const start = Math.max(from ?? oldest, oldest);
		const chain = new ReadingChain();
		this.reader = chain;
		const goesOn = this.front.sequence === start - 1 && this.front.context !== undefined;
		if (goesOn) chain.copy(this.front);
		let given = false;
		for (const { bytes, sequence, first } of this.queue.records(start, !goesOn)) {
			const read = chain.take(bytes, sequence, first);
			if (sequence < start) continue;
			const { context } = chain;
			if (!read || context === undefined) {
				this.countUnread(sequence, bytes.length);
				if (!given && sequence === this.queue.oldest) this.queue.passOver(sequence);
				continue;
			}
			given = true;
			yield { ...chain.reading(), sequence, context };
		}
	}

	/** That reading and all before it are done with; durable, one small write. */
	acknowledge(upTo: number): void {
		this.queue.acknowledge(upTo);
		if (this.reader.sequence === upTo) this.front.copy(this.reader);
	}

	/** Empties the log and its counters. Sequence numbers go on. */
	reset(): void {
		this.queue.reset();
		this.unreadBytes = 0;
	}

	/** May be called twice. */
	close(): void {
		this.queue.close();
	}

	/** How many readings wait. */
	get length(): number {
		return this.queue.length;
	}

	/** About how many readings fit, if they go on as those stored last. */
	get capacity(): number {
		const { bytes, records } = this.queue.newestFill;
		return Math.floor(this.queue.capacity / (records > 0 ? bytes / records : typicalReading));
	}

	get oldest(): number | undefined {
		return this.queue.oldest;
	}

	/** `undefined` when none waits. */
	get newest(): number | undefined {
		return this.queue.newest;
	}

	/** The boot of the reading that was stored last, sent or not; 0 when none can be read. */
	get newestBoot(): number {
		this.chain ??= this.readChain();
		if (this.chain.context !== undefined) return this.chain.context.boot;
		// The newest sector may have been opened, and nothing stored in it.
		let boot = 0;
		for (const { context } of this.waiting(this.newest)) boot = context.boot;
		return boot;
	}

	/** How many readings went, since the last reset, because the flash was full. */
	get dropped(): number {
		return this.queue.dropped;
	}

	/** Bytes found damaged since the mount. */
	get damagedBytes(): number {
		return this.queue.damagedBytes + this.unreadBytes;
	}

	/** So that a board that starts again and again goes on where it was, instead of telling its context anew. */
	private readChain(): ReadingChain {
		const chain = new ReadingChain();
		for (const { bytes, sequence, first } of this.queue.newestSector()) chain.take(bytes, sequence, first);
		return chain;
	}

	private countUnread(sequence: number, length: number): void {
		if (sequence <= this.countedUpTo) return;
		this.countedUpTo = sequence;
		this.unreadBytes += length;
	}
}
