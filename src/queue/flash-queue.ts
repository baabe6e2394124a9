import type { Bytes, Flash } from "../boards/ecma419";
import { FlashFailedError, QueueFullError, RecordTooLargeError } from "./errors";
import {
	encodeHead,
	encodeHeader,
	type FoundSector,
	headerLength,
	isBlank,
	largestBody,
	markBody,
	markLimit,
	mostRecords,
	putNumber,
	type RecordKind,
	recordLength,
	recordSum,
	recordsStart,
	sumLength,
	type WriteAlign,
} from "./format";
import { findBefore, findFrom, findHolder, findNewest } from "./search";
import { SectorReader } from "./sector-reader";
import { Sectors } from "./sectors";
import { findTail, type Tail } from "./tail";

export interface FlashQueueOptions {
	/** The partition; the queue closes it. */
	readonly flash: Flash;
	/** Bytes that every write is a multiple of, in length and place; 16 for encrypted flash. Default 1. */
	readonly writeAlign?: WriteAlign;
	/** What goes when there is no room. Default `"drop oldest"`: the oldest sector, counted. */
	readonly whenFull?: "drop oldest" | "refuse newest";
	/** Read back what was written, so that worn cells are found while the record is still at hand. Default false. */
	readonly verify?: boolean;
	/** The first record's sequence number on a flash that holds no queue. Default 1. */
	readonly firstSequence?: number;
}

/** A record as it is read back. */
export interface QueueRecord {
	readonly sequence: number;
	/** Valid until the next one is taken. */
	readonly bytes: Uint8Array;
	/** Whether it is the first of its sector. */
	readonly first: boolean;
}

/**
 * Makes the bytes of a record, which may be shorter when others stand before it: `first` when none stands before
 * it in its sector. May be called more than once for a record; the last result is stored.
 */
export type Encode = (first: boolean) => Bytes;

/** Where the record that waits longest stands. */
interface Front {
	/** The sector that holds it, as far as known. */
	readonly sector: FoundSector | undefined;
	/** Its place there; 0: not known. */
	readonly offset: number;
}

const nowhere: Front = { sector: undefined, offset: 0 };

/** A place between two sectors: the next record's number, and how many numbers before it no record has. */
type Border = Pick<FoundSector, "first" | "skipped">;

const nothing: Border = { first: 0, skipped: 0 };

/**
 * A ring of byte records on NOR flash. `push` and `acknowledge` are durable when they return; whatever stands on
 * the flash, it mounts, and mounting writes nothing. What it keeps in memory does not grow with what it holds.
 */
export class FlashQueue {
	private readonly sectors: Sectors;
	private readonly align: WriteAlign;
	private readonly refuse: boolean;
	private readonly verify: boolean;
	/** What is written next, head to padding. */
	private buffer = new Uint8Array(128);
	/** Read back, or looked at before it is written. */
	private seen = new Uint8Array(headerLength);
	private _newest: FoundSector | undefined;
	/** Where the next record goes. */
	private tail = 0;
	/** Whether the newest sector takes more records. */
	private sound = false;
	/** Whether the newest sector is known to be erased from the tail on. */
	private erased = false;
	/** Whether the newest sector is known to be readable up to the tail. */
	private readable = false;
	/** How many sectors ahead of the newest may have got a header although they were not gone on with. */
	private strays = 0;
	private next: number;
	private acknowledged: number;
	private front = nowhere;
	/** The records of the sector that is to be erased next end here. */
	private guard = nothing;
	private _dropped = 0;
	/** Of these, so many no mark and no header tells yet. */
	private untold = 0;
	private skipped = 0;
	private frontSkipped = 0;
	private _damagedBytes = 0;
	/** Damage up to this place has been counted, and this one when it was mounted. */
	private countedUpTo = 0;
	private tailDamage = { from: 0, to: 0 };
	/** Where the reader stood when it gave out a record: the place of the next one. */
	private reached = { sequence: -1, sector: undefined as FoundSector | undefined, offset: 0 };
	private closed = false;

	/** Mounts; never throws for what is on the flash. Throws a RangeError for fewer than two sectors. */
	constructor(options: FlashQueueOptions) {
		this.sectors = new Sectors(options.flash);
		this.align = options.writeAlign ?? 1;
		this.refuse = options.whenFull === "refuse newest";
		this.verify = options.verify ?? false;
		this.next = options.firstSequence ?? 1;
		this.acknowledged = this.next - 1;
		const { blocks, blockLength } = this.sectors;
		if (blocks < 2 || this.largestRecord < 1)
			throw new RangeError(`a queue needs two sectors or more; there are ${blocks} of ${blockLength} bytes`);
		this.mount();
	}

	/** Stores a record; returns its sequence number, which no other record ever has. */
	push(record: Bytes | Encode): number {
		const encode = typeof record === "function" ? record : () => record;
		for (let failures = 0; failures <= this.sectors.blocks; failures++) {
			if (this.append("data", this.makeRoom(encode)))
				// mutation: assign-sequence-number
				return this.next++;
		}
		throw new FlashFailedError(undefined);
	}

	/**
	 * The records that are not acknowledged, oldest first, read from flash as they are taken. `from`: begin with
	 * that number. `whole`: begin with the first record of the sector instead, acknowledged or not, for records
	 * that can only be read after those before them. Pushing and acknowledging in between is allowed.
	 */
	*records(from = this.acknowledged + 1, whole = false): Generator<QueueRecord> {
		const start = Math.max(from, this.acknowledged + 1);
		if (this._newest === undefined || start >= this.next) return;
		const reader = this.readerAt(start, whole);
		let given = false;
		for (;;) {
			this.leaveErased(reader);
			const { sequence, sector } = reader;
			const step = reader.next(this.limitOf(sector));
			if (step === "damaged") this.countDamage(sector.sector, reader.damagedFrom, reader.offset);
			else if (step === "end" || sequence >= reader.until) {
				if (sector.sector === this._newest.sector) break;
				this.openNext(reader);
			} else if (step === "data" && (whole || (sequence >= start && sequence > this.acknowledged))) {
				if (!given && sequence >= start && start === this.acknowledged + 1) this.passOver(sequence - 1);
				given ||= sequence >= start;
				this.reached = { sequence, sector, offset: reader.offset };
				yield { sequence, bytes: reader.body, first: sequence === sector.first };
			}
		}
		if (!given && start === this.acknowledged + 1) this.passOver(this.next - 1);
	}

	/** The records of the newest sector, acknowledged or not. */
	*newestSector(): Generator<QueueRecord> {
		if (this._newest === undefined) return;
		const sector = this._newest;
		const reader = new SectorReader(this.sectors, sector);
		for (;;) {
			const sequence = reader.sequence;
			const step = reader.next(this.tail);
			if (step === "end") break;
			if (step === "data") yield { sequence, bytes: reader.body, first: sequence === sector.first };
		}
		if (sector === this._newest && reader.sequence === this.next) this.readable = true;
	}

	/** That record and all before it are done with. One small write for any number. */
	acknowledge(upTo: number): void {
		const last = Math.min(upTo, this.next - 1);
		if (!(last > this.acknowledged)) return;
		const front = this.frontAfter(last);
		// A mark beyond what was dropped hides it from the next mount.
		if (this.untold > 0 && this.appendMark("dropped", this.acknowledged, this.untold)) this.untold = 0;
		if (!this.appendMark("acknowledged", last, front.offset)) this.openAcknowledged(last, front);
		this.moveFront(last, front);
	}

	/**
	 * Leaves out, until the next mount, what waits up to `upTo`, because it cannot be read. Nothing is written.
	 */
	passOver(upTo: number): void {
		if (upTo > this.acknowledged) this.moveFront(Math.min(upTo, this.next - 1), nowhere);
	}

	/** Empties the ring and its counters, durably. Sequence numbers go on. */
	reset(): void {
		// First a mark: a sector that is erased before the ring is empty on flash would take a part with it.
		this.acknowledge(this.next - 1);
		const dropped = this._dropped;
		this._dropped = 0;
		try {
			this.openAcknowledged(this.next - 1, nowhere);
		} catch (error) {
			this._dropped = dropped;
			throw error;
		}
		this.moveFront(this.next - 1, nowhere);
		this._damagedBytes = 0;
	}

	/** May be called twice. */
	close(): void {
		if (!this.closed) this.sectors.close();
		this.closed = true;
	}

	/** How many records wait. Those in a damaged sector count until the reader has come past it. */
	get length(): number {
		return this.next - 1 - this.acknowledged - (this.skipped - this.frontSkipped);
	}

	/** Bytes for records, their heads and sums included, that the ring has. */
	get capacity(): number {
		return this.sectors.blocks * (this.sectors.blockLength - recordsStart(this.align));
	}

	/** Bytes that the records of the newest sector take, acknowledgements included, and how many they are. */
	get newestFill(): { readonly bytes: number; readonly records: number } {
		if (this._newest === undefined) return { bytes: 0, records: 0 };
		return {
			bytes: this.tail - recordsStart(this._newest.align),
			records: this.next - this._newest.first - (this.skipped - this._newest.skipped),
		};
	}

	/** The largest record that can be pushed, bytes. */
	get largestRecord(): number {
		return largestBody(this.sectors.blockLength, this.align);
	}

	get oldest(): number | undefined {
		return this.length > 0 ? this.acknowledged + 1 : undefined;
	}

	/** The number of the record stored last; `undefined` when nothing waits. */
	get newest(): number | undefined {
		let sector = this._newest;
		if (sector === undefined || this.length === 0) return undefined;
		// Behind a sector's records there may be numbers that no record has, and a sector may have none at all.
		let end = this.next - (this.skipped - sector.skipped);
		while (end === sector.first && sector.sector > 1) {
			const before = findBefore(sector, this.sectors, this._newest ?? sector);
			if (before === undefined) break;
			end = sector.first - (sector.skipped - before.skipped);
			sector = before;
		}
		return end - 1;
	}

	/** How many went, since the last reset, because the ring was full. */
	get dropped(): number {
		return this._dropped;
	}

	/** Bytes found damaged since the mount. */
	get damagedBytes(): number {
		return this._damagedBytes;
	}

	// --- Mounting ---

	private mount(): void {
		const newest = findNewest(this.sectors);
		if (newest === undefined) return;
		const tail = findTail(this.sectors, newest);
		this._newest = newest;
		this.takeTail(newest, tail);
		this.skipHidden(newest);
		this.guard = this.guardOf(newest.sector + 1, this.acknowledged);
		if (this.acknowledged + 1 < this.next) this.findFront(newest, tail.front);
	}

	private takeTail(newest: FoundSector, tail: Tail): void {
		this.tail = tail.offset;
		// mutation: restore-next-number
		this.next = tail.next;
		this.sound = tail.sound && newest.align === this.align;
		this.erased = this.readable = false;
		this.acknowledged = tail.acknowledged;
		this._dropped = newest.dropped + tail.dropped;
		this.skipped = this.frontSkipped = newest.skipped + tail.skipped;
		this._damagedBytes = tail.damaged;
		const place = newest.sector * this.sectors.blockLength;
		if (!tail.sound) this.tailDamage = { from: place + tail.offset, to: place + this.sectors.blockLength };
	}

	/** Sectors behind the newest that lost their header may have held records: their numbers are left out. */
	private skipHidden(newest: FoundSector): void {
		const probe = new Uint8Array(16);
		for (let ahead = 1; ahead < this.sectors.blocks; ahead++) {
			const block = (newest.block + ahead) % this.sectors.blocks;
			if (this.sectors.head(block) !== "unreadable") return;
			const start = recordsStart(this.align);
			if (this.sectors.read(probe, block, start) && isBlank(probe, 0, probe.length)) return;
			const most = mostRecords(this.sectors.blockLength, this.align);
			this.next += most;
			this.skipped += most;
			this.frontSkipped += most;
			// Within a sector the numbers are told by counting.
			this.sound = false;
		}
	}

	/** Finds the sector of the oldest record that waits, and passes over what is lost before it. */
	private findFront(newest: FoundSector, offset: number): void {
		const holder = findHolder(this.acknowledged + 1, this.sectors, newest);
		if (holder !== undefined) this.front = { sector: holder, offset };
		else {
			// The sector that was being erased when power went, because the ring was full.
			const oldest = findFrom(this.sectors.lowest(newest), this.sectors, newest);
			this.untold = oldest.first - 1 - this.acknowledged;
			this._dropped += this.untold;
			this.acknowledged = oldest.first - 1;
		}
		this.passGap();
	}

	// --- Writing ---

	/** Has room for the record that `encode` makes; returns its bytes. */
	private makeRoom(encode: Encode): Bytes {
		for (let tries = 0; tries <= this.sectors.blocks + 1; tries++) {
			// mutation: detect-first-record
			const first = this._newest === undefined || this.next === this._newest.first;
			const bytes = encode(first);
			const length = recordLength("data", bytes.length, this.align);
			if (!this.fits(length)) {
				this.checkLength(first ? bytes : encode(true));
				this.openSector();
			} else if (this.fits(length + this.reserve())) return bytes;
			else this.dropOldest();
		}
		throw new FlashFailedError(undefined);
	}

	private checkLength(bytes: Bytes): void {
		if (bytes.length > this.largestRecord) throw new RecordTooLargeError(bytes.length, this.largestRecord);
	}

	private fits(length: number): boolean {
		return this.sound && this.tail + length <= this.sectors.blockLength;
	}

	/** How many records wait in the sector that is to be erased next. */
	private get inTheWay(): number {
		return this.waitingBefore(this.guard);
	}

	private waitingBefore({ first, skipped }: Border): number {
		return Math.max(0, first - 1 - this.acknowledged - (skipped - this.frontSkipped));
	}

	/**
	 * Room that must stay free: while the next sector cannot be had without dropping, each record that waits there
	 * must find room for an acknowledgement of its own.
	 */
	private reserve(): number {
		return this.inTheWay * recordLength("acknowledged", markBody, this.align);
	}

	private dropOldest(): void {
		if (this.refuse) throw new QueueFullError(this.length);
		const last = this.guard.first - 1;
		const count = this.inTheWay;
		if (this.appendMark("dropped", last, count + this.untold)) {
			// mutation: count-overwritten-records
			this._dropped += count;
			this.untold = 0;
			this.moveFront(last, nowhere);
		} else this.openSector();
	}

	/**
	 * Writes into the newest sector that everything up to `last` is done with; false when there is no room. `detail`:
	 * of what was dropped, how many records; of what was acknowledged, where the next record stands.
	 */
	private appendMark(kind: "acknowledged" | "dropped", last: number, detail: number): boolean {
		const beyond = last - (this._newest?.acknowledged ?? 0);
		if (beyond > markLimit || !this.fits(recordLength(kind, markBody, this.align))) return false;
		if (kind === "dropped" && detail > markLimit) return false;
		const body = new Uint8Array(markBody);
		putNumber(body, 0, 2, beyond);
		putNumber(body, 2, 2, detail <= markLimit ? detail : 0);
		return this.append(kind, body);
	}

	/**
	 * Has the header of a new sector say that everything up to `last` is done with. Where that would take records
	 * that still wait (the ring is full, and a write that failed took the room that was kept for this), nothing is
	 * written: the next sector will tell it. A power cut until then brings back what was acknowledged, and no more.
	 */
	private openAcknowledged(last: number, front: Front): void {
		if (last + 1 < this.guard.first) return;
		const before = { acknowledged: this.acknowledged, front: this.front };
		this.acknowledged = last;
		this.front = front;
		try {
			this.openSector();
		} catch (error) {
			this.acknowledged = before.acknowledged;
			this.front = before.front;
			throw error;
		}
	}

	/** Writes one record at the tail; false when it did not take, and the sector is closed. */
	private append(kind: RecordKind, body: Bytes): boolean {
		const sector = this._newest;
		if (sector === undefined || !this.sound) return false;
		const length = recordLength(kind, body.length, this.align);
		if (this.buffer.length < length) this.buffer = new Uint8Array(length);
		const bytes = this.buffer.subarray(0, length).fill(0xff);
		const head = encodeHead(kind, body.length, bytes);
		bytes.set(body, head);
		const end = head + body.length;
		putNumber(bytes, end, sumLength, recordSum(sector, this.next, bytes, 0, end));
		this.readable ||= this.isReadable(sector);
		this.sound =
			this.readable &&
			(this.erased || this.isErased(sector.block, this.tail, length)) &&
			this.write(bytes, sector.block, this.tail, this.verify);
		if (this.sound) this.tail += length;
		return this.sound;
	}

	/** Mounting has leapt over the records: one that is damaged might hide those that would follow it. */
	private isReadable(sector: FoundSector): boolean {
		const reader = new SectorReader(this.sectors, sector);
		while (reader.next(this.tail) !== "end");
		return reader.sequence === this.next;
	}

	private isErased(block: number, offset: number, length: number): boolean {
		const seen = this.look(block, offset, length);
		return seen !== undefined && isBlank(seen, 0, length);
	}

	private look(block: number, offset: number, length: number): Bytes | undefined {
		if (this.seen.length < length) this.seen = new Uint8Array(length);
		const seen = this.seen.subarray(0, length);
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
		const seen = this.look(block, offset, bytes.length);
		return seen?.every((byte, index) => byte === bytes[index]) ?? false;
	}

	/** Goes on to the next sector that can be erased and programmed. Throws, and nothing has changed, if none can. */
	private openSector(): void {
		const { blocks } = this.sectors;
		const before = this._newest ?? { sector: 0, block: blocks - 1 };
		let acknowledged = this.acknowledged;
		let dropped = 0;
		let guard = this.guard;
		const most = this._newest === undefined ? blocks : blocks - 1;
		for (let ahead = this.clearStrays(before); ahead <= most; ahead++) {
			if (this.waitingBefore(guard) > 0 && this.refuse) throw new QueueFullError(this.length);
			acknowledged = Math.max(acknowledged, guard.first - 1);
			dropped = Math.max(dropped, this.waitingBefore(guard));
			const sector = { sector: before.sector + ahead, block: (before.block + ahead) % blocks };
			const found = this.format({ ...sector, acknowledged, dropped });
			this.strays = ahead;
			if (found !== undefined) {
				this.enter(found);
				return;
			}
			guard = this.guardOf(before.sector + ahead + 1, acknowledged);
		}
		throw new FlashFailedError(undefined);
	}

	/**
	 * A sector that was given up may have its header all the same, and would be taken for the newest with the next
	 * mount. Erases those that an earlier attempt has left; returns how far ahead no header can be in the way.
	 */
	private clearStrays({ block }: { readonly block: number }): number {
		let clear = 1;
		for (let ahead = 1; ahead <= this.strays; ahead++) {
			const stray = (block + ahead) % this.sectors.blocks;
			try {
				this.sectors.erase(stray);
			} catch {
				// Its header tells whether that matters.
			}
			if (this.sectors.head(stray) !== "blank") clear = ahead + 1;
		}
		return clear;
	}

	/** Erases a block and makes it a sector; `undefined` when the block does not take it. */
	private format(
		opened: Pick<FoundSector, "sector" | "block" | "acknowledged" | "dropped">,
	): FoundSector | undefined {
		const { block, dropped } = opened;
		try {
			this.sectors.erase(block);
		} catch {
			return undefined;
		}
		const header = {
			...opened,
			first: this.next,
			offset: dropped > 0 ? 0 : this.front.offset,
			dropped: this._dropped + dropped,
			skipped: this.skipped,
			align: this.align,
		};
		const bytes = new Uint8Array(recordsStart(this.align)).fill(0xff);
		const seed = encodeHeader(header, bytes);
		return this.write(bytes, block, 0, true) ? { ...header, seed } : undefined;
	}

	private enter(found: FoundSector): void {
		this._newest = found;
		this.strays = 0;
		this.untold = 0;
		this.tail = recordsStart(found.align);
		this.sound = true;
		this.erased = this.readable = true;
		this._dropped = found.dropped;
		if (found.acknowledged > this.acknowledged) this.moveFront(found.acknowledged, nowhere);
		this.guard = this.guardOf(found.sector + 1, found.acknowledged);
	}

	/**
	 * Where the records end that stand in the block that sector number `sector` will take; {@link nothing} when all
	 * up to the newest sector is done with anyway.
	 */
	private guardOf(sector: number, acknowledged: number): Border {
		const newest = this._newest;
		const replaced = sector - this.sectors.blocks;
		if (newest === undefined || replaced < 1 || acknowledged + 1 >= newest.first) return nothing;
		return findFrom(replaced + 1, this.sectors, newest);
	}

	// --- The front ---

	private frontAfter(sequence: number): Front {
		if (sequence === this.reached.sequence)
			return { sector: this.reached.sector, offset: this.reached.offset };
		return nowhere;
	}

	private moveFront(acknowledged: number, front: Front): void {
		this.acknowledged = acknowledged;
		this.front = front;
		if (this.skipped !== this.frontSkipped) this.passGap();
	}

	/** Steps over sequence numbers that no record has: they lie behind the records of a sector. */
	private passGap(): void {
		const newest = this._newest;
		if (newest === undefined) return;
		for (;;) {
			const holder = findHolder(this.acknowledged + 1, this.sectors, newest);
			if (holder === undefined) return;
			const isNewest = holder.sector === newest.sector;
			const after = isNewest
				? { first: this.next, skipped: this.skipped }
				: findFrom(holder.sector + 1, this.sectors, newest);
			const end = after.first - (after.skipped - holder.skipped);
			this.frontSkipped = holder.skipped;
			if (this.acknowledged + 1 < end) return;
			this.acknowledged = after.first - 1;
			this.frontSkipped = after.skipped;
			if (isNewest) return;
		}
	}

	// --- Reading ---

	private readerAt(start: number, whole: boolean): SectorReader {
		const newest = this._newest;
		if (newest === undefined) throw new Error("no sector");
		const { sector: known, offset } = this.front;
		const inFront = start === this.acknowledged + 1 && (known?.sector ?? 0) >= this.sectors.lowest(newest);
		const holder =
			(inFront ? known : findHolder(start, this.sectors, newest)) ??
			findFrom(this.sectors.lowest(newest), this.sectors, newest);
		const reader = new SectorReader(this.sectors, holder);
		this.openAt(reader, holder);
		while (start >= reader.until)
			this.openAt(reader, findFrom(reader.sector.sector + 1, this.sectors, newest));
		if (whole || !inFront || offset === 0 || reader.sector.sector !== known?.sector) return reader;
		// The place may have come from flash: it is right if there is a record of that number.
		reader.open(holder, offset, start, reader.until);
		let step = reader.next(this.limitOf(holder));
		while (step === "acknowledged" || step === "dropped") step = reader.next(this.limitOf(holder));
		if (step === "data") reader.open(holder, offset, start, reader.until);
		else this.openAt(reader, holder);
		return reader;
	}

	/** Goes to the next sector that can be found; what lies between is damaged. */
	private openNext(reader: SectorReader): void {
		const newest = this._newest;
		if (newest === undefined) return;
		const from = reader.sector.sector + 1;
		const next = findFrom(from, this.sectors, newest);
		// An erase that power cut off may have taken the end of a sector and left its header.
		const end = next.first - (next.skipped - reader.sector.skipped);
		if (reader.sequence < end)
			this.countDamage(reader.sector.sector, reader.offset, this.sectors.blockLength);
		for (let sector = from; sector < next.sector; sector++)
			this.countDamage(sector, 0, this.sectors.blockLength);
		this.openAt(reader, next);
	}

	/** A sector's records end where the numbers of the next begin: one that was given up may have come through. */
	private openAt(reader: SectorReader, sector: FoundSector): void {
		const newest = this._newest;
		if (newest === undefined) return;
		const isNewest = sector.sector === newest.sector;
		const until = isNewest
			? Number.POSITIVE_INFINITY
			: findFrom(sector.sector + 1, this.sectors, newest).first;
		reader.open(sector, recordsStart(sector.align), sector.first, until);
	}

	/** Goes on to the oldest sector there is, when the one being read was erased since. */
	private leaveErased(reader: SectorReader): void {
		const newest = this._newest;
		if (newest === undefined) return;
		const lowest = this.sectors.lowest(newest);
		if (reader.sector.sector < lowest) this.openAt(reader, findFrom(lowest, this.sectors, newest));
	}

	private limitOf(sector: FoundSector): number {
		return sector.sector === this._newest?.sector ? this.tail : this.sectors.blockLength;
	}

	private countDamage(sector: number, from: number, to: number): void {
		const place = sector * this.sectors.blockLength;
		if (place + from >= this.tailDamage.from && place + from < this.tailDamage.to) return;
		const start = Math.max(place + from, this.countedUpTo);
		if (place + to <= start) return;
		this._damagedBytes += place + to - start;
		this.countedUpTo = place + to;
	}
}
