import { encodeUtf8Into, utf8Bytes } from "../common/utf8";
import { batchFrame, type Destination, pointJson, singlePointBody, type TimedReading } from "../dakkio/point";
import type { Body } from "../http/message-stream";

/** How much one request may carry. */
export interface BatchLimits {
	readonly maxPoints: number;
	/** Of the body. */
	readonly maxBytes: number;
}

/** The readings of one request, by their sequence numbers; the readings themselves stay on flash. */
export interface Batch {
	readonly path: "/api/data" | "/api/data/batch";
	readonly firstSequence: number;
	readonly lastSequence: number;
	readonly pointCount: number;
	/** The body, read from flash as the socket takes it; the same bytes each time. */
	body(): Body;
}

/** The waiting readings from a sequence number on, oldest first; it ends before one whose time is not known. */
export type ReadingSource = (from: number | undefined) => Iterable<TimedReading>;

/**
 * Takes as many of the oldest waiting readings as fit, at least one. A batch ends where the time goes back, so
 * that points always arrive in order of time within it. `undefined` when nothing can be sent.
 */
export function planBatch(source: ReadingSource, to: Destination, limits: BatchLimits): Batch | undefined {
	const frame = batchFrame(to);
	let length = utf8Bytes(frame.head) + utf8Bytes(frame.tail) - utf8Bytes(frame.separator);
	let first: TimedReading | undefined;
	let last: TimedReading | undefined;
	let pointCount = 0;
	for (const timed of source(undefined)) {
		const added = utf8Bytes(pointJson(timed, to)) + utf8Bytes(frame.separator);
		// mutation: end-batch
		if (last !== undefined && (length + added > limits.maxBytes || timed.utc < last.utc)) break;
		first ??= timed;
		last = timed;
		length += added;
		pointCount++;
		if (pointCount === limits.maxPoints) break;
	}
	if (first === undefined || last === undefined) return undefined;
	const from = first.reading.sequence;
	const upTo = last.reading.sequence;
	if (pointCount === 1) {
		const text = singlePointBody(first, to);
		return {
			path: "/api/data",
			firstSequence: from,
			lastSequence: upTo,
			pointCount,
			body: () => new StreamedTextBody([text], utf8Bytes(text)),
		};
	}
	const texts = () => batchTexts(source(from), upTo, to);
	return {
		path: "/api/data/batch",
		firstSequence: from,
		lastSequence: upTo,
		pointCount,
		body: () => new StreamedTextBody(texts(), length),
	};
}

function* batchTexts(readings: Iterable<TimedReading>, upTo: number, to: Destination): Generator<string> {
	const frame = batchFrame(to);
	let before = frame.head;
	for (const timed of readings) {
		const { sequence } = timed.reading;
		if (sequence > upTo) break;
		yield before;
		yield pointJson(timed, to);
		before = frame.separator;
		// The next one need not be read to know that it is not asked for.
		if (sequence === upTo) break;
	}
	yield frame.tail;
}

/** A body made of texts that are produced while it is read. */
class StreamedTextBody implements Body {
	readonly length: number;
	private readonly texts: Iterator<string>;
	/** The UTF-8 of the text in hand, and how much of it has been read. */
	private bytes = new Uint8Array(512);
	private filledBytes = 0;
	private takenBytes = 0;

	constructor(texts: Iterable<string>, length: number) {
		this.length = length;
		this.texts = texts[Symbol.iterator]();
	}

	read(into: Uint8Array): number {
		let count = 0;
		while (count < into.length && (this.takenBytes < this.filledBytes || this.encodeNext())) {
			const part = Math.min(into.length - count, this.filledBytes - this.takenBytes);
			into.set(this.bytes.subarray(this.takenBytes, this.takenBytes + part), count);
			this.takenBytes += part;
			count += part;
		}
		return count;
	}

	private encodeNext(): boolean {
		const { done, value } = this.texts.next();
		if (done === true) return false;
		const length = utf8Bytes(value);
		if (length > this.bytes.length) this.bytes = new Uint8Array(length);
		encodeUtf8Into(value, this.bytes, 0);
		this.filledBytes = length;
		this.takenBytes = 0;
		return true;
	}
}
