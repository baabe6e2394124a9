import {
	checksumBytes,
	getUint,
	isErased,
	markBodyBytes,
	maxRecords,
	parseRecordHeader,
	recordBytes,
	recordChecksum,
	recordsOffset,
	type Sector,
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
	private offset: number;
	private sequence: number;
	private readonly marks: Marks;
	private unverified: { readonly offset: number; readonly sequence: number } | undefined;

	constructor(sectors: SectorFlash, newest: Sector) {
		this.sectors = sectors;
		this.newestSector = newest;
		this.offset = recordsOffset(newest.writeAlign);
		this.sequence = newest.firstSequence;
		this.marks = new Marks(newest);
	}

	/** `undefined` on any sign of damage. */
	walk(): Tail | undefined {
		const { blockLength } = this.sectors;
		let step: "next" | "end" | undefined = "next";
		let length = wideProbeBytes;
		while (step === "next" && this.offset < blockLength) {
			const before = this.offset;
			if (!this.fillBuffer(length <= probeBytes * 2 ? wideProbeBytes : probeBytes)) return undefined;
			step = this.step();
			length = this.offset - before;
		}
		if (step === undefined || !this.isVerified()) return undefined;
		return {
			offset: this.offset,
			nextSequence: this.sequence,
			marks: this.marks,
			skippedSequences: 0,
			damagedBytes: 0,
			isWritable: true,
		};
	}

	/** Buffers the bytes at the offset: enough for a header or a mark. */
	private fillBuffer(width: number): boolean {
		const { blockLength } = this.sectors;
		if (Math.min(this.offset + probeBytes, blockLength) <= this.bufferEnd) return true;
		this.bufferStart = this.offset;
		this.bufferEnd = Math.min(this.offset + width, blockLength);
		return this.sectors.read(
			this.buffer.subarray(0, this.bufferEnd - this.bufferStart),
			this.newestSector.block,
			this.bufferStart,
		);
	}

	private step(): "next" | "end" | undefined {
		const at = this.offset - this.bufferStart;
		if (this.buffer[at] === 0xff)
			return isErased(this.buffer, at, Math.min(at + probeBytes, this.bufferEnd - this.bufferStart))
				? "end"
				: undefined;
		const head = parseRecordHeader(this.buffer, at);
		if (head === undefined) return undefined;
		const length = recordBytes(head.kind, head.bodyBytes, this.newestSector.writeAlign);
		if (this.offset + length > this.sectors.blockLength) return undefined;
		if (head.kind === "data") {
			this.unverified = { offset: this.offset, sequence: this.sequence };
			this.sequence++;
		} else if (!this.takeMark(at, head.kind === "dropped")) return undefined;
		this.offset += length;
		return "next";
	}

	private takeMark(at: number, dropped: boolean): boolean {
		const sumAt = at + 1 + markBodyBytes;
		const sum = recordChecksum(this.newestSector, this.sequence, this.buffer, at, sumAt);
		if (getUint(this.buffer, sumAt, checksumBytes) !== sum) return false;
		const upTo = this.newestSector.acknowledgedSequence + getUint(this.buffer, at + 1, 2);
		this.marks.take(dropped, upTo, getUint(this.buffer, at + 3, 2), this.sequence);
		this.unverified = undefined;
		return true;
	}

	private isVerified(): boolean {
		if (this.unverified === undefined) return true;
		const { offset, sequence } = this.unverified;
		const reader = new SectorReader(this.sectors, this.newestSector);
		reader.open(this.newestSector, offset, sequence);
		return reader.next(this.offset) === "data";
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
