import {
	getUint,
	isErased,
	maxRecordHeaderBytes,
	type RecordKind,
	recordChecksum,
	type Sector,
	sectorHeaderBytes,
	storedChecksum,
} from "./flash-format";
import type { SectorFlash } from "./sector-flash";

/** What the reader found: a record, damaged bytes, or the end of the written part. */
export type ReadStep = RecordKind | "damaged" | "end";

/** Read ahead, so that short records share one read. */
const readChunkBytes = 256;
/** Checked at the place of a record if its first byte is erased. */
const erasedProbeBytes = 16;

/**
 * Reads the records of one sector and verifies each. A record with a wrong checksum is skipped by its length: the next
 * intact one proves that this was right, as its checksum covers how many there were. Where a length leads nowhere, the
 * rest of the sector is damaged: a search byte by byte would sooner or later find a record that was never written.
 */
export class SectorReader {
	protected readonly sectors: SectorFlash;
	private bytes = new Uint8Array(readChunkBytes);
	/** The buffer holds the sector's bytes from here on … */
	private bufferStart = 0;
	/** … up to here. */
	private bufferEnd = 0;
	private bodyStart = 0;
	private bodyEnd = 0;
	/** Changed only by {@link open}. */
	sector: Sector;
	/** Offset of the next record; changed by {@link open} and {@link next}. */
	offset = 0;
	/** Sequence number of the next data record; changed by {@link open} and {@link next}. */
	sequence = 0;
	/** The first sequence number of the next sector; infinite if it is unknown. */
	endSequence = Number.POSITIVE_INFINITY;
	/** Start of the damaged bytes, which end at {@link offset}. */
	damageStart = 0;

	/** Begins with the record at `offset`, by default with the first one of `sector`. */
	constructor(sectors: SectorFlash, sector: Sector, offset?: number, sequence?: number) {
		this.sectors = sectors;
		this.sector = sector;
		this.open(sector, offset, sequence);
	}

	/**
	 * Goes to the record at `offset` of `sector`, whose sequence number is `sequence`. Numbers from `endSequence` on belong
	 * to the next sector.
	 */
	open(
		sector: Sector,
		offset = sectorHeaderBytes,
		sequence = sector.firstSequence,
		endSequence = Number.POSITIVE_INFINITY,
	): void {
		const kept =
			sector.sectorNumber === this.sector.sectorNumber &&
			offset >= this.bufferStart &&
			offset <= this.bufferEnd;
		if (!kept) this.bufferStart = this.bufferEnd = offset;
		this.sector = sector;
		this.offset = offset;
		this.sequence = sequence;
		this.endSequence = endSequence;
	}

	/** The body of the record found by {@link next}; valid until the next call. */
	get body(): Uint8Array {
		return this.bytes.subarray(this.bodyStart, this.bodyEnd);
	}

	/** The sequence number of a mark. */
	get markSequence(): number {
		return this.sector.acknowledgedSequence + getUint(this.bytes, this.bodyStart, 2);
	}

	/** Acknowledged: offset of the next pending record, 0 if unknown. Dropped: number of records. */
	get markDetail(): number {
		return getUint(this.bytes, this.bodyStart + 2, 2);
	}

	/** Reads the next record; reads nothing beyond `limit`. */
	next(limit: number): ReadStep {
		const offset = this.offset;
		const header = this.sectors.header;
		if (offset >= limit) return "end";
		if (offset + erasedProbeBytes > this.bufferEnd && !this.fill(erasedProbeBytes, limit))
			return this.giveUpSector(limit);
		if (!header.parse(this.bytes, offset - this.bufferStart))
			return this.isBlank() ? "end" : this.giveUpSector(limit);
		const length = header.recordBytes;
		const end = offset + length;
		if (end > limit) return this.giveUpSector(limit);
		const isBuffered =
			offset + maxRecordHeaderBytes <= this.bufferEnd && end <= this.bufferEnd
				? true
				: this.fill(Math.max(length, maxRecordHeaderBytes), limit);
		const start = offset - this.bufferStart;
		this.bodyStart = start + header.headerBytes;
		const bodyEnd = this.bodyStart + header.bodyBytes;
		this.bodyEnd = bodyEnd;
		const isIntact =
			isBuffered &&
			storedChecksum(this.bytes, bodyEnd) ===
				recordChecksum(this.sector, this.sequence, this.bytes, start, bodyEnd);
		if (!isIntact) {
			const step = this.readAgain(limit);
			if (step !== undefined) return step;
		}
		this.damageStart = offset;
		this.offset = end;
		if (header.kind === "data") this.sequence++;
		return isIntact ? header.kind : "damaged";
	}

	/** Whether nothing was written at the offset. */
	private isBlank(): boolean {
		const at = this.offset - this.bufferStart;
		return isErased(this.bytes, at, Math.min(at + erasedProbeBytes, this.bufferEnd - this.bufferStart));
	}

	/**
	 * The next record, read from the flash again before it is taken for damaged: a bit may have been read wrong, and be right
	 * in its cell. `undefined` the second time.
	 */
	private readAgain(limit: number): ReadStep | undefined {
		// mutation: read-again
		if (this.sectors.isSecondRead) return undefined;
		this.sectors.isSecondRead = true;
		this.bufferStart = this.bufferEnd = this.offset;
		const step = this.next(limit);
		this.sectors.isSecondRead = false;
		return step;
	}

	private giveUpSector(limit: number): ReadStep {
		const step = this.readAgain(limit);
		if (step !== undefined) return step;
		this.damageStart = this.offset;
		this.offset = limit;
		return "damaged";
	}

	/** Buffers `count` bytes from the offset on, or fewer up to `limit`; false if they are unreadable. */
	private fill(count: number, limit: number): boolean {
		const { offset } = this;
		const wanted = Math.min(offset + count, limit);
		if (wanted <= this.bufferEnd) return true;
		const kept = Math.max(0, this.bufferEnd - offset);
		const before = this.bytes;
		if (count > before.length) this.bytes = new Uint8Array(count);
		const { bytes } = this;
		if (kept > 0) bytes.set(before.subarray(offset - this.bufferStart, this.bufferEnd - this.bufferStart));
		this.bufferStart = offset;
		const end = Math.min(offset + bytes.length, limit);
		const isRead = this.sectors.read(bytes.subarray(kept, end - offset), this.sector.block, offset + kept);
		this.bufferEnd = isRead ? end : offset;
		return isRead;
	}
}
