import {
	getUint,
	isErased,
	markBodyBytes,
	maxRecords,
	RecordHeader,
	recordChecksum,
	recordsOffset,
	type Sector,
	storedChecksum,
} from "./flash-format";
import type { SectorFlash } from "./sector-flash";
import { SectorReader } from "./sector-reader";

/** The state of the ring according to its newest sector. */
export interface Tail {
	/** End of its records. */
	readonly offset: number;
	/** The sequence number of the next record. */
	readonly nextSequence: number;
	/** What it says of acknowledged and dropped records. */
	readonly marks: Marks;
	/** Sequence numbers skipped, because damage may hide that they were assigned. */
	readonly skippedSequences: number;
	/** Bytes after the records that are not erased. */
	readonly damagedBytes: number;
	/** Whether records can be appended. */
	readonly isWritable: boolean;
}

/** Finds the end of the newest sector and the last mark. */
export function findTail(sectors: SectorFlash, newest: Sector): Tail {
	return new HeaderWalk(sectors, newest).walk() ?? scanTail(sectors, newest);
}

/** What a sector's marks say, one after the other. */
class Marks {
	acknowledgedSequence: number;
	frontOffset: number;
	droppedRecords = 0;

	constructor({ acknowledgedSequence, frontOffset }: Sector) {
		this.acknowledgedSequence = acknowledgedSequence;
		this.frontOffset = frontOffset;
	}

	/**
	 * Takes the next one, before the record `next`. One that goes back, or beyond what exists, is ignored: firmware before
	 * 0.3.0 could write it.
	 */
	take(dropped: boolean, upTo: number, detail: number, next: number): void {
		if (upTo < this.acknowledgedSequence || upTo >= next) return;
		this.acknowledgedSequence = upTo;
		this.frontOffset = dropped ? 0 : detail;
		if (dropped) this.droppedRecords += detail;
	}
}

/** Read at a record's place: if records are long, and if they are short. */
const probeBytes = 16;
const wideProbeBytes = 256;

/**
 * Goes from record header to record header without reading bodies. The checksum of the last record proves every step: it
 * covers the sequence number, and so the number of steps.
 */
class HeaderWalk {
	private readonly sectors: SectorFlash;
	private readonly newestSector: Sector;
	private readonly buffer = new Uint8Array(wideProbeBytes);
	private bufferStart = 0;
	private bufferEnd = 0;
	private readonly header = new RecordHeader();
	private readonly marks: Marks;

	constructor(sectors: SectorFlash, newest: Sector) {
		this.sectors = sectors;
		this.newestSector = newest;
		this.marks = new Marks(newest);
	}

	/** `undefined` on any sign of damage. */
	walk(): Tail | undefined {
		const { buffer, header, newestSector } = this;
		const { blockLength } = this.sectors;
		const { writeAlign } = newestSector;
		let offset = recordsOffset(writeAlign);
		let sequence = newestSector.firstSequence;
		/** Of the last data record after the last mark. */
		let unverified: { offset: number; sequence: number } | undefined;
		let length = 0;
		while (offset < blockLength) {
			if (offset + probeBytes > this.bufferEnd && !this.fillBuffer(offset, length)) return undefined;
			const at = offset - this.bufferStart;
			if (!header.parse(buffer, at)) {
				if (!isErased(buffer, at, Math.min(at + probeBytes, this.bufferEnd - this.bufferStart)))
					return undefined;
				break;
			}
			length = header.recordBytes(writeAlign);
			if (offset + length > blockLength) return undefined;
			if (header.kind === "data") {
				unverified ??= { offset, sequence };
				unverified.offset = offset;
				unverified.sequence = sequence++;
			} else {
				if (!this.takeMark(at, sequence)) return undefined;
				unverified = undefined;
			}
			offset += length;
		}
		if (unverified !== undefined && !this.isVerified(unverified, offset)) return undefined;
		return {
			offset,
			nextSequence: sequence,
			marks: this.marks,
			skippedSequences: 0,
			damagedBytes: 0,
			isWritable: true,
		};
	}

	/** Buffers the bytes at the offset, at the block's end fewer: enough for a header or a mark; more if records are short. */
	private fillBuffer(offset: number, length: number): boolean {
		const { blockLength } = this.sectors;
		if (this.bufferEnd === blockLength) return true;
		this.bufferStart = offset;
		const width = length <= probeBytes * 2 ? wideProbeBytes : probeBytes;
		this.bufferEnd = Math.min(offset + width, blockLength);
		return this.sectors.read(
			this.buffer.subarray(0, this.bufferEnd - offset),
			this.newestSector.block,
			offset,
		);
	}

	private takeMark(at: number, next: number): boolean {
		const { buffer, header, newestSector } = this;
		const bodyStart = at + header.headerBytes;
		const sumAt = bodyStart + markBodyBytes;
		if (storedChecksum(buffer, sumAt) !== recordChecksum(newestSector, next, buffer, at, sumAt)) return false;
		const upTo = newestSector.acknowledgedSequence + getUint(buffer, bodyStart, 2);
		this.marks.take(header.kind === "dropped", upTo, getUint(buffer, bodyStart + 2, 2), next);
		return true;
	}

	private isVerified(last: { readonly offset: number; readonly sequence: number }, end: number): boolean {
		const reader = new SectorReader(this.sectors, this.newestSector);
		reader.open(this.newestSector, last.offset, last.sequence);
		return reader.next(end) === "data";
	}
}

/** Reads and verifies every record, for a damaged sector. */
function scanTail(sectors: SectorFlash, newest: Sector): Tail {
	const reader = new SectorReader(sectors, newest);
	const marks = new Marks(newest);
	/** Damage that no intact record follows so far. */
	let open: { readonly offset: number; readonly sequence: number } | undefined;
	for (;;) {
		const sequence = reader.sequence;
		const step = reader.next(sectors.blockLength);
		if (step === "end") break;
		if (step === "damaged") {
			open ??= { offset: reader.damageStart, sequence };
			continue;
		}
		open = undefined;
		if (step !== "data") marks.take(step === "dropped", reader.markSequence, reader.markDetail, sequence);
	}
	const tail = { offset: reader.offset, marks };
	if (open === undefined)
		return { ...tail, nextSequence: reader.sequence, skippedSequences: 0, damagedBytes: 0, isWritable: true };
	const damagedBytes = writtenEnd(sectors, newest.block, open.offset) - open.offset;
	const skippedSequences = maxRecords(damagedBytes, newest.writeAlign);
	return {
		...tail,
		offset: open.offset,
		nextSequence: open.sequence + skippedSequences,
		skippedSequences,
		damagedBytes,
		isWritable: false,
	};
}

/** End of the last byte that is not erased. */
function writtenEnd(sectors: SectorFlash, block: number, from: number): number {
	const bytes = new Uint8Array(wideProbeBytes);
	let end = sectors.blockLength;
	while (end > from) {
		const start = Math.max(from, end - bytes.length);
		const part = bytes.subarray(0, end - start);
		if (!sectors.read(part, block, start)) return end;
		for (let at = part.length - 1; at >= 0; at--) if (part[at] !== 0xff) return start + at + 1;
		end = start;
	}
	return Math.max(from, end);
}
