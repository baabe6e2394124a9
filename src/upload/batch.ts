import { batchHead, batchTail, type Destination, PointEncoder, type TimedReading } from "../dakkio/point";
import { type Body, bytesBody, StreamedBody } from "../http/message-stream";

/** Limits of one request. */
export interface BatchLimits {
	readonly maxPoints: number;
	/** Maximum size of the body. */
	readonly maxBytes: number;
}

/** The readings of one request, by sequence number; the readings themselves stay on flash. */
export interface Batch {
	readonly path: "/api/data" | "/api/data/batch";
	readonly firstSequence: number;
	readonly lastSequence: number;
	readonly pointCount: number;
	readonly bodyBytes: number;
	/** The body, read from flash as the socket takes it; the same bytes each time. */
	body(): Body;
}

/** Pending readings from a sequence number on, oldest first, up to one whose time is unknown. */
export type ReadingSource = (from: number | undefined) => Iterable<TimedReading>;

/**
 * Plans a batch of the oldest pending readings: as many as fit, at least one. It ends where the time goes back, so that
 * the points of a batch are in order of time. `undefined` when nothing can be sent.
 */
export function planBatch(source: ReadingSource, to: Destination, limits: BatchLimits): Batch | undefined {
	const encoder = new PointEncoder(to);
	// The first point has no comma.
	let bodyBytes = batchHead(to).length - 1 + batchTail().length;
	let first: TimedReading | undefined;
	let last: TimedReading | undefined;
	let pointCount = 0;
	for (const timed of source(undefined)) {
		const added = encoder.encode(timed).length;
		// mutation: end-batch
		if (last !== undefined && (bodyBytes + added > limits.maxBytes || timed.utc < last.utc)) break;
		first ??= timed;
		last = timed;
		bodyBytes += added;
		pointCount++;
		if (pointCount === limits.maxPoints) break;
	}
	if (first === undefined || last === undefined) return undefined;
	const firstSequence = first.reading.sequence;
	const lastSequence = last.reading.sequence;
	if (pointCount === 1) {
		const bytes = encoder.encodeSingle(first);
		return {
			path: "/api/data",
			firstSequence,
			lastSequence,
			pointCount,
			bodyBytes: bytes.length,
			body: () => bytesBody(bytes),
		};
	}
	return {
		path: "/api/data/batch",
		firstSequence,
		lastSequence,
		pointCount,
		bodyBytes,
		body: () => new StreamedBody(batchParts(source(firstSequence), lastSequence, to), bodyBytes),
	};
}

function* batchParts(
	readings: Iterable<TimedReading>,
	lastSequence: number,
	to: Destination,
): Generator<Uint8Array> {
	const encoder = new PointEncoder(to);
	let isFirst = true;
	yield batchHead(to);
	for (const timed of readings) {
		const { sequence } = timed.reading;
		if (sequence > lastSequence) break;
		const point = encoder.encode(timed);
		yield isFirst ? point.subarray(1) : point;
		isFirst = false;
		// Saves reading one more.
		if (sequence === lastSequence) break;
	}
	yield batchTail();
}
