import type { Flash } from "../boards/ecma419";
import { areBytesEqual } from "../common/equal-bytes";
import { decodeUtf8, encodeUtf8 } from "../common/utf8";
import { type Destination, pointJson, type TimedReading } from "../dakkio/point";
import { FlashQueue } from "../queue/flash-queue";

/** A point that the service rejected for its content, and its message. */
export interface RefusedPoint {
	/** Dakkio's `metadata.seq`. */
	readonly sequence: number;
	/** Status and message of the server. */
	readonly cause: string;
	/** The point as sent, JSON; empty if it is too long to keep. */
	readonly point: string;
}

type QueueCounts = Pick<FlashQueue, "length" | "droppedRecords">;

/** Maximum length of a kept cause, characters. */
const maxCauseLength = 300;
/** Points that one 2xx proves to be at fault. */
const maxProvenAtOnce = 2;

/**
 * The points that the service rejected, in a ring of their own on flash, for the user to inspect. They are never sent
 * again automatically; when the ring is full, the oldest are dropped and counted.
 */
export class Quarantine {
	private readonly flash: Flash;
	/** Once it is changed: it takes 2 KB of memory, and that is seldom. */
	private mounted: FlashQueue | undefined;
	/** Of the ring until then. */
	private counts: QueueCounts | undefined;

	/** On the partition, which the quarantine closes. */
	constructor(flash: Flash) {
		this.flash = flash;
	}

	private get changeable(): FlashQueue {
		this.mounted ??= new FlashQueue({ flash: this.flash });
		return this.mounted;
	}

	private get readable(): FlashQueue {
		const queue = this.mounted ?? new FlashQueue({ flash: this.flash });
		const { length, droppedRecords, isDoubtful } = queue;
		// It counts again when the flash can be read.
		if (isDoubtful) this.mounted = queue;
		this.counts ??= { length, droppedRecords };
		return queue;
	}

	/** Looks only when it is asked: most wakes on battery do not. */
	private get known(): QueueCounts {
		return this.mounted ?? this.counts ?? this.readable;
	}

	/** Number of points. */
	get length(): number {
		return this.known.length;
	}

	/** Number of points dropped because the ring was full. */
	get droppedPoints(): number {
		return this.known.droppedRecords;
	}

	/** Adds a point, durably. One that stayed pending, as power was cut, comes again: refused with the same words, it is not added twice. */
	add(timed: TimedReading, to: Destination, cause: string): void {
		const { sequence } = timed.reading;
		const kept = { sequence, cause: cause.slice(0, maxCauseLength), point: pointJson(timed, to) };
		const whole = encodeRefusedPoint(kept);
		const ring = this.changeable;
		const bytes = whole.length <= ring.maxRecordBytes ? whole : encodeRefusedPoint({ ...kept, point: "" });
		for (const latest of ring.records((ring.newestSequence ?? 0) - maxProvenAtOnce + 1))
			if (areBytesEqual(latest.bytes, bytes)) return;
		ring.push(bytes);
	}

	/** The points, oldest first. */
	*points(): Generator<RefusedPoint> {
		for (const { bytes } of this.readable.records()) yield JSON.parse(decodeUtf8(bytes, 0, bytes.length));
	}

	/** Deletes all points. */
	reset(): void {
		this.changeable.reset();
	}

	close(): void {
		if (this.mounted === undefined) this.flash.close();
		else this.mounted.close();
	}
}

function encodeRefusedPoint(refused: RefusedPoint): Uint8Array {
	return encodeUtf8(JSON.stringify(refused));
}
