import type { Bytes, Flash } from "../boards/ecma419";
import { FlashFailedError, RecordTooLargeError } from "./errors";
import {
	checksumBytes,
	encodeRecordHeader,
	encodeSectorHeader,
	isErased,
	markBodyBytes,
	maxMarkValue,
	maxRecordBodyBytes,
	maxRecords,
	putUint,
	type RecordKind,
	recordBytes,
	recordChecksum,
	recordsOffset,
	type Sector,
	sectorHeaderBytes,
	type WriteAlign,
} from "./flash-format";
import { SectorFlash } from "./sector-flash";
import { SectorReader } from "./sector-reader";
import { findFirstSectorFrom, findNewestSector, findSectorBefore, findSectorOf } from "./sector-search";
import { findTail, type Tail } from "./tail";

export interface FlashQueueOptions {
	/** The partition; the queue closes it. */
	readonly flash: Flash;
	/** Alignment of writes in length and place, bytes: 16 for encrypted flash. Default 1. */
	readonly writeAlign?: WriteAlign;
	/** Read back each write, so that a record lost to worn cells is written again. Default false. */
	readonly verify?: boolean;
}

/** A record as it is read back. */
export interface QueueRecord {
	readonly sequence: number;
	/** Valid until the next one is read. */
	readonly bytes: Uint8Array;
	/** Whether it is the first of its sector. */
	readonly isFirst: boolean;
}

/**
 * Encodes a record; `isFirst`: it is the first of its sector, so it cannot build on others. May be called more than once
 * for a record; the last result is stored.
 */
export type RecordEncoder = (isFirst: boolean) => Bytes;

/** The place of the oldest pending record. */
interface FrontPosition {
	/** Its sector, if known. */
	readonly sector: Sector | undefined;
	/** Its offset there; 0: unknown. */
	readonly offset: number;
}

const unknownPosition: FrontPosition = { sector: undefined, offset: 0 };

/** The boundary between two sectors: the next sequence number, and how many before it are unused. */
type SectorBoundary = Pick<Sector, "firstSequence" | "skippedSequences">;

const noBoundary: SectorBoundary = { firstSequence: 0, skippedSequences: 0 };

/**
 * A ring of byte records on NOR flash. {@link push} and {@link acknowledge} are durable when they return. It mounts
 * whatever the flash contains, and mounting writes nothing. Its memory does not grow with its content.
 */
export class FlashQueue {
	private readonly sectors: SectorFlash;
	private readonly writeAlign: WriteAlign;
	private readonly verifiesWrites: boolean;
	/** The next write, from header to padding. */
	private writeBuffer = new Uint8Array(128);
	/** Bytes read back after a write, or checked before. */
	private readBuffer = new Uint8Array(sectorHeaderBytes);
	private newestSector: Sector | undefined;
	/** Offset of the next record. */
	private tailOffset = 0;
	/** Whether records can be appended to the newest sector. */
	private isTailWritable = false;
	/** Whether the newest sector is known to be erased from the tail on. */
	private isTailErased = false;
	/** Whether the newest sector is known to be readable up to the tail. */
	private isReadableToTail = false;
	/** How many blocks after the newest may have a header from a failed attempt to open a sector. */
	private abandonedHeaders = 0;
	private nextSequence = 1;
	private acknowledgedSequence = 0;
	private front = unknownPosition;
	/** The end of the sector that will be erased next. */
	private nextEraseBoundary = noBoundary;
	private _droppedRecords = 0;
	/** Of these, how many no mark and no header records yet. */
	private unreportedDrops = 0;
	private skippedSequences = 0;
	private skippedBeforeFront = 0;
	private _damagedBytes = 0;
	/** Damage is counted up to this place; {@link tailDamage} was counted by the mount. */
	private damageCountedUpTo = 0;
	private tailDamage = { from: 0, to: 0 };
	/** The place after the record that was read last. */
	private readerPosition = { sequence: -1, sector: undefined as Sector | undefined, offset: 0 };
	private closed = false;

	/** Mounts the partition, whatever it contains. Throws a RangeError for fewer than two sectors. */
	constructor(options: FlashQueueOptions) {
		this.sectors = new SectorFlash(options.flash);
		this.writeAlign = options.writeAlign ?? 1;
		this.verifiesWrites = options.verify ?? false;
		const { blocks, blockLength } = this.sectors;
		if (blocks < 2 || this.maxRecordBytes < 1)
			throw new RangeError(`a queue needs two sectors or more; there are ${blocks} of ${blockLength} bytes`);
		this.mount();
	}

	/**
	 * Stores a record; returns its sequence number, which is never reused. If the ring is full, the oldest sector is
	 * dropped and counted. Throws {@link RecordTooLargeError} or {@link FlashFailedError}.
	 */
	push(record: Bytes | RecordEncoder): number {
		const encode = typeof record === "function" ? record : () => record;
		for (let failures = 0; failures <= this.sectors.blocks; failures++) {
			if (this.append("data", this.makeRoom(encode)))
				// mutation: assign-sequence-number
				return this.nextSequence++;
		}
		throw new FlashFailedError();
	}

	/**
	 * The pending records, oldest first, read from flash on demand. `from`: the first sequence number. `fromSectorStart`:
	 * start with the first record of its sector instead, acknowledged or not, for records that build on those before
	 * them. Pushing and acknowledging in between is allowed.
	 */
	*records(from = this.acknowledgedSequence + 1, fromSectorStart = false): Generator<QueueRecord> {
		const start = Math.max(from, this.acknowledgedSequence + 1);
		if (this.newestSector === undefined || start >= this.nextSequence) return;
		const reader = this.readerAt(start, fromSectorStart);
		let hasYielded = false;
		for (;;) {
			this.skipErased(reader);
			const { sequence, sector } = reader;
			const step = reader.next(this.readLimit(sector));
			if (step === "damaged") this.countDamage(sector.sectorNumber, reader.damageStart, reader.offset);
			else if (step === "end" || sequence >= reader.endSequence) {
				if (sector.sectorNumber === this.newestSector.sectorNumber) break;
				this.openNext(reader);
			} else if (
				step === "data" &&
				(fromSectorStart || (sequence >= start && sequence > this.acknowledgedSequence))
			) {
				if (!hasYielded && sequence >= start && start === this.acknowledgedSequence + 1)
					this.skipUnreadable(sequence - 1);
				hasYielded ||= sequence >= start;
				this.readerPosition = { sequence, sector, offset: reader.offset };
				yield { sequence, bytes: reader.body, isFirst: sequence === sector.firstSequence };
			}
		}
		if (!hasYielded && start === this.acknowledgedSequence + 1) this.skipUnreadable(this.nextSequence - 1);
	}

	/** The records of the newest sector, acknowledged or not. */
	*newestSectorRecords(): Generator<QueueRecord> {
		if (this.newestSector === undefined) return;
		const sector = this.newestSector;
		const reader = new SectorReader(this.sectors, sector);
		for (;;) {
			const sequence = reader.sequence;
			const step = reader.next(this.tailOffset);
			if (step === "end") break;
			if (step === "data") yield { sequence, bytes: reader.body, isFirst: sequence === sector.firstSequence };
		}
		if (sector === this.newestSector && reader.sequence === this.nextSequence) this.isReadableToTail = true;
	}

	/** Acknowledges all records up to a sequence number, with one small write. */
	acknowledge(upTo: number): void {
		const last = Math.min(upTo, this.nextSequence - 1);
		if (!(last > this.acknowledgedSequence)) return;
		const front = this.frontAfter(last);
		// The acknowledgement would hide unrecorded drops from the next mount.
		if (
			this.unreportedDrops > 0 &&
			this.appendMark("dropped", this.acknowledgedSequence, this.unreportedDrops)
		)
			this.unreportedDrops = 0;
		if (!this.appendMark("acknowledged", last, front.offset)) this.openSectorAcknowledging(last, front);
		this.moveFront(last, front);
	}

	/** Skips unreadable pending records up to `upTo` until the next mount. Writes nothing. */
	skipUnreadable(upTo: number): void {
		if (upTo > this.acknowledgedSequence)
			this.moveFront(Math.min(upTo, this.nextSequence - 1), unknownPosition);
	}

	/** Empties the ring and resets its counters, durably. Sequence numbers continue. */
	reset(): void {
		// First a mark: otherwise a power cut after the erase would leave part of the records.
		this.acknowledge(this.nextSequence - 1);
		const dropped = this._droppedRecords;
		this._droppedRecords = 0;
		try {
			this.openSectorAcknowledging(this.nextSequence - 1, unknownPosition);
		} catch (error) {
			this._droppedRecords = dropped;
			throw error;
		}
		this.moveFront(this.nextSequence - 1, unknownPosition);
		this._damagedBytes = 0;
	}

	/** May be called twice. */
	close(): void {
		if (!this.closed) this.sectors.close();
		this.closed = true;
	}

	/** Number of pending records. Those in a damaged sector count until a reader has passed it. */
	get length(): number {
		return (
			this.nextSequence - 1 - this.acknowledgedSequence - (this.skippedSequences - this.skippedBeforeFront)
		);
	}

	/** Capacity for records, including headers and checksums. */
	get capacityBytes(): number {
		return this.sectors.blocks * (this.sectors.blockLength - recordsOffset(this.writeAlign));
	}

	/** Used bytes of the newest sector, including marks, and its number of records. */
	get newestSectorUsage(): { readonly bytes: number; readonly records: number } {
		if (this.newestSector === undefined) return { bytes: 0, records: 0 };
		return {
			bytes: this.tailOffset - recordsOffset(this.newestSector.writeAlign),
			records:
				this.nextSequence -
				this.newestSector.firstSequence -
				(this.skippedSequences - this.newestSector.skippedSequences),
		};
	}

	/** Maximum size of a record. */
	get maxRecordBytes(): number {
		return maxRecordBodyBytes(this.sectors.blockLength, this.writeAlign);
	}

	get oldestSequence(): number | undefined {
		return this.length > 0 ? this.acknowledgedSequence + 1 : undefined;
	}

	/** The last sequence number; `undefined` if no records are pending. */
	get newestSequence(): number | undefined {
		let sector = this.newestSector;
		if (sector === undefined || this.length === 0) return undefined;
		// Unused numbers may follow a sector's records, and a sector may have no record at all.
		let end = this.nextSequence - (this.skippedSequences - sector.skippedSequences);
		while (end === sector.firstSequence && sector.sectorNumber > 1) {
			const before = findSectorBefore(sector, this.sectors, this.newestSector ?? sector);
			if (before === undefined) break;
			end = sector.firstSequence - (sector.skippedSequences - before.skippedSequences);
			sector = before;
		}
		return end - 1;
	}

	/** Records dropped since the last reset because the ring was full. */
	get droppedRecords(): number {
		return this._droppedRecords;
	}

	/** Damaged bytes found since the mount. */
	get damagedBytes(): number {
		return this._damagedBytes;
	}

	// --- Mounting ---

	private mount(): void {
		const newest = findNewestSector(this.sectors);
		if (newest === undefined) return;
		const tail = findTail(this.sectors, newest);
		this.newestSector = newest;
		this.applyTail(newest, tail);
		this.skipHiddenSequences(newest);
		this.nextEraseBoundary = this.eraseBoundary(newest.sectorNumber + 1, this.acknowledgedSequence);
		if (this.acknowledgedSequence + 1 < this.nextSequence) this.findFront(newest, tail.frontOffset);
	}

	private applyTail(newest: Sector, tail: Tail): void {
		this.tailOffset = tail.offset;
		// mutation: restore-next-number
		this.nextSequence = tail.nextSequence;
		this.isTailWritable = tail.isWritable && newest.writeAlign === this.writeAlign;
		this.isTailErased = this.isReadableToTail = false;
		this.acknowledgedSequence = tail.acknowledgedSequence;
		this._droppedRecords = newest.droppedRecords + tail.droppedRecords;
		this.skippedSequences = this.skippedBeforeFront = newest.skippedSequences + tail.skippedSequences;
		this._damagedBytes = tail.damagedBytes;
		const place = newest.sectorNumber * this.sectors.blockLength;
		if (!tail.isWritable)
			this.tailDamage = { from: place + tail.offset, to: place + this.sectors.blockLength };
	}

	/** Sectors after the newest that lost their header may have held records: skips their numbers. */
	private skipHiddenSequences(newest: Sector): void {
		const probe = new Uint8Array(16);
		for (let ahead = 1; ahead < this.sectors.blocks; ahead++) {
			const block = (newest.block + ahead) % this.sectors.blocks;
			if (this.sectors.readBlockHeader(block) !== "unreadable") return;
			const start = recordsOffset(this.writeAlign);
			if (this.sectors.read(probe, block, start) && isErased(probe, 0, probe.length)) return;
			const maxHidden = maxRecords(this.sectors.blockLength, this.writeAlign);
			this.nextSequence += maxHidden;
			this.skippedSequences += maxHidden;
			this.skippedBeforeFront += maxHidden;
			// Numbers within a sector are consecutive, so it must be closed.
			this.isTailWritable = false;
		}
	}

	/** Finds the sector of the oldest pending record, and skips what is lost before it. */
	private findFront(newest: Sector, offset: number): void {
		const holder = findSectorOf(this.acknowledgedSequence + 1, this.sectors, newest);
		if (holder !== undefined) this.front = { sector: holder, offset };
		else {
			// Power was lost while the full ring erased its oldest sector.
			const oldest = findFirstSectorFrom(this.sectors.lowestSectorNumber(newest), this.sectors, newest);
			this.unreportedDrops = oldest.firstSequence - 1 - this.acknowledgedSequence;
			this._droppedRecords += this.unreportedDrops;
			this.acknowledgedSequence = oldest.firstSequence - 1;
		}
		this.skipGap();
	}

	// --- Writing ---

	/** Makes room for the record that `encode` returns; returns its bytes. */
	private makeRoom(encode: RecordEncoder): Bytes {
		for (let tries = 0; tries <= this.sectors.blocks + 1; tries++) {
			// mutation: detect-first-record
			const first = this.newestSector === undefined || this.nextSequence === this.newestSector.firstSequence;
			const bytes = encode(first);
			const length = recordBytes("data", bytes.length, this.writeAlign);
			if (!this.fits(length)) {
				this.checkLength(first ? bytes : encode(true));
				this.openSector();
			} else if (this.fits(length + this.reservedBytes())) return bytes;
			else this.dropOldest();
		}
		throw new FlashFailedError();
	}

	private checkLength(bytes: Bytes): void {
		if (bytes.length > this.maxRecordBytes) throw new RecordTooLargeError(bytes.length, this.maxRecordBytes);
	}

	private fits(length: number): boolean {
		return this.isTailWritable && this.tailOffset + length <= this.sectors.blockLength;
	}

	/** Number of pending records in the sector that will be erased next. */
	private get pendingInNextErase(): number {
		return this.pendingBefore(this.nextEraseBoundary);
	}

	private pendingBefore({ firstSequence, skippedSequences }: SectorBoundary): number {
		return Math.max(
			0,
			firstSequence - 1 - this.acknowledgedSequence - (skippedSequences - this.skippedBeforeFront),
		);
	}

	/**
	 * Space that must stay free: while opening the next sector would drop pending records, each of them needs space for
	 * an acknowledgement.
	 */
	private reservedBytes(): number {
		return this.pendingInNextErase * recordBytes("acknowledged", markBodyBytes, this.writeAlign);
	}

	private dropOldest(): void {
		const last = this.nextEraseBoundary.firstSequence - 1;
		const count = this.pendingInNextErase;
		if (this.appendMark("dropped", last, count + this.unreportedDrops)) {
			// mutation: count-overwritten-records
			this._droppedRecords += count;
			this.unreportedDrops = 0;
			this.moveFront(last, unknownPosition);
		} else this.openSector();
	}

	/**
	 * Appends a mark up to `last`; false if there is no space. `detail`: of dropped records their number, of acknowledged
	 * ones the offset of the next.
	 */
	private appendMark(kind: "acknowledged" | "dropped", last: number, detail: number): boolean {
		const beyond = last - (this.newestSector?.acknowledgedSequence ?? 0);
		if (beyond > maxMarkValue || !this.fits(recordBytes(kind, markBodyBytes, this.writeAlign))) return false;
		if (kind === "dropped" && detail > maxMarkValue) return false;
		const body = new Uint8Array(markBodyBytes);
		putUint(body, 0, 2, beyond);
		putUint(body, 2, 2, detail <= maxMarkValue ? detail : 0);
		return this.append(kind, body);
	}

	/**
	 * Records the acknowledgement in the header of a new sector. Writes nothing if that would drop pending records (the
	 * ring is full, and a failed write used up the reserved space): the next sector will record it. Until then a power cut
	 * brings back the acknowledged records, and no others.
	 */
	private openSectorAcknowledging(last: number, front: FrontPosition): void {
		if (last + 1 < this.nextEraseBoundary.firstSequence) return;
		const before = { acknowledged: this.acknowledgedSequence, front: this.front };
		this.acknowledgedSequence = last;
		this.front = front;
		try {
			this.openSector();
		} catch (error) {
			this.acknowledgedSequence = before.acknowledged;
			this.front = before.front;
			throw error;
		}
	}

	/** Writes one record at the tail; false if the write failed, which closes the sector. */
	private append(kind: RecordKind, body: Bytes): boolean {
		const sector = this.newestSector;
		if (sector === undefined || !this.isTailWritable) return false;
		const length = recordBytes(kind, body.length, this.writeAlign);
		if (this.writeBuffer.length < length) this.writeBuffer = new Uint8Array(length);
		const bytes = this.writeBuffer.subarray(0, length).fill(0xff);
		const head = encodeRecordHeader(kind, body.length, bytes);
		bytes.set(body, head);
		const end = head + body.length;
		putUint(bytes, end, checksumBytes, recordChecksum(sector, this.nextSequence, bytes, 0, end));
		this.isReadableToTail ||= this.checkReadable(sector);
		this.isTailWritable =
			this.isReadableToTail &&
			(this.isTailErased || this.checkErased(sector.block, this.tailOffset, length)) &&
			this.write(bytes, sector.block, this.tailOffset, this.verifiesWrites);
		if (this.isTailWritable) this.tailOffset += length;
		return this.isTailWritable;
	}

	/** Mounting skipped the bodies: a damaged record would hide the ones appended after it. */
	private checkReadable(sector: Sector): boolean {
		const reader = new SectorReader(this.sectors, sector);
		while (reader.next(this.tailOffset) !== "end");
		return reader.sequence === this.nextSequence;
	}

	private checkErased(block: number, offset: number, length: number): boolean {
		const seen = this.readBack(block, offset, length);
		return seen !== undefined && isErased(seen, 0, length);
	}

	private readBack(block: number, offset: number, length: number): Bytes | undefined {
		if (this.readBuffer.length < length) this.readBuffer = new Uint8Array(length);
		const seen = this.readBuffer.subarray(0, length);
		return this.sectors.read(seen, block, offset) ? seen : undefined;
	}

	/** Whether the write succeeded and, with `verify`, reads back the same. */
	private write(bytes: Bytes, block: number, offset: number, verify: boolean): boolean {
		try {
			this.sectors.write(bytes, block, offset);
		} catch {
			return false;
		}
		if (!verify) return true;
		const seen = this.readBack(block, offset, bytes.length);
		return seen?.every((byte, index) => byte === bytes[index]) ?? false;
	}

	/** Opens the next sector that can be erased and programmed. Throws, without a change, if there is none. */
	private openSector(): void {
		const { blocks } = this.sectors;
		const before = this.newestSector ?? { sectorNumber: 0, block: blocks - 1 };
		let acknowledgedSequence = this.acknowledgedSequence;
		let droppedRecords = 0;
		let boundary = this.nextEraseBoundary;
		const maxAhead = this.newestSector === undefined ? blocks : blocks - 1;
		for (let ahead = this.eraseAbandonedHeaders(before); ahead <= maxAhead; ahead++) {
			acknowledgedSequence = Math.max(acknowledgedSequence, boundary.firstSequence - 1);
			droppedRecords = Math.max(droppedRecords, this.pendingBefore(boundary));
			const sector = { sectorNumber: before.sectorNumber + ahead, block: (before.block + ahead) % blocks };
			const found = this.formatBlock({ ...sector, acknowledgedSequence, droppedRecords });
			this.abandonedHeaders = ahead;
			if (found !== undefined) {
				this.enterSector(found);
				return;
			}
			boundary = this.eraseBoundary(before.sectorNumber + ahead + 1, acknowledgedSequence);
		}
		throw new FlashFailedError();
	}

	/**
	 * A block whose opening failed may still have its header, which the next mount would take for the newest. Erases those
	 * of earlier attempts; returns the first block ahead that is clear of them.
	 */
	private eraseAbandonedHeaders({ block }: { readonly block: number }): number {
		let clear = 1;
		for (let ahead = 1; ahead <= this.abandonedHeaders; ahead++) {
			const abandoned = (block + ahead) % this.sectors.blocks;
			try {
				this.sectors.erase(abandoned);
			} catch {
				// The header is checked next.
			}
			if (this.sectors.readBlockHeader(abandoned) !== "blank") clear = ahead + 1;
		}
		return clear;
	}

	/** Erases a block and writes a sector header; `undefined` if that fails. */
	private formatBlock(
		opened: Pick<Sector, "sectorNumber" | "block" | "acknowledgedSequence" | "droppedRecords">,
	): Sector | undefined {
		const { block, droppedRecords } = opened;
		try {
			this.sectors.erase(block);
		} catch {
			return undefined;
		}
		const header = {
			...opened,
			firstSequence: this.nextSequence,
			frontOffset: droppedRecords > 0 ? 0 : this.front.offset,
			droppedRecords: this._droppedRecords + droppedRecords,
			skippedSequences: this.skippedSequences,
			writeAlign: this.writeAlign,
		};
		const bytes = new Uint8Array(recordsOffset(this.writeAlign)).fill(0xff);
		const checksumSeed = encodeSectorHeader(header, bytes);
		return this.write(bytes, block, 0, true) ? { ...header, checksumSeed } : undefined;
	}

	private enterSector(found: Sector): void {
		this.newestSector = found;
		this.abandonedHeaders = 0;
		this.unreportedDrops = 0;
		this.tailOffset = recordsOffset(found.writeAlign);
		this.isTailWritable = true;
		this.isTailErased = this.isReadableToTail = true;
		this._droppedRecords = found.droppedRecords;
		if (found.acknowledgedSequence > this.acknowledgedSequence)
			this.moveFront(found.acknowledgedSequence, unknownPosition);
		this.nextEraseBoundary = this.eraseBoundary(found.sectorNumber + 1, found.acknowledgedSequence);
	}

	/**
	 * The end of the sector that sector number `sector` will replace; {@link noBoundary} if nothing before the newest
	 * sector is pending.
	 */
	private eraseBoundary(sector: number, acknowledged: number): SectorBoundary {
		const newest = this.newestSector;
		const replaced = sector - this.sectors.blocks;
		if (newest === undefined || replaced < 1 || acknowledged + 1 >= newest.firstSequence) return noBoundary;
		return findFirstSectorFrom(replaced + 1, this.sectors, newest);
	}

	// --- The front ---

	private frontAfter(sequence: number): FrontPosition {
		if (sequence === this.readerPosition.sequence)
			return { sector: this.readerPosition.sector, offset: this.readerPosition.offset };
		return unknownPosition;
	}

	private moveFront(acknowledged: number, front: FrontPosition): void {
		this.acknowledgedSequence = acknowledged;
		this.front = front;
		if (this.skippedSequences !== this.skippedBeforeFront) this.skipGap();
	}

	/** Skips unused sequence numbers, which follow the records of a sector. */
	private skipGap(): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		for (;;) {
			const holder = findSectorOf(this.acknowledgedSequence + 1, this.sectors, newest);
			if (holder === undefined) return;
			const isNewest = holder.sectorNumber === newest.sectorNumber;
			const after = isNewest
				? { firstSequence: this.nextSequence, skippedSequences: this.skippedSequences }
				: findFirstSectorFrom(holder.sectorNumber + 1, this.sectors, newest);
			const end = after.firstSequence - (after.skippedSequences - holder.skippedSequences);
			this.skippedBeforeFront = holder.skippedSequences;
			if (this.acknowledgedSequence + 1 < end) return;
			this.acknowledgedSequence = after.firstSequence - 1;
			this.skippedBeforeFront = after.skippedSequences;
			if (isNewest) return;
		}
	}

	// --- Reading ---

	private readerAt(start: number, fromSectorStart: boolean): SectorReader {
		const newest = this.newestSector;
		if (newest === undefined) throw new Error("no sector");
		const { sector: known, offset } = this.front;
		const inFront =
			start === this.acknowledgedSequence + 1 &&
			(known?.sectorNumber ?? 0) >= this.sectors.lowestSectorNumber(newest);
		const holder =
			(inFront ? known : findSectorOf(start, this.sectors, newest)) ??
			findFirstSectorFrom(this.sectors.lowestSectorNumber(newest), this.sectors, newest);
		const reader = new SectorReader(this.sectors, holder);
		this.openAt(reader, holder);
		while (start >= reader.endSequence)
			this.openAt(reader, findFirstSectorFrom(reader.sector.sectorNumber + 1, this.sectors, newest));
		if (fromSectorStart || !inFront || offset === 0 || reader.sector.sectorNumber !== known?.sectorNumber)
			return reader;
		// The offset may come from flash: it is right if a record of that number is there.
		reader.open(holder, offset, start, reader.endSequence);
		let step = reader.next(this.readLimit(holder));
		while (step === "acknowledged" || step === "dropped") step = reader.next(this.readLimit(holder));
		if (step === "data") reader.open(holder, offset, start, reader.endSequence);
		else this.openAt(reader, holder);
		return reader;
	}

	/** Goes to the next intact sector; those in between are damaged. */
	private openNext(reader: SectorReader): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		const from = reader.sector.sectorNumber + 1;
		const next = findFirstSectorFrom(from, this.sectors, newest);
		// An interrupted erase may have lost the end of a sector and left its header.
		const end = next.firstSequence - (next.skippedSequences - reader.sector.skippedSequences);
		if (reader.sequence < end)
			this.countDamage(reader.sector.sectorNumber, reader.offset, this.sectors.blockLength);
		for (let sector = from; sector < next.sectorNumber; sector++)
			this.countDamage(sector, 0, this.sectors.blockLength);
		this.openAt(reader, next);
	}

	/** A sector's records end at the next sector's first number: a write that failed may still have succeeded. */
	private openAt(reader: SectorReader, sector: Sector): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		const isNewest = sector.sectorNumber === newest.sectorNumber;
		const until = isNewest
			? Number.POSITIVE_INFINITY
			: findFirstSectorFrom(sector.sectorNumber + 1, this.sectors, newest).firstSequence;
		reader.open(sector, recordsOffset(sector.writeAlign), sector.firstSequence, until);
	}

	/** Goes to the oldest sector if the one being read has been erased. */
	private skipErased(reader: SectorReader): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		const lowest = this.sectors.lowestSectorNumber(newest);
		if (reader.sector.sectorNumber < lowest)
			this.openAt(reader, findFirstSectorFrom(lowest, this.sectors, newest));
	}

	private readLimit(sector: Sector): number {
		return sector.sectorNumber === this.newestSector?.sectorNumber
			? this.tailOffset
			: this.sectors.blockLength;
	}

	private countDamage(sector: number, from: number, to: number): void {
		const place = sector * this.sectors.blockLength;
		if (place + from >= this.tailDamage.from && place + from < this.tailDamage.to) return;
		const start = Math.max(place + from, this.damageCountedUpTo);
		if (place + to <= start) return;
		this._damagedBytes += place + to - start;
		this.damageCountedUpTo = place + to;
	}
}
