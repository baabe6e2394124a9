import type { Bytes, Flash } from "../boards/ecma419";
import { FlashQueue } from "../queue/flash-queue";
import type { Reading, SampleContext, StoredReading } from "../reading/reading";
import { ReadingDecoder } from "../reading/reading-decoder";
import { ReadingEncoder } from "../reading/reading-encoder";

/** Bytes that a reading takes on flash until there is one to tell: a few values, with its head and sum. */
const typicalReadingBytes = 10;

/**
 * The readings that wait on flash to be sent. What `append` has returned for stays there until it is
 * acknowledged, or until the flash is full and it is among the oldest.
 */
export class ReadingLog {
	private readonly queue: FlashQueue;
	private readonly encoder = new ReadingEncoder();
	/** What the next reading is told by; `undefined` until the newest sector has been read after a mount. */
	private newestDecoder: ReadingDecoder | undefined;
	/** What is known after the reading that was acknowledged last, so that its sector need not be read again. */
	private readonly acknowledgedDecoder = new ReadingDecoder();
	/** Of the reader that was begun last. */
	private readerDecoder = this.acknowledgedDecoder;
	private unreadableBytes = 0;
	/** Records up to this one have been counted if they could not be read. */
	private countedUpToSequence = 0;

	/** Mounts the partition, whatever it holds; {@link close} closes it. */
	constructor(flash: Flash) {
		this.queue = new FlashQueue({ flash, verify: true });
	}

	/**
	 * Stores a reading, durably; returns its sequence number, which no other reading of this board ever has. Throws
	 * a RangeError for a reading that cannot be told, and what {@link FlashQueue.push} throws.
	 */
	append(reading: Reading, context: SampleContext): number {
		this.newestDecoder ??= this.decodeNewestSector();
		const decoder = this.newestDecoder;
		let bytes: Bytes = new Uint8Array(0);
		let opens = false;
		const sequence = this.queue.push((first) => {
			opens = first;
			bytes = this.encoder.encode(decoder, reading, context, first);
			return bytes;
		});
		decoder.decode(bytes, sequence, opens);
		return sequence;
	}

	/** Unacknowledged readings, oldest first, read from flash as they are taken; `from`: begin with that number. */
	*pending(from?: number): Generator<StoredReading> {
		const oldest = this.queue.oldestSequence;
		if (oldest === undefined) return;
		const start = Math.max(from ?? oldest, oldest);
		const decoder = new ReadingDecoder();
		this.readerDecoder = decoder;
		const isContinuation =
			this.acknowledgedDecoder.sequence === start - 1 && this.acknowledgedDecoder.context !== undefined;
		if (isContinuation) decoder.copyFrom(this.acknowledgedDecoder);
		let hasYielded = false;
		for (const { bytes, sequence, isFirst } of this.queue.records(start, !isContinuation)) {
			const read = decoder.decode(bytes, sequence, isFirst);
			if (sequence < start) continue;
			const { context } = decoder;
			if (!read || context === undefined) {
				this.countUnreadable(sequence, bytes.length);
				if (!hasYielded && sequence === this.queue.oldestSequence) this.queue.skipUnreadable(sequence);
				continue;
			}
			hasYielded = true;
			yield { ...decoder.reading(), sequence, context };
		}
	}

	/** That reading and all before it are done with; durable, one small write. */
	acknowledge(upTo: number): void {
		this.queue.acknowledge(upTo);
		if (this.readerDecoder.sequence === upTo) this.acknowledgedDecoder.copyFrom(this.readerDecoder);
	}

	/** Empties the log and its counters. Sequence numbers go on. */
	reset(): void {
		this.queue.reset();
		this.unreadableBytes = 0;
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
	get capacityReadings(): number {
		const { bytes, records } = this.queue.newestSectorUsage;
		return Math.floor(this.queue.capacityBytes / (records > 0 ? bytes / records : typicalReadingBytes));
	}

	get oldestSequence(): number | undefined {
		return this.queue.oldestSequence;
	}

	/** `undefined` when none waits. */
	get newestSequence(): number | undefined {
		return this.queue.newestSequence;
	}

	/** The boot of the reading that was stored last, sent or not; 0 when none can be read. */
	get newestBoot(): number {
		this.newestDecoder ??= this.decodeNewestSector();
		if (this.newestDecoder.context !== undefined) return this.newestDecoder.context.boot;
		// The newest sector may have been opened, and nothing stored in it.
		let boot = 0;
		for (const { context } of this.pending(this.newestSequence)) boot = context.boot;
		return boot;
	}

	/** How many readings went, since the last reset, because the flash was full. */
	get droppedReadings(): number {
		return this.queue.droppedRecords;
	}

	/** Bytes found damaged since the mount. */
	get damagedBytes(): number {
		return this.queue.damagedBytes + this.unreadableBytes;
	}

	/** So that a board that starts again and again goes on where it was, instead of telling its context anew. */
	private decodeNewestSector(): ReadingDecoder {
		const decoder = new ReadingDecoder();
		for (const { bytes, sequence, isFirst } of this.queue.newestSectorRecords())
			decoder.decode(bytes, sequence, isFirst);
		return decoder;
	}

	private countUnreadable(sequence: number, length: number): void {
		if (sequence <= this.countedUpToSequence) return;
		this.countedUpToSequence = sequence;
		this.unreadableBytes += length;
	}
}
