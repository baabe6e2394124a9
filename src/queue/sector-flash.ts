import type { Bytes, Flash } from "../boards/ecma419";
import {
	headerStartBytes,
	isErased,
	parseSectorHeader,
	parseSectorNumber,
	RecordHeader,
	type Sector,
	sectorHeaderBytes,
} from "./flash-format";

/** What a block has in place of its sector header. */
export type BlockContent = Sector | "blank" | "unreadable";

/** Successive searches read mostly the same headers. */
const maxCachedHeaders = 8;

const maxReadAttempts = 4;

/** The flash as blocks with a sector each. Reading never throws: an unreadable block is damaged. */
export class SectorFlash {
	readonly blocks: number;
	readonly blockLength: number;
	/**
	 * Grows with each read that fails in spite of retries, by its place: the flash is not blank there, and reading it may
	 * succeed later.
	 */
	failedReads = 0;
	/** Reading failed in the last mount, and nothing was written since. */
	isDoubtful = false;
	/** For the next reader of a record's header: readers have none of their own, because a batch that is sent keeps readers. */
	readonly header = new RecordHeader();
	/** A reader reads again what looked damaged; here for the same reason. */
	isSecondRead = false;
	private readonly flash: Flash;
	private readonly headerBuffer = new Uint8Array(sectorHeaderBytes);
	private readonly startBuffer = new Uint8Array(headerStartBytes);
	/** The same bytes. */
	private readonly startView = new DataView(this.startBuffer.buffer);
	/** Headers by block, the least recently read first. */
	private readonly headerCache = new Map<number, Sector>();

	constructor(flash: Flash) {
		const { blocks, blockLength } = flash.status();
		this.flash = flash;
		this.blocks = blocks;
		this.blockLength = blockLength;
	}

	/** Fills `bytes` from `offset` of `block` on, with retries; false if it cannot be read. */
	read(bytes: Bytes, block: number, offset: number): boolean {
		const place = block * this.blockLength + offset;
		for (let attempts = 0; attempts < maxReadAttempts; attempts++) {
			try {
				if (this.flash.read(bytes, place) === bytes.length) return true;
			} catch {
				// The next attempt, or a failure.
			}
		}
		this.failedReads += place + 1;
		return false;
	}

	/** Throws what the flash throws. */
	write(bytes: Bytes, block: number, offset: number): void {
		this.isDoubtful = false;
		if (offset === 0) this.headerCache.delete(block);
		this.flash.write(bytes, block * this.blockLength + offset);
	}

	/** Throws what the flash throws. */
	erase(block: number): void {
		this.headerCache.delete(block);
		this.flash.eraseBlock(block, block + 1);
	}

	/** Whether reading a block works now. */
	isReadable(block: number): boolean {
		return this.read(this.startBuffer, block, 0);
	}

	/** Reads or returns the cached header of a block. What is no header is read again: a bit may have been read wrong. */
	readBlockHeader(block: number, isSecondRead = false): BlockContent {
		const known = this.headerCache.get(block);
		if (known !== undefined) return known;
		if (!this.read(this.headerBuffer, block, 0)) return "unreadable";
		const found = parseSectorHeader(this.headerBuffer, block);
		if (found === undefined) {
			if (isErased(this.headerBuffer, 0, sectorHeaderBytes)) return "blank";
			// mutation: read-header-again
			return isSecondRead ? "unreadable" : this.readBlockHeader(block, true);
		}
		if (this.headerCache.size === maxCachedHeaders)
			for (const oldest of this.headerCache.keys()) {
				this.headerCache.delete(oldest);
				break;
			}
		this.headerCache.set(block, found);
		return found;
	}

	/**
	 * The sector number in a block's header, unverified: 0 for a blank one, `undefined` for anything else, and for a sector
	 * whose records begin at `before` or later. A fifth of the work of {@link readBlockHeader}.
	 */
	readSectorNumber(block: number, before: number): number | undefined {
		const known = this.headerCache.get(block);
		if (known !== undefined) return known.firstSequence < before ? known.sectorNumber : undefined;
		if (!this.read(this.startBuffer, block, 0)) return undefined;
		return parseSectorNumber(this.startView, before);
	}

	/** The sector of that number, at its place relative to `newest`; `undefined` if it is lost. */
	findSector(sector: number, newest: Sector): Sector | undefined {
		const head = this.readBlockHeader(this.blockOf(sector, newest));
		return isSector(head) && head.sectorNumber === sector ? head : undefined;
	}

	/** Sectors follow each other in the ring in the order of their numbers, so the number determines the block. */
	blockOf(sector: number, newest: Pick<Sector, "sectorNumber" | "block">): number {
		const block = (newest.block - (newest.sectorNumber - sector)) % this.blocks;
		return block < 0 ? block + this.blocks : block;
	}

	/** The lowest sector number in the ring if `newest` is the newest. */
	lowestSectorNumber(newest: Pick<Sector, "sectorNumber">): number {
		return Math.max(1, newest.sectorNumber - this.blocks + 1);
	}

	close(): void {
		this.flash.close();
	}
}

export function isSector(head: BlockContent): head is Sector {
	return typeof head === "object";
}
