import type { Bytes } from "../boards/ecma419";
import { crc32 } from "../common/crc32";
import {
	checksumBytes,
	encodeRecordHeader,
	isErased,
	maxRecordHeaderBytes,
	putChecksum,
	type RecordKind,
	recordChecksum,
	type Sector,
} from "./flash-format";
import type { SectorFlash } from "./sector-flash";

/** Appends records to the newest sector. What it writes is read back. */
export class TailWriter {
	private readonly sectors: SectorFlash;
	/** The newest one; `undefined` while there is none. */
	sector: Sector | undefined;
	/** Of the next record in it. */
	offset = 0;
	/** Whether it takes more records. */
	isWritable = false;
	/** Whether it is known to be erased from {@link offset} on. */
	private isErased = false;
	private writeBuffer = new Uint8Array(128);
	/** Bytes read back after a write, or checked before. */
	private readBuffer = new Uint8Array(128);
	/** The same bytes. */
	private readView = new DataView(this.readBuffer.buffer);

	constructor(sectors: SectorFlash) {
		this.sectors = sectors;
	}

	/** Goes to the end of a sector's records. `isErased`: what follows them is known to be erased. */
	moveTo(sector: Sector, offset: number, isWritable: boolean, isErased: boolean): void {
		this.sector = sector;
		this.offset = offset;
		this.isWritable = isWritable;
		this.isErased = isErased;
	}

	/** Whether there is space for so many bytes. */
	fits(length: number): boolean {
		return this.isWritable && this.offset + length <= this.sectors.blockLength;
	}

	/** Writes one record; false if that fails, which closes the sector. */
	append(kind: RecordKind, body: Bytes, sequence: number): boolean {
		const { sector } = this;
		if (sector === undefined || !this.isWritable) return false;
		const maxLength = maxRecordHeaderBytes + body.length + checksumBytes;
		if (this.writeBuffer.length < maxLength) this.writeBuffer = new Uint8Array(maxLength);
		const { writeBuffer, offset } = this;
		const head = encodeRecordHeader(kind, body.length, writeBuffer);
		writeBuffer.set(body, head);
		const end = head + body.length;
		const length = end + checksumBytes;
		putChecksum(writeBuffer, end, recordChecksum(sector, sequence, writeBuffer, 0, end));
		this.isWritable =
			(this.isErased || this.checkErased(sector.block, offset, length)) &&
			this.write(writeBuffer.subarray(0, length), sector.block, offset);
		if (this.isWritable) this.offset = offset + length;
		return this.isWritable;
	}

	/**
	 * Whether the write succeeded and reads back the same: worn cells report nothing. Checksums differ with up to three bits
	 * anywhere (CRC-32), with 32 in a row, and but for one case in four billion with any others.
	 */
	write(bytes: Bytes, block: number, offset: number): boolean {
		try {
			this.sectors.write(bytes, block, offset);
		} catch {
			return false;
		}
		// mutation: verify-write
		const seen = this.readBack(block, offset, bytes.length);
		return seen !== undefined && crc32(seen) === crc32(bytes);
	}

	private checkErased(block: number, offset: number, length: number): boolean {
		const seen = this.readBack(block, offset, length);
		if (seen === undefined) return false;
		const { readView } = this;
		let at = 0;
		for (const stop = length - 3; at < stop; at += 4) if (readView.getInt32(at) !== -1) return false;
		return isErased(seen, at, length);
	}

	private readBack(block: number, offset: number, length: number): Bytes | undefined {
		if (this.readBuffer.length < length) {
			this.readBuffer = new Uint8Array(length);
			this.readView = new DataView(this.readBuffer.buffer);
		}
		const seen = this.readBuffer.subarray(0, length);
		return this.sectors.read(seen, block, offset) ? seen : undefined;
	}
}
