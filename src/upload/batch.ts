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
	/** Reported with the first point. */
	readonly quarantineDrops: number | undefined;
	/** The body, read from flash as the socket takes it; the same bytes each time. */
	body(): Body;
}

/** Pending readings from a sequence number on, oldest first, up to one whose time is unknown. */
export type ReadingSource = (from: number) => Iterable<TimedReading>;

export interface BatchOptions extends BatchLimits {
	/** The first sequence number; default: of the oldest. */
	readonly from?: number;
	/** To report with the first point: how many points the quarantine has dropped. */
	readonly quarantineDrops?: number | undefined;
}

/**
 * Plans a batch of pending readings, oldest first: as many as fit, at least one. It ends where the time goes back, so that
 * the points of a batch are in order of time. `undefined` when nothing can be sent.
 */
export function planBatch(source: ReadingSource, to: Destination, options: BatchOptions): Batch | undefined {
	const { from = 0, maxPoints, maxBytes, quarantineDrops } = options;
	const encoder = new PointEncoder(to);
	// The first point has no comma.
	let bodyBytes = batchHead(to).length - 1 + batchTail().length;
	let first: TimedReading | undefined;
	let last: TimedReading | undefined;
	let pointCount = 0;
	for (const timed of source(from)) {
		if (first === undefined) first = timed;
		else {
			// A point by itself needs no measure.
			if (last === first) bodyBytes += encoder.measure(first, quarantineDrops);
			const added = encoder.measure(timed);
			// mutation: end-batch
			if (last !== undefined && (bodyBytes + added > maxBytes || timed.utc < last.utc)) break;
			bodyBytes += added;
		}
		last = timed;
		pointCount++;
		if (pointCount === maxPoints) break;
	}
	if (first === undefined || last === undefined) return undefined;
	const firstSequence = first.reading.sequence;
	const lastSequence = last.reading.sequence;
	if (pointCount === 1) {
		const bytes = encoder.encodeSingle(first, quarantineDrops);
		return {
			path: "/api/data",
			firstSequence,
			lastSequence,
			pointCount,
			bodyBytes: bytes.length,
			quarantineDrops,
			body: () => bytesBody(bytes),
		};
	}
	return {
		path: "/api/data/batch",
		firstSequence,
		lastSequence,
		pointCount,
		bodyBytes,
		quarantineDrops,
		body: () =>
			new StreamedBody(batchParts(source(firstSequence), lastSequence, to, quarantineDrops), bodyBytes),
	};
}

function* batchParts(
	readings: Iterable<TimedReading>,
	lastSequence: number,
	to: Destination,
	quarantineDrops: number | undefined,
): Generator<Uint8Array> {
	const encoder = new PointEncoder(to);
	let isFirst = true;
	yield batchHead(to);
	for (const timed of readings) {
		const { sequence } = timed.reading;
		if (sequence > lastSequence) break;
		const point = encoder.encode(timed, isFirst ? quarantineDrops : undefined);
		yield isFirst ? point.subarray(1) : point;
		isFirst = false;
		// Saves reading one more.
		if (sequence === lastSequence) break;
	}
	yield batchTail();
}
