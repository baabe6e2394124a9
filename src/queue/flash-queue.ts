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
	/** Bytes that every write is a multiple of, in length and place; 16 for encrypted flash. Default 1. */
	readonly writeAlign?: WriteAlign;
	/** Read back what was written, so that worn cells are found while the record is still at hand. Default false. */
	readonly verify?: boolean;
}

/** A record as it is read back. */
export interface QueueRecord {
	readonly sequence: number;
	/** Valid until the next one is taken. */
	readonly bytes: Uint8Array;
	/** Whether it is the first of its sector. */
	readonly isFirst: boolean;
}

/**
 * Makes the bytes of a record, which may be shorter when others stand before it: `first` when none stands before
 * it in its sector. May be called more than once for a record; the last result is stored.
 */
export type RecordEncoder = (first: boolean) => Bytes;

/** Where the record that waits longest stands. */
interface FrontPosition {
	/** The sector that holds it, as far as known. */
	readonly sector: Sector | undefined;
	/** Its place there; 0: not known. */
	readonly offset: number;
}

const unknownPosition: FrontPosition = { sector: undefined, offset: 0 };

/** A place between two sectors: the next record's number, and how many numbers before it no record has. */
type SectorBoundary = Pick<Sector, "firstSequence" | "skippedSequences">;

const noBoundary: SectorBoundary = { firstSequence: 0, skippedSequences: 0 };

/**
 * A ring of byte records on NOR flash. `push` and `acknowledge` are durable when they return; whatever stands on
 * the flash, it mounts, and mounting writes nothing. What it keeps in memory does not grow with what it holds.
 */
export class FlashQueue {
	private readonly sectors: SectorFlash;
	private readonly writeAlign: WriteAlign;
	private readonly verifiesWrites: boolean;
	/** What is written next, head to padding. */
	private writeBuffer = new Uint8Array(128);
	/** Read back, or looked at before it is written. */
	private readBuffer = new Uint8Array(sectorHeaderBytes);
	private newestSector: Sector | undefined;
	/** Where the next record goes. */
	private tailOffset = 0;
	/** Whether the newest sector takes more records. */
	private isTailWritable = false;
	/** Whether the newest sector is known to be erased from the tail on. */
	private isTailErased = false;
	/** Whether the newest sector is known to be readable up to the tail. */
	private isReadableToTail = false;
	/** How many sectors ahead of the newest may have got a header although they were not gone on with. */
	private abandonedHeaders = 0;
	private nextSequence = 1;
	private acknowledgedSequence = 0;
	private front = unknownPosition;
	/** The records of the sector that is to be erased next end here. */
	private nextEraseBoundary = noBoundary;
	private _droppedRecords = 0;
	/** Of these, so many no mark and no header tells yet. */
	private unreportedDrops = 0;
	private skippedSequences = 0;
	private skippedBeforeFront = 0;
	private _damagedBytes = 0;
	/** Damage up to this place has been counted, and this one when it was mounted. */
	private damageCountedUpTo = 0;
	private tailDamage = { from: 0, to: 0 };
	/** Where the reader stood when it gave out a record: the place of the next one. */
	private readerPosition = { sequence: -1, sector: undefined as Sector | undefined, offset: 0 };
	private closed = false;

	/** Mounts; never throws for what is on the flash. Throws a RangeError for fewer than two sectors. */
	constructor(options: FlashQueueOptions) {
		this.sectors = new SectorFlash(options.flash);
		this.writeAlign = options.writeAlign ?? 1;
		this.verifiesWrites = options.verify ?? false;
		const { blocks, blockLength } = this.sectors;
		if (blocks < 2 || this.maxRecordBytes < 1)
			throw new RangeError(`a queue needs two sectors or more; there are ${blocks} of ${blockLength} bytes`);
		this.mount();
	}

	/** Stores a record; returns its sequence number, which no other record ever has. */
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
	 * The records that are not acknowledged, oldest first, read from flash as they are taken. `from`: begin with
	 * that number. `whole`: begin with the first record of the sector instead, acknowledged or not, for records
	 * that can only be read after those before them. Pushing and acknowledging in between is allowed.
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

	/** That record and all before it are done with. One small write for any number. */
	acknowledge(upTo: number): void {
		const last = Math.min(upTo, this.nextSequence - 1);
		if (!(last > this.acknowledgedSequence)) return;
		const front = this.frontAfter(last);
		// A mark beyond what was dropped hides it from the next mount.
		if (
			this.unreportedDrops > 0 &&
			this.appendMark("dropped", this.acknowledgedSequence, this.unreportedDrops)
		)
			this.unreportedDrops = 0;
		if (!this.appendMark("acknowledged", last, front.offset)) this.openSectorAcknowledging(last, front);
		this.moveFront(last, front);
	}

	/**
	 * Leaves out, until the next mount, what waits up to `upTo`, because it cannot be read. Nothing is written.
	 */
	skipUnreadable(upTo: number): void {
		if (upTo > this.acknowledgedSequence)
			this.moveFront(Math.min(upTo, this.nextSequence - 1), unknownPosition);
	}

	/** Empties the ring and its counters, durably. Sequence numbers go on. */
	reset(): void {
		// First a mark: a sector that is erased before the ring is empty on flash would take a part with it.
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

	/** How many records wait. Those in a damaged sector count until the reader has come past it. */
	get length(): number {
		return (
			this.nextSequence - 1 - this.acknowledgedSequence - (this.skippedSequences - this.skippedBeforeFront)
		);
	}

	/** Bytes for records, their heads and sums included, that the ring has. */
	get capacityBytes(): number {
		return this.sectors.blocks * (this.sectors.blockLength - recordsOffset(this.writeAlign));
	}

	/** Bytes that the records of the newest sector take, acknowledgements included, and how many they are. */
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

	/** The largest record that can be pushed, bytes. */
	get maxRecordBytes(): number {
		return maxRecordBodyBytes(this.sectors.blockLength, this.writeAlign);
	}

	get oldestSequence(): number | undefined {
		return this.length > 0 ? this.acknowledgedSequence + 1 : undefined;
	}

	/** The number of the record stored last; `undefined` when nothing waits. */
	get newestSequence(): number | undefined {
		let sector = this.newestSector;
		if (sector === undefined || this.length === 0) return undefined;
		// Behind a sector's records there may be numbers that no record has, and a sector may have none at all.
		let end = this.nextSequence - (this.skippedSequences - sector.skippedSequences);
		while (end === sector.firstSequence && sector.sectorNumber > 1) {
			const before = findSectorBefore(sector, this.sectors, this.newestSector ?? sector);
			if (before === undefined) break;
			end = sector.firstSequence - (sector.skippedSequences - before.skippedSequences);
			sector = before;
		}
		return end - 1;
	}

	/** How many went, since the last reset, because the ring was full. */
	get droppedRecords(): number {
		return this._droppedRecords;
	}

	/** Bytes found damaged since the mount. */
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

	/** Sectors behind the newest that lost their header may have held records: their numbers are left out. */
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
			// Within a sector the numbers are told by counting.
			this.isTailWritable = false;
		}
	}

	/** Finds the sector of the oldest record that waits, and passes over what is lost before it. */
	private findFront(newest: Sector, offset: number): void {
		const holder = findSectorOf(this.acknowledgedSequence + 1, this.sectors, newest);
		if (holder !== undefined) this.front = { sector: holder, offset };
		else {
			// The sector that was being erased when power went, because the ring was full.
			const oldest = findFirstSectorFrom(this.sectors.lowestSectorNumber(newest), this.sectors, newest);
			this.unreportedDrops = oldest.firstSequence - 1 - this.acknowledgedSequence;
			this._droppedRecords += this.unreportedDrops;
			this.acknowledgedSequence = oldest.firstSequence - 1;
		}
		this.skipGap();
	}

	// --- Writing ---

	/** Has room for the record that `encode` makes; returns its bytes. */
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

	/** How many records wait in the sector that is to be erased next. */
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
	 * Room that must stay free: while the next sector cannot be had without dropping, each record that waits there
	 * must find room for an acknowledgement of its own.
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
	 * Writes into the newest sector that everything up to `last` is done with; false when there is no room. `detail`:
	 * of what was dropped, how many records; of what was acknowledged, where the next record stands.
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
	 * Has the header of a new sector say that everything up to `last` is done with. Where that would take records
	 * that still wait (the ring is full, and a write that failed took the room that was kept for this), nothing is
	 * written: the next sector will tell it. A power cut until then brings back what was acknowledged, and no more.
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

	/** Writes one record at the tail; false when it did not take, and the sector is closed. */
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

	/** Mounting has leapt over the records: one that is damaged might hide those that would follow it. */
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

	/** Whether it was written and, if asked for, reads back the same. */
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

	/** Goes on to the next sector that can be erased and programmed. Throws, and nothing has changed, if none can. */
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
	 * A sector that was given up may have its header all the same, and would be taken for the newest with the next
	 * mount. Erases those that an earlier attempt has left; returns how far ahead no header can be in the way.
	 */
	private eraseAbandonedHeaders({ block }: { readonly block: number }): number {
		let clear = 1;
		for (let ahead = 1; ahead <= this.abandonedHeaders; ahead++) {
			const abandoned = (block + ahead) % this.sectors.blocks;
			try {
				this.sectors.erase(abandoned);
			} catch {
				// Its header tells whether that matters.
			}
			if (this.sectors.readBlockHeader(abandoned) !== "blank") clear = ahead + 1;
		}
		return clear;
	}

	/** Erases a block and makes it a sector; `undefined` when the block does not take it. */
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
	 * Where the records end that stand in the block that sector number `sector` will take; {@link noBoundary} when all
	 * up to the newest sector is done with anyway.
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

	/** Steps over sequence numbers that no record has: they lie behind the records of a sector. */
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
		// The place may have come from flash: it is right if there is a record of that number.
		reader.open(holder, offset, start, reader.endSequence);
		let step = reader.next(this.readLimit(holder));
		while (step === "acknowledged" || step === "dropped") step = reader.next(this.readLimit(holder));
		if (step === "data") reader.open(holder, offset, start, reader.endSequence);
		else this.openAt(reader, holder);
		return reader;
	}

	/** Goes to the next sector that can be found; what lies between is damaged. */
	private openNext(reader: SectorReader): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		const from = reader.sector.sectorNumber + 1;
		const next = findFirstSectorFrom(from, this.sectors, newest);
		// An erase that power cut off may have taken the end of a sector and left its header.
		const end = next.firstSequence - (next.skippedSequences - reader.sector.skippedSequences);
		if (reader.sequence < end)
			this.countDamage(reader.sector.sectorNumber, reader.offset, this.sectors.blockLength);
		for (let sector = from; sector < next.sectorNumber; sector++)
			this.countDamage(sector, 0, this.sectors.blockLength);
		this.openAt(reader, next);
	}

	/** A sector's records end where the numbers of the next begin: one that was given up may have come through. */
	private openAt(reader: SectorReader, sector: Sector): void {
		const newest = this.newestSector;
		if (newest === undefined) return;
		const isNewest = sector.sectorNumber === newest.sectorNumber;
		const until = isNewest
			? Number.POSITIVE_INFINITY
			: findFirstSectorFrom(sector.sectorNumber + 1, this.sectors, newest).firstSequence;
		reader.open(sector, recordsOffset(sector.writeAlign), sector.firstSequence, until);
	}

	/** Goes on to the oldest sector there is, when the one being read was erased since. */
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
