import type { Flash } from "../boards/ecma419";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";
import { type Destination, pointJson, type TimedReading } from "../dakkio/point";
import { FlashQueue } from "../queue/flash-queue";

/** A point that the service refused for its content, and what it said. */
export interface RefusedPoint {
	/** Dakkio's `metadata.seq`. */
	readonly sequence: number;
	/** The server's words, with the status. */
	readonly cause: string;
	/** The point as it was sent, JSON; empty when it is too long to be kept. */
	readonly point: string;
}

/** Longest cause that is kept, characters. */
const maxCauseLength = 300;

/**
 * The points that the service refused: kept on flash in a ring of their own, for a person to look at. They are
 * never sent again by themselves; when the ring is full, the oldest go.
 */
export class Quarantine {
	private readonly queue: FlashQueue;

	/** Mounts the partition, which the quarantine closes. */
	constructor(flash: Flash) {
		this.queue = new FlashQueue({ flash });
	}

	/** How many are kept. */
	get length(): number {
		return this.queue.length;
	}

	/** Keeps a point; durable when it returns. */
	add(timed: TimedReading, to: Destination, cause: string): void {
		const { sequence } = timed.reading;
		const kept = { sequence, cause: cause.slice(0, maxCauseLength), point: pointJson(timed, to) };
		const whole = encodeRefusedPoint(kept);
		this.queue.push(
			whole.length <= this.queue.maxRecordBytes ? whole : encodeRefusedPoint({ ...kept, point: "" }),
		);
	}

	/** What is kept, oldest first. */
	*points(): Generator<RefusedPoint> {
		for (const { bytes } of this.queue.records()) yield JSON.parse(decodeUtf8(bytes, 0, bytes.length));
	}

	/** Forgets them all. */
	reset(): void {
		this.queue.reset();
	}

	close(): void {
		this.queue.close();
	}
}

function encodeRefusedPoint(refused: RefusedPoint): Uint8Array {
	return encodeUtf8(JSON.stringify(refused));
}
