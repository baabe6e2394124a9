import type { Bytes, Flash } from "../boards/ecma419";
import { DamageCounter } from "./damage-counter";
import { FlashFailedError, RecordTooLargeError } from "./errors";
import {
	encodeSectorHeader,
	isErased,
	markBodyBytes,
	markBytes,
	maxMarkValue,
	maxRecordBodyBytes,
	maxRecords,
	maxSkippedPending,
	parseSectorHeader,
	putUint,
	recordBytes,
	type Sector,
	sectorHeaderBytes,
} from "./flash-format";
import { RingReader } from "./ring-reader";
import { furthest, noBoundary, recordsBetween, type SectorBoundary } from "./sector-boundary";
import { isSector, SectorFlash } from "./sector-flash";
import { SectorReader } from "./sector-reader";
import {
	checkedBlocksAhead,
	countUnreadAhead,
	findFirstSectorFrom,
	findNewestSector,
	findSectorBefore,
	findSectorOf,
} from "./sector-search";
import { findTail, type RecordPlace, type Tail } from "./tail";
import { TailWriter } from "./tail-writer";

export interface FlashQueueOptions {
	/** The partition; the queue closes it. */
	readonly flash: Flash;
	/** Where the newest sector is kept outside of the ring. */
	readonly hints?: RingHintStorage;
	/** Records that begin with this byte or a higher one are found by {@link FlashQueue.newestKeyRecord}. Default: none. */
	readonly keyByte?: number;
}

/**
 * The newest sector, as kept outside of the ring: mounting looks there first, and sequence numbers go on behind it if its
 * header is lost.
 */
export type RingHint = Pick<Sector, "block" | "sectorNumber" | "firstSequence">;

export interface RingHintStorage {
	/** `undefined` without one. */
	load(): RingHint | undefined;
	/** Called before the first record of a sector. Must not throw. */
	save(hint: RingHint): void;
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

/** What a new sector is opened for. */
interface SectorRequest {
	/** Everything up to this number is acknowledged, according to its header. */
	readonly acknowledged: number;
	/** The oldest pending record then. */
	readonly front: FrontPosition;
	/** The space that it needs, bytes; without a record, opening it drops none. */
	readonly recordBytes: number | undefined;
}

/** A record is written this often at most: each failure costs a sector. */
const maxWriteAttempts = 4;

/**
 * So many openings of a sector may fail in a row after a block with pending records was erased for them: then the flash as a
 * whole is taken for failed, and only the blocks that were tried before are tried again.
 */
const maxFailedOpenings = 2;

/** Reading may work again in the middle of a mount. */
const maxMounts = 4;

/**
 * A ring of byte records on NOR flash. {@link push} and {@link acknowledge} are durable when they return. It mounts
 * whatever the flash contains, and mounting writes nothing. Its memory does not grow with its content.
 */
export class FlashQueue {
	private readonly sectors: SectorFlash;
	private readonly tail: TailWriter;
	private readonly hints: RingHintStorage | undefined;
	private readonly keyByte: number;
	/** The last key record of the newest sector, while that is the one of the mount. */
	private mountedKey: RecordPlace | undefined;
	/** Whether the newest sector is the one that is kept outside of the ring. */
	private isHinted = false;
	/** The sector before the first one that is opened. */
	private lastSector: Pick<Sector, "sectorNumber" | "block">;
	/** How many blocks after the newest may hide a newer sector, which the mount could not read. */
	private unreadAhead = 0;
	/** How many blocks after the newest may have a header from a failed attempt to open a sector. */
	private abandonedHeaders = 0;
	/** Of these blocks, how many held pending records. */
	private failedOpenings = 0;
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
	private readonly damage = new DamageCounter();
	/** The place after the record that was read last. */
	private readonly readerPosition = { sequence: -1, sector: undefined as Sector | undefined, offset: 0 };
	/** See {@link reservedBytes}; `undefined` after a change. */
	private knownReservedBytes: number | undefined;
	private closed = false;

	/** Mounts the partition, whatever it contains. Throws a RangeError for fewer than two sectors. */
	constructor(options: FlashQueueOptions) {
		this.sectors = new SectorFlash(options.flash);
		this.tail = new TailWriter(this.sectors);
		this.hints = options.hints;
		this.keyByte = options.keyByte ?? 0x100;
		const { blocks, blockLength } = this.sectors;
		if (blocks < 2 || this.maxRecordBytes < 1)
			throw new RangeError(`a queue needs two sectors or more; there are ${blocks} of ${blockLength} bytes`);
		this.lastSector = { sectorNumber: 0, block: blocks - 1 };
		this.mount(this.hints?.load());
	}

	/**
	 * Stores a record; returns its sequence number, which is never reused. If the ring is full, the oldest sector is
	 * dropped and counted. Throws {@link RecordTooLargeError}, before anything is dropped, or {@link FlashFailedError}.
	 */
	push(record: Bytes | RecordEncoder): number {
		if (typeof record !== "function") this.checkLength(record);
		// mutation: settle-before-push
		if (!this.settle()) throw new FlashFailedError();
		for (let failures = 0; failures < maxWriteAttempts; failures++) {
			const bytes = this.makeRoom(record);
			if (!this.isHinted) this.saveHint();
			if (this.tail.append("data", bytes, this.nextSequence))
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
	*records(from = 0, fromSectorStart = false): Generator<QueueRecord> {
		this.settle();
		const start = Math.max(from, this.acknowledgedSequence + 1);
		if (this.tail.sector === undefined || start >= this.nextSequence) return;
		const { failedReads } = this.sectors;
		const reader = this.readerAt(start, fromSectorStart);
		let hasYielded = false;
		while (reader.nextRecord()) {
			const { sector } = reader;
			const sequence = reader.sequence - 1;
			if (!fromSectorStart && !(sequence >= start && sequence > this.acknowledgedSequence)) continue;
			if (!hasYielded && sequence >= start) {
				this.skipDamaged(start, sequence - 1, failedReads);
				hasYielded = true;
			}
			this.readerPosition.sequence = sequence;
			this.readerPosition.sector = sector;
			this.readerPosition.offset = reader.offset;
			yield { sequence, bytes: reader.body, isFirst: sequence === sector.firstSequence };
		}
		if (!hasYielded) this.skipDamaged(start, this.nextSequence - 1, failedReads);
	}

	/** Skips what is damaged at the front, unless reads have failed since there were `failedReads`: it may be read later. */
	private skipDamaged(start: number, upTo: number, failedReads: number): void {
		if (start === this.acknowledgedSequence + 1 && this.sectors.failedReads === failedReads)
			this.skipUnreadable(upTo);
	}

	/** The last key record of the newest sector when it was mounted; `undefined` if there is none, or it is damaged. */
	get newestKeyRecord(): Uint8Array | undefined {
		const { mountedKey, tail } = this;
		const { sector } = tail;
		if (sector === undefined || mountedKey === undefined) return undefined;
		const { offset, sequence } = mountedKey;
		const reader = new SectorReader(this.sectors, sector, offset, sequence);
		return reader.next(tail.offset) === "data" ? reader.body : undefined;
	}

	/** Acknowledges all records up to a sequence number, with one small write. */
	acknowledge(upTo: number): void {
		if (!this.settle()) throw new FlashFailedError();
		const last = Math.min(upTo, this.nextSequence - 1);
		if (!(last > this.acknowledgedSequence)) return;
		const front = this.frontAfter(last);
		// The acknowledgement would hide unrecorded drops from the next mount.
		if (
			this.unreportedDrops > 0 &&
			this.appendMark("dropped", this.acknowledgedSequence, this.unreportedDrops)
		)
			this.unreportedDrops = 0;
		// Without a sector that can be opened at no cost, the next one records it: until then a power cut brings back the
		// acknowledged records, and no others.
		if (!this.appendMark("acknowledged", last, front.offset))
			this.openSector({ acknowledged: last, front, recordBytes: undefined });
		// Another mount would bring back what is acknowledged in memory only.
		this.sectors.isDoubtful = false;
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
			this.openSector({
				acknowledged: this.nextSequence - 1,
				front: unknownPosition,
				recordBytes: undefined,
			});
		} catch (error) {
			this._droppedRecords = dropped;
			throw error;
		}
		this.damage.bytes = 0;
	}

	/** May be called twice. */
	close(): void {
		if (!this.closed) this.sectors.close();
		this.closed = true;
	}

	/** Number of pending records. Those in a damaged sector count until a reader has passed it. */
	get length(): number {
		return this.pendingBefore({ firstSequence: this.nextSequence, skippedSequences: this.skippedSequences });
	}

	/** Capacity for records, including headers and checksums. */
	get capacityBytes(): number {
		return this.sectors.blocks * (this.sectors.blockLength - sectorHeaderBytes);
	}

	/** Used bytes of the newest sector, including marks, and its number of records. */
	get newestSectorUsage(): { readonly bytes: number; readonly records: number } {
		const { sector, offset } = this.tail;
		if (sector === undefined) return { bytes: 0, records: 0 };
		return {
			bytes: offset - sectorHeaderBytes,
			records: this.nextSequence - sector.firstSequence - (this.skippedSequences - sector.skippedSequences),
		};
	}

	/** Maximum size of a record. */
	get maxRecordBytes(): number {
		return maxRecordBodyBytes(this.sectors.blockLength);
	}

	get oldestSequence(): number | undefined {
		return this.length > 0 ? this.acknowledgedSequence + 1 : undefined;
	}

	/** The last sequence number; `undefined` if no records are pending. */
	get newestSequence(): number | undefined {
		const { sector: newest } = this.tail;
		let sector = newest;
		if (sector === undefined || this.length === 0) return undefined;
		// Unused numbers may follow a sector's records, and a sector may have no record at all.
		let end = this.nextSequence - (this.skippedSequences - sector.skippedSequences);
		while (end === sector.firstSequence && sector.sectorNumber > 1) {
			const before = findSectorBefore(sector, this.sectors, newest ?? sector);
			if (before === undefined) break;
			end = sector.firstSequence - (sector.skippedSequences - before.skippedSequences);
			sector = before;
		}
		return Math.max(end - 1, this.acknowledgedSequence + 1);
	}

	/** The highest sequence number assigned or skipped so far. */
	get lastSequence(): number {
		return this.nextSequence - 1;
	}

	/** Records dropped since the last reset because the ring was full. */
	get droppedRecords(): number {
		return this._droppedRecords;
	}

	/** Changes with each read that fails. */
	get failedReads(): number {
		return this.sectors.failedReads;
	}

	/** Whether reading failed in the mount, and nothing was written since: it is mounted again before it is used. */
	get isDoubtful(): boolean {
		return this.sectors.isDoubtful;
	}

	/** Damaged bytes found since the mount. */
	get damagedBytes(): number {
		return this.damage.bytes;
	}

	// --- Mounting ---

	/**
	 * Mounts again while reading fails, until all of it succeeds, or the same of it fails again and the newest sector is
	 * found; false if it comes to neither: then nothing may be written.
	 */
	private settle(): boolean {
		let failed = 0;
		for (let tries = 0; this.sectors.isDoubtful; tries++) {
			const before = this.sectors.failedReads;
			const isFound = this.mount(this.hints?.load());
			const failedNow = this.sectors.failedReads - before;
			if (this.sectors.isDoubtful && (failedNow === failed || tries === maxMounts))
				return isFound && failedNow === failed;
			failed = failedNow;
		}
		return true;
	}

	/** Whether a sector is found, and none that is older than what was seen before. */
	private mount(hint: RingHint | undefined): boolean {
		const { failedReads } = this.sectors;
		const isFound = this.mountNewest(hint, failedReads);
		this.sectors.isDoubtful = this.sectors.failedReads !== failedReads;
		return isFound;
	}

	private mountNewest(hint: RingHint | undefined, failedReads: number): boolean {
		this.damage.bytes = 0;
		const newest = findNewestSector(this.sectors, hint);
		if (newest === undefined) {
			if (hint !== undefined && this.tail.sector === undefined) this.skipLostSector(hint);
			return false;
		}
		if (this.tail.sector !== undefined && isBefore(newest, this.tail.sector)) return false;
		this.unreadAhead = 0;
		if (this.sectors.failedReads !== failedReads)
			// mutation: count-unread-ahead
			this.unreadAhead = countUnreadAhead(newest, this.sectors, hint);
		this.front = unknownPosition;
		this.unreportedDrops = 0;
		const tail = findTail(this.sectors, newest, this.keyByte);
		this.mountedKey = tail.key;
		this.isHinted =
			hint?.sectorNumber === newest.sectorNumber &&
			hint.block === newest.block &&
			hint.firstSequence === newest.firstSequence;
		this.applyTail(newest, tail);
		if (this.unreadAhead > 0)
			// mutation: skip-unread-numbers
			this.skipSequences(this.unreadAhead * maxRecords(this.sectors.blockLength), true);
		if (hint !== undefined && isBefore(newest, hint)) this.skipLostSector(hint);
		else if (this.unreadAhead === 0) this.skipHiddenSequences(newest);
		this.nextEraseBoundary = this.eraseBoundary(newest.sectorNumber + 1, this.acknowledgedSequence);
		if (this.acknowledgedSequence + 1 < this.nextSequence) this.findFront(newest, tail.marks.frontOffset);
		this.knownReservedBytes = undefined;
		return true;
	}

	private applyTail(newest: Sector, tail: Tail): void {
		const { marks } = tail;
		this.tail.moveTo(newest, tail.offset, tail.isWritable, false);
		// mutation: restore-next-number
		this.nextSequence = tail.nextSequence;
		this.acknowledgedSequence = marks.acknowledgedSequence;
		this._droppedRecords = newest.droppedRecords + marks.droppedRecords;
		this.skippedSequences = this.skippedBeforeFront = newest.skippedSequences + tail.skippedSequences;
		const place = newest.sectorNumber * this.sectors.blockLength;
		const end = place + this.sectors.blockLength;
		this.damage.mounted(tail.damagedBytes, tail.isWritable ? end : place + tail.offset, end);
	}

	/** The newest sector has lost its header, and may have been full: its sequence numbers are not given again. */
	private skipLostSector({ block, sectorNumber, firstSequence }: RingHint): void {
		this.damage.bytes += this.sectors.blockLength;
		// mutation: number-after-lost-sector
		const next = firstSequence + maxRecords(this.sectors.blockLength);
		const isUnread = this.unreadAhead > 0 || (block < this.sectors.blocks && !this.sectors.isReadable(block));
		if (this.tail.sector !== undefined) this.skipSequences(next - this.nextSequence, isUnread);
		else {
			this.nextSequence = next;
			this.acknowledgedSequence = next - 1;
			if (block < this.sectors.blocks) this.lastSector = { sectorNumber, block };
		}
	}

	/** `isUnread`: their records may be read later, and count as pending until then. */
	private skipSequences(count: number, isUnread: boolean): void {
		if (count <= 0) return;
		this.nextSequence += count;
		if (!isUnread) {
			this.skippedSequences += count;
			this.skippedBeforeFront += count;
		}
		// Numbers within a sector are consecutive, so it must be closed.
		this.tail.isWritable = false;
	}

	/** Sectors after the newest that lost their header may have held records: skips their numbers. */
	private skipHiddenSequences(newest: Sector): void {
		// What a partition held before it was a queue costs no numbers, nor does damage for which they were skipped before.
		if (newest.isNextForeign) return;
		const start = sectorHeaderBytes;
		const probe = new Uint8Array(start + 16);
		for (let ahead = 1; ahead < this.sectors.blocks; ahead++) {
			const block = (newest.block + ahead) % this.sectors.blocks;
			if (this.sectors.readBlockHeader(block) !== "unreadable") return;
			const isEmpty = this.sectors.read(probe, block, 0) && isErased(probe, start, probe.length);
			// Its header may be intact, and reading it have failed.
			if (isEmpty && parseSectorHeader(probe, block) === undefined) return;
			this.skipSequences(maxRecords(this.sectors.blockLength), !this.sectors.isReadable(block));
		}
	}

	/** Finds the sector of the oldest pending record, and skips what is lost before it. */
	private findFront(newest: Sector, offset: number): void {
		const { failedReads } = this.sectors;
		const holder = findSectorOf(this.acknowledgedSequence + 1, this.sectors, newest);
		if (holder !== undefined) this.front = { sector: holder, offset };
		else {
			// Power was lost while the full ring erased its oldest sector.
			const oldest = findFirstSectorFrom(this.sectors.lowestSectorNumber(newest), this.sectors, newest);
			// What cannot be read is not lost.
			if (this.sectors.failedReads !== failedReads) return;
			this.unreportedDrops = this.lostBefore(oldest, newest);
			this._droppedRecords += this.unreportedDrops;
			this.acknowledgedSequence = Math.max(this.acknowledgedSequence, oldest.firstSequence - 1);
		}
		this.skipGap(holder);
	}

	/** How many pending records were before the oldest sector that is left. */
	private lostBefore(oldest: Sector, newest: Sector): number {
		const { acknowledgedSequence, skippedPending, skippedSequences, sectorNumber } = newest;
		const numbers = Math.max(0, oldest.firstSequence - 1 - this.acknowledgedSequence);
		// Numbers that no record had are not counted; the header knows those of its time.
		const skippedBefore = skippedPending < maxSkippedPending ? skippedSequences - skippedPending : 0;
		const skipped = oldest.skippedSequences - skippedBefore;
		// They end their sector: of a single lost one, all are beyond what its records have. Of several, as many as possible may
		// be of what marks have acknowledged since; rather too many records are counted than too few.
		const isSingle = oldest.sectorNumber === this.sectors.lowestSectorNumber({ sectorNumber }) + 1;
		const passed = isSingle ? 0 : this.acknowledgedSequence - acknowledgedSequence;
		// mutation: count-skipped-beyond-front
		return Math.max(0, numbers - Math.max(0, skipped - passed));
	}

	// --- Writing ---

	/** Makes room for a record; returns its bytes. */
	private makeRoom(record: Bytes | RecordEncoder): Bytes {
		for (let tries = 0; tries < 3; tries++) {
			const { sector } = this.tail;
			const first = sector === undefined || this.nextSequence === sector.firstSequence;
			const bytes = typeof record === "function" ? record(first) : record;
			const length = recordBytes(bytes.length);
			if (this.tail.fits(length + this.reservedBytes())) return bytes;
			const inNewSector = first || typeof record !== "function" ? bytes : record(true);
			this.checkLength(inNewSector);
			// After a drop nothing is reserved.
			if (!this.tail.fits(length + markBytes) || !this.dropOldest())
				this.openSector({
					acknowledged: this.acknowledgedSequence,
					front: this.front,
					recordBytes: recordBytes(inNewSector.length),
				});
		}
		throw new FlashFailedError();
	}

	private checkLength(bytes: Bytes): void {
		if (bytes.length > this.maxRecordBytes) throw new RecordTooLargeError(bytes.length, this.maxRecordBytes);
	}

	/** Number of pending records in the sector that will be erased next. */
	private get pendingInNextErase(): number {
		return this.pendingBefore(this.nextEraseBoundary);
	}

	private pendingBefore(boundary: SectorBoundary): number {
		return recordsBetween(
			{ firstSequence: this.acknowledgedSequence + 1, skippedSequences: this.skippedBeforeFront },
			boundary,
		);
	}

	/**
	 * Space that must stay free: while opening the next sector would drop pending records, each of them needs space for
	 * an acknowledgement.
	 */
	private reservedBytes(): number {
		this.knownReservedBytes ??= this.pendingInNextErase * markBytes;
		return this.knownReservedBytes;
	}

	/** Drops the sector that will be erased next; false if its mark could not be written. */
	private dropOldest(): boolean {
		const last = this.nextEraseBoundary.firstSequence - 1;
		const count = this.pendingInNextErase;
		if (!this.appendMark("dropped", last, count + this.unreportedDrops)) return false;
		// mutation: count-overwritten-records
		this._droppedRecords += count;
		this.unreportedDrops = 0;
		this.moveFront(last, unknownPosition);
		return true;
	}

	/**
	 * Appends a mark up to `last`; false if there is no space. `detail`: of dropped records their number, of acknowledged
	 * ones the offset of the next.
	 */
	private appendMark(kind: "acknowledged" | "dropped", last: number, detail: number): boolean {
		const beyond = last - (this.tail.sector?.acknowledgedSequence ?? 0);
		if (beyond > maxMarkValue || !this.tail.fits(markBytes)) return false;
		if (kind === "dropped" && detail > maxMarkValue) return false;
		const body = new Uint8Array(markBodyBytes);
		putUint(body, 0, 2, beyond);
		putUint(body, 2, 2, detail <= maxMarkValue ? detail : 0);
		if (!this.isHinted) this.saveHint();
		return this.tail.append(kind, body, this.nextSequence);
	}

	/** Before the first record of a sector. */
	private saveHint(): void {
		const { sector } = this.tail;
		if (sector !== undefined) this.hints?.save(sector);
		this.isHinted = true;
	}

	/**
	 * Opens the next sector that can be erased and programmed, unless that would drop records that the request may not
	 * drop. Throws, without a change, if there is none.
	 */
	private openSector({ acknowledged, front, recordBytes: needed }: SectorRequest): void {
		const { blocks, blockLength } = this.sectors;
		const before = this.tail.sector ?? this.lastSector;
		// Further ahead, the next mount would not find it.
		const maxAhead = Math.min(this.tail.sector === undefined ? blocks : blocks - 1, checkedBlocksAhead);
		const current = this.boundaryAfter(acknowledged);
		let kept = current;
		let erased = furthest(current, this.nextEraseBoundary);
		let unread = 0;
		for (let ahead = this.eraseAbandonedHeaders(before); ahead <= maxAhead; ahead++) {
			if (erased.firstSequence > acknowledged + 1 && needed === undefined) return;
			const isFresh = ahead > this.abandonedHeaders && recordsBetween(kept, erased) > 0;
			if (isFresh && this.failedOpenings + unread >= maxFailedOpenings) break;
			const block = (before.block + ahead) % blocks;
			const sectorNumber = before.sectorNumber + ahead;
			const { failedReads } = this.sectors;
			const mayHideNewer = ahead <= this.unreadAhead;
			// A newer sector further ahead than the mount looks is not erased either.
			if (!mayHideNewer && this.sectors.isDoubtful && this.holdsNewer(block, before.sectorNumber)) break;
			const isHeaderRead = this.sectors.failedReads === failedReads;
			const next = furthest(erased, this.eraseBoundary(sectorNumber + 1, erased.firstSequence - 1));
			// Records of the sector erased after it may have to go as well, for want of space for their acknowledgements.
			const reserved = recordsBetween(erased, next) * markBytes;
			const isTight = sectorHeaderBytes + (needed ?? 0) + reserved > blockLength;
			const end = isTight && needed !== undefined ? next : erased;
			const isFrontKept = end.firstSequence <= acknowledged + 1;
			// What cannot be read is not erased: it may hold records, and be read later.
			// mutation: erase-readable
			const isReadable = isHeaderRead && !mayHideNewer && this.sectors.isReadable(block);
			const found =
				isReadable &&
				this.formatBlock({
					sectorNumber,
					block,
					acknowledgedSequence: end.firstSequence - 1,
					skippedPending: Math.min(
						maxSkippedPending,
						Math.max(0, this.skippedSequences - end.skippedSequences),
					),
					frontOffset: isFrontKept && front.offset <= maxMarkValue ? front.offset : 0,
					droppedRecords: this._droppedRecords + recordsBetween(current, end),
				});
			if (found) {
				this.enterSector(found, isFrontKept ? front : unknownPosition);
				return;
			}
			if (!isReadable) unread += isFresh && !mayHideNewer ? 1 : 0;
			else {
				// The next mount may take the header of this attempt for the newest: nothing may be written before it any more.
				// mutation: close-tail-before-attempt
				this.tail.isWritable = false;
				// Its sector may have been erased: then it is lost, and counted, not damaged.
				// mutation: find-front-again
				this.front = unknownPosition;
				this.abandonedHeaders = Math.max(this.abandonedHeaders, ahead);
				if (isFresh) this.failedOpenings++;
			}
			kept = erased;
			erased = next;
		}
		throw new FlashFailedError();
	}

	/** Reading failed in the mount, and works now: the newest sector was not found. */
	private holdsNewer(block: number, sectorNumber: number): boolean {
		const head = this.sectors.readBlockHeader(block);
		return isSector(head) && head.sectorNumber > sectorNumber;
	}

	/** The boundary before the record that follows `sequence`, which is the last acknowledged one. */
	private boundaryAfter(sequence: number): SectorBoundary {
		const { skippedSequences } = this;
		const { sector: newest } = this.tail;
		const firstSequence = sequence + 1;
		if (newest === undefined || skippedSequences === this.skippedBeforeFront)
			return { firstSequence, skippedSequences };
		if (sequence === this.acknowledgedSequence)
			return { firstSequence, skippedSequences: this.skippedBeforeFront };
		if (firstSequence === this.nextSequence) return { firstSequence, skippedSequences };
		const holder = findSectorOf(firstSequence, this.sectors, newest);
		return { firstSequence, skippedSequences: holder?.skippedSequences ?? this.skippedBeforeFront };
	}

	/**
	 * A block whose opening failed may still have its header, which the next mount would take for the newest. Erases those
	 * of earlier attempts; returns the first block ahead that is clear of them.
	 */
	private eraseAbandonedHeaders({ block }: { readonly block: number }): number {
		let clear = 1;
		// No opening was tried in blocks that the mount could not read: they may have a newer sector.
		for (let ahead = this.unreadAhead + 1; ahead <= this.abandonedHeaders; ahead++) {
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
		opened: Omit<Sector, "firstSequence" | "isNextForeign" | "skippedSequences" | "checksumSeed">,
	): Sector | undefined {
		const { block } = opened;
		this.sectors.isDoubtful = false;
		try {
			this.sectors.erase(block);
		} catch {
			return undefined;
		}
		const header = {
			...opened,
			firstSequence: this.nextSequence,
			isNextForeign: !this.clearForeign((block + 1) % this.sectors.blocks),
			skippedSequences: this.skippedSequences,
		};
		const bytes = new Uint8Array(sectorHeaderBytes);
		const checksumSeed = encodeSectorHeader(header, bytes);
		return this.tail.write(bytes, block, 0) ? { ...header, checksumSeed } : undefined;
	}

	/**
	 * Erases what is no sector, so that damage found there later is of a sector that was opened since; false if it stays. What
	 * cannot be read is not erased.
	 */
	private clearForeign(block: number): boolean {
		const { failedReads } = this.sectors;
		// mutation: clear-foreign-block
		if (this.sectors.readBlockHeader(block) !== "unreadable") return true;
		if (this.sectors.failedReads !== failedReads) return false;
		try {
			this.sectors.erase(block);
		} catch {
			// The header is checked next.
		}
		return this.sectors.readBlockHeader(block) !== "unreadable";
	}

	private enterSector(found: Sector, front: FrontPosition): void {
		this.mountedKey = undefined;
		this.abandonedHeaders = this.failedOpenings = this.unreadAhead = 0;
		this.unreportedDrops = 0;
		this.tail.moveTo(found, sectorHeaderBytes, true, true);
		this._droppedRecords = found.droppedRecords;
		this.moveFront(found.acknowledgedSequence, front);
		this.nextEraseBoundary = this.eraseBoundary(found.sectorNumber + 1, found.acknowledgedSequence);
		this.isHinted = false;
		this.knownReservedBytes = undefined;
	}

	/**
	 * The end of the sector that sector number `sector` will replace; {@link noBoundary} if no pending record is before
	 * the newest sector.
	 */
	private eraseBoundary(sector: number, acknowledged: number): SectorBoundary {
		const newest = this.tail.sector;
		const replaced = sector - this.sectors.blocks;
		if (newest === undefined || replaced < 1) return noBoundary;
		const newestEnd = { firstSequence: this.nextSequence, skippedSequences: this.skippedSequences };
		if (replaced >= newest.sectorNumber) return newestEnd;
		if (acknowledged + 1 >= newest.firstSequence) return noBoundary;
		const next = findFirstSectorFrom(replaced + 1, this.sectors, newest);
		// Where headers could not be read once, an older sector may have higher numbers.
		return next.firstSequence <= newestEnd.firstSequence ? next : newestEnd;
	}

	// --- The front ---

	private frontAfter(sequence: number): FrontPosition {
		if (sequence === this.readerPosition.sequence)
			return { sector: this.readerPosition.sector, offset: this.readerPosition.offset };
		return unknownPosition;
	}

	/** Never back: an acknowledgement may come after a drop of more records. */
	private moveFront(acknowledged: number, front: FrontPosition): void {
		if (acknowledged < this.acknowledgedSequence) return;
		this.acknowledgedSequence = acknowledged;
		this.front = front;
		this.knownReservedBytes = undefined;
		if (this.skippedSequences !== this.skippedBeforeFront) this.skipGap();
	}

	/** Skips unused sequence numbers, which follow the records of a sector. `known`: the oldest pending record's. */
	private skipGap(known?: Sector): void {
		const newest = this.tail.sector;
		if (newest === undefined) return;
		const { failedReads } = this.sectors;
		for (let sector = known; ; sector = undefined) {
			const holder = sector ?? findSectorOf(this.acknowledgedSequence + 1, this.sectors, newest);
			if (holder === undefined) {
				this.skipLostFront(newest);
				return;
			}
			const isNewest = holder.sectorNumber === newest.sectorNumber;
			const after = isNewest
				? { firstSequence: this.nextSequence, skippedSequences: this.skippedSequences }
				: findFirstSectorFrom(holder.sectorNumber + 1, this.sectors, newest);
			// What cannot be read now is not skipped; what is unused before the holder is before the front in any case.
			if (this.sectors.failedReads !== failedReads) {
				// mutation: skip-before-holder
				this.skippedBeforeFront = Math.max(this.skippedBeforeFront, holder.skippedSequences);
				return;
			}
			const end = after.firstSequence - (after.skippedSequences - holder.skippedSequences);
			this.skippedBeforeFront = holder.skippedSequences;
			if (this.acknowledgedSequence + 1 < end) return;
			this.skippedBeforeFront = after.skippedSequences;
			// Where headers cannot be read, an older sector may seem to be the next one.
			const isAhead = after.firstSequence > this.acknowledgedSequence + 1;
			if (isAhead) this.acknowledgedSequence = after.firstSequence - 1;
			if (isNewest || !isAhead) return;
		}
	}

	/** The oldest pending records were in a block that was erased for a sector that could not be opened: they are dropped. */
	private skipLostFront(newest: Sector): void {
		const { failedReads } = this.sectors;
		const oldest = findFirstSectorFrom(this.sectors.lowestSectorNumber(newest), this.sectors, newest);
		// Reading its header may have failed only now, or fails.
		if (oldest.firstSequence <= this.acknowledgedSequence + 1 || this.sectors.failedReads !== failedReads)
			return;
		const lost = this.pendingBefore(oldest);
		this.unreportedDrops += lost;
		this._droppedRecords += lost;
		this.acknowledgedSequence = oldest.firstSequence - 1;
		this.skippedBeforeFront = oldest.skippedSequences;
		this.front = unknownPosition;
		this.knownReservedBytes = undefined;
	}

	// --- Reading ---

	private readerAt(start: number, fromSectorStart: boolean): RingReader {
		const { sectors, tail } = this;
		const newest = tail.sector;
		if (newest === undefined) throw new Error("no sector");
		const { sector: known, offset } = this.front;
		const lowest = sectors.lowestSectorNumber(newest);
		const inFront = start === this.acknowledgedSequence + 1 && (known?.sectorNumber ?? 0) >= lowest;
		const found = inFront ? known : findSectorOf(start, sectors, newest);
		if (found === undefined && start === this.acknowledgedSequence + 1) this.skipLostFront(newest);
		const reader = new RingReader(
			sectors,
			tail,
			this.damage,
			found ?? findFirstSectorFrom(lowest, sectors, newest),
		);
		reader.skipTo(start);
		if (!fromSectorStart && inFront && offset !== 0 && reader.sector.sectorNumber === known?.sectorNumber)
			reader.tryOffset(offset, start);
		return reader;
	}
}

function isBefore(sector: RingHint, other: RingHint): boolean {
	return (
		sector.firstSequence < other.firstSequence ||
		(sector.firstSequence === other.firstSequence && sector.sectorNumber < other.sectorNumber)
	);
}
