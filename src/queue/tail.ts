import {
	type FoundSector,
	getNumber,
	isBlank,
	markBody,
	mostRecords,
	parseHead,
	recordLength,
	recordSum,
	recordsStart,
	sumLength,
} from "./format";
import { SectorReader } from "./sector-reader";
import type { Sectors } from "./sectors";

/** What the newest sector tells of the ring's state. */
export interface Tail {
	/** Where its records end. */
	readonly offset: number;
	/** The sequence number of the next record. */
	readonly next: number;
	/** Everything up to this number was acknowledged or dropped. */
	readonly acknowledged: number;
	/** Where the record after that stands in its sector; 0: not known. */
	readonly front: number;
	/** Dropped by this sector's marks. */
	readonly dropped: number;
	/** Numbers left out, because damage may hide that they were given. */
	readonly skipped: number;
	/** Bytes after the records that are not as after an erase. */
	readonly damaged: number;
	/** Whether the sector can be gone on with. */
	readonly sound: boolean;
}

/** Finds the end of the newest sector, and the last acknowledgement. */
export function findTail(sectors: Sectors, newest: FoundSector): Tail {
	return new Leap(sectors, newest).tail() ?? walkTail(sectors, newest);
}

/** Read at a record's place when records are long, and when they are short. */
const window = 16;
const wideWindow = 256;

/**
 * Leaps from head to head without reading the bodies. That every leap was right is proven at the end: the sum of
 * the last record covers its number, that is how many leaps there were.
 */
class Leap {
	private readonly sectors: Sectors;
	private readonly newest: FoundSector;
	private readonly bytes = new Uint8Array(wideWindow);
	private from = 0;
	private to = 0;
	private offset: number;
	private sequence: number;
	private acknowledged: number;
	private front: number;
	private dropped = 0;
	private unproven: { readonly offset: number; readonly sequence: number } | undefined;

	constructor(sectors: Sectors, newest: FoundSector) {
		this.sectors = sectors;
		this.newest = newest;
		this.offset = recordsStart(newest.align);
		this.sequence = newest.first;
		this.acknowledged = newest.acknowledged;
		this.front = newest.offset;
	}

	/** `undefined` when anything is not as it should be. */
	tail(): Tail | undefined {
		const { blockLength } = this.sectors;
		let step: "next" | "end" | undefined = "next";
		let length = wideWindow;
		while (step === "next" && this.offset < blockLength) {
			const before = this.offset;
			if (!this.look(length <= window * 2 ? wideWindow : window)) return undefined;
			step = this.leap();
			length = this.offset - before;
		}
		if (step === undefined || !this.proven()) return undefined;
		return {
			offset: this.offset,
			next: this.sequence,
			acknowledged: this.acknowledged,
			front: this.front,
			dropped: this.dropped,
			skipped: 0,
			damaged: 0,
			sound: true,
		};
	}

	/** Has the bytes at the offset in the buffer: enough for a head, an acknowledgement and a look beyond. */
	private look(width: number): boolean {
		const { blockLength } = this.sectors;
		if (Math.min(this.offset + window, blockLength) <= this.to) return true;
		this.from = this.offset;
		this.to = Math.min(this.offset + width, blockLength);
		return this.sectors.read(this.bytes.subarray(0, this.to - this.from), this.newest.block, this.from);
	}

	private leap(): "next" | "end" | undefined {
		const at = this.offset - this.from;
		if (this.bytes[at] === 0xff)
			return isBlank(this.bytes, at, Math.min(at + window, this.to - this.from)) ? "end" : undefined;
		const head = parseHead(this.bytes, at);
		if (head === undefined) return undefined;
		const length = recordLength(head.kind, head.body, this.newest.align);
		if (this.offset + length > this.sectors.blockLength) return undefined;
		if (head.kind === "data") {
			this.unproven = { offset: this.offset, sequence: this.sequence };
			this.sequence++;
		} else if (!this.takeMark(at, head.kind === "dropped")) return undefined;
		this.offset += length;
		return "next";
	}

	private takeMark(at: number, dropped: boolean): boolean {
		const sumAt = at + 1 + markBody;
		const sum = recordSum(this.newest, this.sequence, this.bytes, at, sumAt);
		if (getNumber(this.bytes, sumAt, sumLength) !== sum) return false;
		const detail = getNumber(this.bytes, at + 3, 2);
		this.acknowledged = this.newest.acknowledged + getNumber(this.bytes, at + 1, 2);
		this.front = dropped ? 0 : detail;
		if (dropped) this.dropped += detail;
		this.unproven = undefined;
		return true;
	}

	private proven(): boolean {
		if (this.unproven === undefined) return true;
		const { offset, sequence } = this.unproven;
		const reader = new SectorReader(this.sectors, this.newest);
		reader.open(this.newest, offset, sequence);
		return reader.next(this.offset) === "data";
	}
}

/** Reads and checks every record; for a sector in which something is damaged. */
function walkTail(sectors: Sectors, newest: FoundSector): Tail {
	const reader = new SectorReader(sectors, newest);
	let acknowledged = newest.acknowledged;
	let front = newest.offset;
	let dropped = 0;
	/** Damage that no record has followed so far. */
	let open: { readonly offset: number; readonly sequence: number } | undefined;
	for (;;) {
		const sequence = reader.sequence;
		const step = reader.next(sectors.blockLength);
		if (step === "end") break;
		if (step === "damaged") {
			open ??= { offset: reader.damagedFrom, sequence };
			continue;
		}
		open = undefined;
		if (step === "data") continue;
		acknowledged = reader.markedUpTo;
		front = step === "dropped" ? 0 : reader.markedDetail;
		if (step === "dropped") dropped += reader.markedDetail;
	}
	const tail = { offset: reader.offset, acknowledged, front, dropped };
	if (open === undefined) return { ...tail, next: reader.sequence, skipped: 0, damaged: 0, sound: true };
	const damaged = dirtyEnd(sectors, newest.block, open.offset) - open.offset;
	const skipped = mostRecords(damaged, newest.align);
	return { ...tail, offset: open.offset, next: open.sequence + skipped, skipped, damaged, sound: false };
}

/** Where the last byte that is not as after an erase ends. */
function dirtyEnd(sectors: Sectors, block: number, from: number): number {
	const bytes = new Uint8Array(wideWindow);
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
