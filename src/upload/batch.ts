import { batchFrame, batchPoint, type Destination, singlePoint, type TimedReading } from "../dakkio/point";
import type { Body } from "../http/exchange";
import { byteLength, encodeInto } from "../text/utf8";

/** How much one request may carry. */
export interface BatchLimits {
	readonly points: number;
	/** Of the body. */
	readonly bytes: number;
}

/** The readings of one request, by their sequence numbers; the readings themselves stay on flash. */
export interface Batch {
	readonly path: "/api/data" | "/api/data/batch";
	readonly first: number;
	readonly last: number;
	readonly points: number;
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
	let length = byteLength(frame.head) + byteLength(frame.tail) - byteLength(frame.separator);
	let first: TimedReading | undefined;
	let last: TimedReading | undefined;
	let points = 0;
	for (const timed of source(undefined)) {
		const added = byteLength(batchPoint(timed, to)) + byteLength(frame.separator);
		// mutation: end-batch
		if (last !== undefined && (length + added > limits.bytes || timed.utc < last.utc)) break;
		first ??= timed;
		last = timed;
		length += added;
		points++;
		if (points === limits.points) break;
	}
	if (first === undefined || last === undefined) return undefined;
	const from = first.reading.sequence;
	const upTo = last.reading.sequence;
	if (points === 1) {
		const text = singlePoint(first, to);
		return {
			path: "/api/data",
			first: from,
			last: upTo,
			points,
			body: () => new TextBody([text], byteLength(text)),
		};
	}
	const texts = () => batchTexts(source(from), upTo, to);
	return {
		path: "/api/data/batch",
		first: from,
		last: upTo,
		points,
		body: () => new TextBody(texts(), length),
	};
}

function* batchTexts(readings: Iterable<TimedReading>, upTo: number, to: Destination): Generator<string> {
	const frame = batchFrame(to);
	let before = frame.head;
	for (const timed of readings) {
		const { sequence } = timed.reading;
		if (sequence > upTo) break;
		yield before;
		yield batchPoint(timed, to);
		before = frame.separator;
		// The next one need not be read to know that it is not asked for.
		if (sequence === upTo) break;
	}
	yield frame.tail;
}

/** A body made of texts that are produced while it is read. */
class TextBody implements Body {
	readonly length: number;
	private readonly texts: Iterator<string>;
	/** The UTF-8 of the text in hand, and how much of it has been read. */
	private bytes = new Uint8Array(512);
	private filled = 0;
	private taken = 0;

	constructor(texts: Iterable<string>, length: number) {
		this.length = length;
		this.texts = texts[Symbol.iterator]();
	}

	read(into: Uint8Array): number {
		let count = 0;
		while (count < into.length && (this.taken < this.filled || this.next())) {
			const part = Math.min(into.length - count, this.filled - this.taken);
			into.set(this.bytes.subarray(this.taken, this.taken + part), count);
			this.taken += part;
			count += part;
		}
		return count;
	}

	private next(): boolean {
		const { done, value } = this.texts.next();
		if (done === true) return false;
		const length = byteLength(value);
		if (length > this.bytes.length) this.bytes = new Uint8Array(length);
		encodeInto(value, this.bytes, 0);
		this.filled = length;
		this.taken = 0;
		return true;
	}
}
