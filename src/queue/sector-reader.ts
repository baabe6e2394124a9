import {
	checksumBytes,
	getUint,
	isErased,
	maxRecordHeaderBytes,
	parseRecordHeader,
	type RecordHeader,
	type RecordKind,
	recordBytes,
	recordChecksum,
	recordsOffset,
	type Sector,
} from "./flash-format";
import type { SectorFlash } from "./sector-flash";

/** What the reader found: a record, damaged bytes, or the end of the written part. */
export type ReadStep = RecordKind | "damaged" | "end";

/** Read ahead, so that short records share one read. */
const readChunkBytes = 256;
/** Checked at the place of a record if its first byte is erased. */
const erasedProbeBytes = 16;

/**
 * Reads the records of one sector and verifies each. A record with a wrong checksum is skipped by its length if the next
 * one is intact; otherwise the rest of the sector is damaged: a search byte by byte would sooner or later find a record
 * that was never written.
 */
export class SectorReader {
	private readonly sectors: SectorFlash;
	private readonly buffer: { bytes: Uint8Array };
	private _sector: Sector;
	/** The buffer holds the sector's bytes from here on … */
	private bufferStart = 0;
	/** … up to here. */
	private bufferEnd = 0;
	private _offset = 0;
	private _sequence = 0;
	private _endSequence = Number.POSITIVE_INFINITY;
	private bodyStart = 0;
	private bodyEnd = 0;
	private previousDamaged = false;
	private _damageStart = 0;

	constructor(sectors: SectorFlash, sector: Sector) {
		this.sectors = sectors;
		this.buffer = { bytes: new Uint8Array(readChunkBytes) };
		this._sector = sector;
		this.open(sector);
	}

	/**
	 * Goes to the record at `offset` of `sector`, whose sequence number is `sequence`. Numbers from `endSequence` on belong
	 * to the next sector.
	 */
	open(
		sector: Sector,
		offset = recordsOffset(sector.writeAlign),
		sequence = sector.firstSequence,
		endSequence = Number.POSITIVE_INFINITY,
	): void {
		const kept =
			sector.sectorNumber === this._sector.sectorNumber &&
			offset >= this.bufferStart &&
			offset <= this.bufferEnd;
		if (!kept) this.bufferStart = this.bufferEnd = offset;
		this._sector = sector;
		this._offset = offset;
		this._sequence = sequence;
		this._endSequence = endSequence;
		this.previousDamaged = false;
	}

	/** The first sequence number of the next sector. */
	get endSequence(): number {
		return this._endSequence;
	}

	get sector(): Sector {
		return this._sector;
	}

	/** Offset of the next record. */
	get offset(): number {
		return this._offset;
	}

	/** Sequence number of the next data record. */
	get sequence(): number {
		return this._sequence;
	}

	/** The body of the record found by {@link next}; valid until the next call. */
	get body(): Uint8Array {
		return this.buffer.bytes.subarray(this.bodyStart, this.bodyEnd);
	}

	/** The sequence number of a mark. */
	get markSequence(): number {
		return this._sector.acknowledgedSequence + getUint(this.buffer.bytes, this.bodyStart, 2);
	}

	/** Acknowledged: offset of the next pending record, 0 if unknown. Dropped: number of records. */
	get markDetail(): number {
		return getUint(this.buffer.bytes, this.bodyStart + 2, 2);
	}

	/** Start of the damaged bytes, which end at {@link offset}. */
	get damageStart(): number {
		return this._damageStart;
	}

	/** Reads the next record; reads nothing beyond `limit`. */
	next(limit: number): ReadStep {
		const offset = this._offset;
		if (offset >= limit) return "end";
		if (!this.fill(Math.min(erasedProbeBytes, limit - offset), limit)) return this.giveUpSector(limit);
		const at = offset - this.bufferStart;
		if (this.buffer.bytes[at] === 0xff) {
			const blank = isErased(
				this.buffer.bytes,
				at,
				Math.min(at + erasedProbeBytes, this.bufferEnd - this.bufferStart),
			);
			return blank ? "end" : this.giveUpSector(limit);
		}
		const head = parseRecordHeader(this.buffer.bytes, at);
		if (head === undefined) return this.giveUpSector(limit);
		const length = recordBytes(head.kind, head.bodyBytes, this._sector.writeAlign);
		if (offset + length > limit) return this.giveUpSector(limit);
		const isIntact = this.fill(Math.max(length, maxRecordHeaderBytes), limit) && this.isIntact(head);
		if (!isIntact && this.previousDamaged) return this.giveUpSector(limit);
		this.previousDamaged = !isIntact;
		this._damageStart = offset;
		this._offset = offset + length;
		if (head.kind === "data") this._sequence++;
		return isIntact ? head.kind : "damaged";
	}

	private isIntact({ headerBytes, bodyBytes }: RecordHeader): boolean {
		const { bytes } = this.buffer;
		const start = this._offset - this.bufferStart;
		const end = start + headerBytes + bodyBytes;
		this.bodyStart = start + headerBytes;
		this.bodyEnd = end;
		return (
			getUint(bytes, end, checksumBytes) === recordChecksum(this._sector, this._sequence, bytes, start, end)
		);
	}

	private giveUpSector(limit: number): ReadStep {
		this._damageStart = this._offset;
		this._offset = limit;
		return "damaged";
	}

	/** Buffers `count` bytes from the offset on, or fewer up to `limit`; false if they are unreadable. */
	private fill(count: number, limit: number): boolean {
		const wanted = Math.min(this._offset + count, limit);
		if (wanted <= this.bufferEnd) return true;
		const kept = Math.max(0, this.bufferEnd - this._offset);
		const { bytes: before } = this.buffer;
		if (count > before.length) this.buffer.bytes = new Uint8Array(count);
		const { bytes } = this.buffer;
		bytes.set(before.subarray(this._offset - this.bufferStart, this._offset - this.bufferStart + kept));
		this.bufferStart = this._offset;
		const end = Math.min(this.bufferStart + bytes.length, limit);
		if (
			!this.sectors.read(
				bytes.subarray(kept, end - this.bufferStart),
				this._sector.block,
				this.bufferStart + kept,
			)
		) {
			this.bufferEnd = this.bufferStart;
			return false;
		}
		this.bufferEnd = end;
		return true;
	}
}
