import type { Flash } from "../boards/ecma419";
import { FlashQueue, type RingHintStorage } from "../queue/flash-queue";
import type { Reading, SampleContext, StoredReading } from "../reading/reading";
import { contextBoot, contextByte, type DecoderState, ReadingDecoder } from "../reading/reading-decoder";
import { ReadingEncoder } from "../reading/reading-encoder";

/** Size of a reading on flash, assumed until there are some: a few values, header and checksum. */
const typicalReadingBytes = 10;

/**
 * The pending readings, on flash. A reading for which {@link append} has returned stays until it is acknowledged, or until
 * the flash is full and it is among the oldest.
 */
export class ReadingLog {
	private readonly queue: FlashQueue;
	private readonly encoder = new ReadingEncoder();
	/** The state on which the next reading builds; `undefined` until there is one. */
	private newestDecoder: ReadingDecoder | undefined;
	/** The state after the last acknowledged reading, so that its sector need not be read again. */
	private readonly acknowledgedDecoder = new ReadingDecoder();
	/** Of the latest {@link pending} iteration. */
	private readerDecoder = this.acknowledgedDecoder;
	/** {@link newestBoot} when the log was mounted. */
	private mountedBoot: number | undefined;
	private unreadableBytes = 0;
	/** Unreadable records up to this one have been counted. */
	private countedUpToSequence = 0;
	/** Where reading can go on, if a failed read ended the latest {@link pending} iteration. */
	readableFrom: number | undefined;

	/**
	 * Mounts the partition, whatever it holds; {@link close} closes it. `hints`: a second record of its newest sector.
	 * `kept`: {@link newestState} before it was closed.
	 */
	constructor(flash: Flash, hints?: RingHintStorage, kept?: DecoderState) {
		this.queue = new FlashQueue({ flash, keyByte: contextByte, ...(hints && { hints }) });
		// mutation: check-kept-state
		if (kept === undefined || kept.sequence !== this.queue.lastSequence) return;
		this.newestDecoder = new ReadingDecoder();
		this.newestDecoder.restore(kept);
	}

	/**
	 * Stores a reading, durably; returns its sequence number, which is never reused on this board. Throws a RangeError for a
	 * reading that cannot be encoded, and what {@link FlashQueue.push} throws.
	 */
	append(reading: Reading, context: SampleContext): number {
		// Without a kept state, the first reading gets its own context.
		this.newestDecoder ??= new ReadingDecoder();
		const decoder = this.newestDecoder;
		const { encoder } = this;
		const sequence = this.queue.push((isFirst) => encoder.encode(decoder, reading, context, isFirst));
		encoder.commit(decoder, sequence);
		return sequence;
	}

	/**
	 * Pending readings, oldest first, read from flash on demand; `from`: the first sequence number. They end before one whose
	 * read fails: a later read may succeed, and an acknowledgement of those after it would take it as well.
	 */
	*pending(from?: number): Generator<StoredReading> {
		this.readableFrom = undefined;
		const oldest = this.queue.oldestSequence;
		if (oldest === undefined) return;
		const start = Math.max(from ?? oldest, oldest);
		const decoder = new ReadingDecoder();
		this.readerDecoder = decoder;
		const isContinuation =
			this.acknowledgedDecoder.sequence === start - 1 && this.acknowledgedDecoder.context !== undefined;
		if (isContinuation) decoder.copyFrom(this.acknowledgedDecoder);
		let hasYielded = false;
		let { failedReads } = this.queue;
		/** A read failed, and a reading is missing. */
		let isCutOff = false;
		for (const { bytes, sequence, isFirst } of this.queue.records(start, !isContinuation)) {
			const hasFailed = this.queue.failedReads !== failedReads;
			// mutation: stop-at-failed-read
			if (hasFailed && sequence > Math.max(start, decoder.sequence + 1)) isCutOff = true;
			if (isCutOff && isFirst && sequence > start) {
				this.readableFrom = sequence;
				return;
			}
			if (isCutOff) continue;
			const isDecoded = decoder.decode(bytes, sequence, isFirst);
			const { context } = decoder;
			if (hasFailed) {
				// Without a gap, it was read after all, or failed elsewhere.
				failedReads = this.queue.failedReads;
				isCutOff = !isDecoded || context === undefined;
				if (isCutOff) continue;
			}
			if (sequence < start) continue;
			if (!isDecoded || context === undefined) {
				this.countUnreadable(sequence, bytes.length);
				if (!hasYielded && sequence === this.queue.oldestSequence) this.queue.skipUnreadable(sequence);
				continue;
			}
			hasYielded = true;
			yield { ...decoder.reading(), sequence, context };
		}
	}

	/** Like {@link pending}, but passes over what cannot be read. Nothing else may read the log in between. */
	*readable(from?: number): Generator<StoredReading> {
		for (let start: number | undefined = from ?? 0; start !== undefined; start = this.readableFrom)
			yield* this.pending(start);
	}

	/** Acknowledges all readings up to a sequence number, durably, with one small write. */
	acknowledge(upTo: number): void {
		this.queue.acknowledge(upTo);
		if (this.readerDecoder.sequence === upTo) this.acknowledgedDecoder.copyFrom(this.readerDecoder);
	}

	/** Empties the log and resets its counters. Sequence numbers continue. */
	reset(): void {
		this.queue.reset();
		this.unreadableBytes = 0;
	}

	/** May be called twice. */
	close(): void {
		this.queue.close();
	}

	/** Number of pending readings. */
	get length(): number {
		return this.queue.length;
	}

	/** Estimated capacity, from the size of the latest readings. */
	get capacityReadings(): number {
		const { bytes, records } = this.queue.newestSectorUsage;
		return Math.floor(this.queue.capacityBytes / (records > 0 ? bytes / records : typicalReadingBytes));
	}

	get oldestSequence(): number | undefined {
		return this.queue.oldestSequence;
	}

	/** `undefined` if none is pending. */
	get newestSequence(): number | undefined {
		return this.queue.newestSequence;
	}

	/** The boot of the last stored reading, sent or not, or the highest of others where it is damaged; 0 if none can be read. */
	get newestBoot(): number {
		const { context } = this.newestDecoder ?? {};
		if (context !== undefined) return context.boot;
		this.mountedBoot ??= this.readMountedBoot();
		return this.mountedBoot;
	}

	/** The state on which the next reading builds, as plain data: the next mount continues from it. */
	get newestState(): DecoderState | undefined {
		return this.newestDecoder?.state;
	}

	/** Readings dropped since the last reset because the flash was full. */
	get droppedReadings(): number {
		return this.queue.droppedRecords;
	}

	/** Changes with each read that fails. */
	get failedReads(): number {
		return this.queue.failedReads;
	}

	/** Damaged bytes found since the mount. */
	get damagedBytes(): number {
		return this.queue.damagedBytes + this.unreadableBytes;
	}

	private readMountedBoot(): number {
		const key = this.queue.newestKeyRecord;
		let boot = (key && contextBoot(key)) ?? 0;
		// The newest sector may be open but empty, or, if it and the newest reading are damaged, older ones have to do.
		for (const from of [this.newestSequence, 0]) {
			if (boot > 0) break;
			for (const { context } of this.readable(from)) boot = Math.max(boot, context.boot);
		}
		return boot;
	}

	private countUnreadable(sequence: number, length: number): void {
		if (sequence <= this.countedUpToSequence) return;
		this.countedUpToSequence = sequence;
		this.unreadableBytes += length;
	}
}
