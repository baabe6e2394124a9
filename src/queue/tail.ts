import {
	checksumBytes,
	firstDataCode,
	firstLongCode,
	getUint,
	isErased,
	markBodyBytes,
	maxRecords,
	recordChecksum,
	type Sector,
	sectorHeaderBytes,
	storedChecksum,
} from "./flash-format";
import type { SectorFlash } from "./sector-flash";
import { SectorReader } from "./sector-reader";

/** Where a record is in its sector, and its sequence number. */
export interface RecordPlace {
	readonly offset: number;
	readonly sequence: number;
}

/** The state of the ring according to its newest sector. */
export interface Tail {
	/** End of its records. */
	readonly offset: number;
	/** The sequence number of the next record. */
	readonly nextSequence: number;
	/** What it says of acknowledged and dropped records. */
	readonly marks: Marks;
	/** The last record whose body begins with the key byte or a higher one, unverified. */
	readonly key?: RecordPlace | undefined;
	/** Sequence numbers skipped, because damage may hide that they were assigned. */
	readonly skippedSequences: number;
	/** Bytes after the records that are not erased. */
	readonly damagedBytes: number;
	/** Whether records can be appended. */
	readonly isWritable: boolean;
}

/** Finds the end of the newest sector and the last mark. `keyByte`: see {@link Tail.key}. */
export function findTail(sectors: SectorFlash, newest: Sector, keyByte: number): Tail {
	return new HeaderWalk(sectors, newest, keyByte).walk() ?? scanTail(sectors, newest, keyByte);
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

/** The size of a data record with a body, by its code, if its header has one byte; else 0. */
const shortRecordBytes = Uint8Array.from({ length: 256 }, (_, code) =>
	code > firstDataCode && code < firstLongCode ? 1 + code - firstDataCode + checksumBytes : 0,
);

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
	private readonly keyByte: number;
	private readonly buffer = new Uint8Array(wideProbeBytes);
	private bufferStart = 0;
	private bufferEnd = 0;
	/** A record that begins here or before has its first bytes in the buffer. */
	private probedUpTo = 0;
	private readonly marks: Marks;

	constructor(sectors: SectorFlash, newest: Sector, keyByte: number) {
		this.sectors = sectors;
		this.newestSector = newest;
		this.keyByte = keyByte;
		this.marks = new Marks(newest);
	}

	/** `undefined` on any sign of damage. */
	walk(): Tail | undefined {
		const { buffer, newestSector, keyByte } = this;
		const { blockLength, header } = this.sectors;
		let offset = sectorHeaderBytes;
		let sequence = newestSector.firstSequence;
		/** Length of the last record, if it is data. */
		let unverified = 0;
		let key: RecordPlace | undefined;
		let length = 0;
		while (offset < blockLength) {
			if (offset > this.probedUpTo && !this.fillBuffer(offset, length)) return undefined;
			let at = offset - this.bufferStart;
			// Most are short records of data: all of them that are in the buffer.
			const probed = this.probedUpTo - this.bufferStart;
			let size = shortRecordBytes[buffer[at] ?? 0xff] ?? 0;
			while (size > 0) {
				if ((buffer[at + 1] ?? 0) >= keyByte) key = { offset: this.bufferStart + at, sequence };
				unverified = size;
				at += size;
				sequence++;
				if (at > probed) break;
				size = shortRecordBytes[buffer[at] ?? 0xff] ?? 0;
			}
			const next = this.bufferStart + at;
			if (next > offset) {
				length = unverified;
				offset = next;
				continue;
			}
			if (!header.parse(buffer, at)) {
				if (!isErased(buffer, at, Math.min(at + probeBytes, this.bufferEnd - this.bufferStart)))
					return undefined;
				break;
			}
			length = header.recordBytes;
			unverified = 0;
			if (header.kind === "data") {
				const isKey = header.bodyBytes > 0 && (buffer[at + header.headerBytes] ?? 0) >= keyByte;
				if (isKey) key = { offset, sequence };
				unverified = length;
				sequence++;
			} else if (offset + length > blockLength || !this.takeMark(at, sequence)) return undefined;
			offset += length;
		}
		if (offset > blockLength) return undefined;
		const last = { offset: offset - unverified, sequence: sequence - 1 };
		if (unverified > 0 && !this.isVerified(last, offset)) return undefined;
		return {
			offset,
			nextSequence: sequence,
			marks: this.marks,
			key,
			skippedSequences: 0,
			damagedBytes: 0,
			isWritable: true,
		};
	}

	/** Buffers the bytes at the offset, at the block's end fewer: enough for a header or a mark; more if records are short. */
	private fillBuffer(offset: number, length: number): boolean {
		const { blockLength } = this.sectors;
		this.bufferStart = offset;
		const width = length <= probeBytes * 2 ? wideProbeBytes : probeBytes;
		this.bufferEnd = Math.min(offset + width, blockLength);
		this.probedUpTo = this.bufferEnd === blockLength ? blockLength : this.bufferEnd - probeBytes;
		return this.sectors.read(
			this.buffer.subarray(0, this.bufferEnd - offset),
			this.newestSector.block,
			offset,
		);
	}

	private takeMark(at: number, next: number): boolean {
		const { buffer, newestSector } = this;
		const { header } = this.sectors;
		const bodyStart = at + header.headerBytes;
		const sumAt = bodyStart + markBodyBytes;
		if (storedChecksum(buffer, sumAt) !== recordChecksum(newestSector, next, buffer, at, sumAt)) return false;
		const upTo = newestSector.acknowledgedSequence + getUint(buffer, bodyStart, 2);
		this.marks.take(header.kind === "dropped", upTo, getUint(buffer, bodyStart + 2, 2), next);
		return true;
	}

	private isVerified(last: RecordPlace, end: number): boolean {
		const reader = new SectorReader(this.sectors, this.newestSector);
		reader.open(this.newestSector, last.offset, last.sequence);
		// mutation: verify-tail-end
		return reader.next(end) === "data" && reader.offset === end;
	}
}

/** Reads and verifies every record, for a damaged sector. */
function scanTail(sectors: SectorFlash, newest: Sector, keyByte: number): Tail {
	const { failedReads } = sectors;
	const reader = new SectorReader(sectors, newest);
	const marks = new Marks(newest);
	let key: RecordPlace | undefined;
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
		if (step === "data" && (reader.body[0] ?? 0) >= keyByte) key = { offset: reader.damageStart, sequence };
		if (step !== "data") marks.take(step === "dropped", reader.markSequence, reader.markDetail, sequence);
	}
	const tail = { offset: reader.offset, marks, key };
	if (open === undefined)
		return { ...tail, nextSequence: reader.sequence, skippedSequences: 0, damagedBytes: 0, isWritable: true };
	const damagedBytes = writtenEnd(sectors, newest.block, open.offset) - open.offset;
	const hidden = maxRecords(damagedBytes);
	return {
		...tail,
		offset: open.offset,
		nextSequence: open.sequence + hidden,
		// What could not be read only now stays pending.
		skippedSequences: sectors.failedReads > failedReads ? 0 : hidden,
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
