import {
	type FoundSector,
	getNumber,
	isBlank,
	largestHead,
	parseHead,
	type RecordHead,
	type RecordKind,
	recordLength,
	recordSum,
	recordsStart,
	sumLength,
} from "./format";
import type { Sectors } from "./sectors";

/** What the reader came to: a record, bytes that are none, or the end of what was written. */
export type Step = RecordKind | "damaged" | "end";

/** Read at a time, so that short records share one read. */
const chunk = 256;
/** Looked at where a record should begin but the flash reads as erased. */
const blankProbe = 16;

/**
 * Walks the records of one sector, each checked. A record that fails its sum is passed by its length, if what
 * follows then holds; if that fails too, the rest of the sector is given up: searching it byte by byte would
 * sooner or later find a record that nobody wrote.
 */
export class SectorReader {
	private readonly sectors: Sectors;
	private readonly buffer: { bytes: Uint8Array };
	private _sector: FoundSector;
	/** The buffer holds the sector's bytes from here … */
	private from = 0;
	/** … up to here. */
	private to = 0;
	private _offset = 0;
	private _sequence = 0;
	private _until = Number.POSITIVE_INFINITY;
	private bodyStart = 0;
	private bodyEnd = 0;
	private passed = false;
	private _damagedFrom = 0;

	constructor(sectors: Sectors, sector: FoundSector) {
		this.sectors = sectors;
		this.buffer = { bytes: new Uint8Array(chunk) };
		this._sector = sector;
		this.open(sector);
	}

	/**
	 * Goes to the record at `offset` of `sector`, which has, or would have, the number `sequence`. Numbers from
	 * `until` on belong to the next sector.
	 */
	open(
		sector: FoundSector,
		offset = recordsStart(sector.align),
		sequence = sector.first,
		until = Number.POSITIVE_INFINITY,
	): void {
		const kept = sector.sector === this._sector.sector && offset >= this.from && offset <= this.to;
		if (!kept) this.from = this.to = offset;
		this._sector = sector;
		this._offset = offset;
		this._sequence = sequence;
		this._until = until;
		this.passed = false;
	}

	/** The first sequence number of the next sector. */
	get until(): number {
		return this._until;
	}

	get sector(): FoundSector {
		return this._sector;
	}

	/** Where the next record begins. */
	get offset(): number {
		return this._offset;
	}

	/** The number that the next data record has. */
	get sequence(): number {
		return this._sequence;
	}

	/** The body of the record that {@link next} came to; valid until it is called again. */
	get body(): Uint8Array {
		return this.buffer.bytes.subarray(this.bodyStart, this.bodyEnd);
	}

	/** Of an acknowledgement: everything up to this sequence number. */
	get markedUpTo(): number {
		return this._sector.acknowledged + getNumber(this.buffer.bytes, this.bodyStart, 2);
	}

	/**
	 * Of an acknowledgement: where the next waiting record stands; 0: not told. Of what was dropped: how many records.
	 */
	get markedDetail(): number {
		return getNumber(this.buffer.bytes, this.bodyStart + 2, 2);
	}

	/** Where the bytes that are no record begin; they go up to {@link offset}. */
	get damagedFrom(): number {
		return this._damagedFrom;
	}

	/** Takes the next record; nothing beyond `limit` of the sector is read. */
	next(limit: number): Step {
		const offset = this._offset;
		if (offset >= limit) return "end";
		if (!this.need(Math.min(blankProbe, limit - offset), limit)) return this.giveUp(limit);
		const at = offset - this.from;
		if (this.buffer.bytes[at] === 0xff) {
			const blank = isBlank(this.buffer.bytes, at, Math.min(at + blankProbe, this.to - this.from));
			return blank ? "end" : this.giveUp(limit);
		}
		const head = parseHead(this.buffer.bytes, at);
		if (head === undefined) return this.giveUp(limit);
		const length = recordLength(head.kind, head.body, this._sector.align);
		if (offset + length > limit) return this.giveUp(limit);
		const holds = this.need(Math.max(length, largestHead), limit) && this.holds(head);
		if (!holds && this.passed) return this.giveUp(limit);
		this.passed = !holds;
		this._damagedFrom = offset;
		this._offset = offset + length;
		if (head.kind === "data") this._sequence++;
		return holds ? head.kind : "damaged";
	}

	private holds({ head, body }: RecordHead): boolean {
		const { bytes } = this.buffer;
		const start = this._offset - this.from;
		const end = start + head + body;
		this.bodyStart = start + head;
		this.bodyEnd = end;
		return getNumber(bytes, end, sumLength) === recordSum(this._sector, this._sequence, bytes, start, end);
	}

	private giveUp(limit: number): Step {
		this._damagedFrom = this._offset;
		this._offset = limit;
		return "damaged";
	}

	/** Has `count` bytes from the offset on in the buffer, or fewer where `limit` comes before; false: unreadable. */
	private need(count: number, limit: number): boolean {
		const wanted = Math.min(this._offset + count, limit);
		if (wanted <= this.to) return true;
		const kept = Math.max(0, this.to - this._offset);
		const { bytes: before } = this.buffer;
		if (count > before.length) this.buffer.bytes = new Uint8Array(count);
		const { bytes } = this.buffer;
		bytes.set(before.subarray(this._offset - this.from, this._offset - this.from + kept));
		this.from = this._offset;
		const end = Math.min(this.from + bytes.length, limit);
		if (!this.sectors.read(bytes.subarray(kept, end - this.from), this._sector.block, this.from + kept)) {
			this.to = this.from;
			return false;
		}
		this.to = end;
		return true;
	}
}
