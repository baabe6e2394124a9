import type { Bytes, Flash } from "../boards/ecma419";
import { isErased, parseSectorHeader, type Sector, sectorHeaderBytes } from "./flash-format";

/** What stands where a block's header belongs. */
export type BlockContent = Sector | "blank" | "unreadable";

/** Headers kept in memory: a search looks at the same ones as the search before. */
const maxCachedHeaders = 8;

/** The flash as blocks that may hold a sector each. Reading never throws: what cannot be read is damaged. */
export class SectorFlash {
	readonly blocks: number;
	readonly blockLength: number;
	private readonly flash: Flash;
	private readonly headerBuffer = new Uint8Array(sectorHeaderBytes);
	/** Headers by their block, the one read longest ago first. */
	private readonly headerCache = new Map<number, Sector>();

	constructor(flash: Flash) {
		const { blocks, blockLength } = flash.status();
		this.flash = flash;
		this.blocks = blocks;
		this.blockLength = blockLength;
	}

	/** Fills `bytes` from `offset` of `block` on; whether it could be read, at the second try at the latest. */
	read(bytes: Bytes, block: number, offset: number): boolean {
		return this.tryRead(bytes, block, offset) || this.tryRead(bytes, block, offset);
	}

	private tryRead(bytes: Bytes, block: number, offset: number): boolean {
		try {
			return this.flash.read(bytes, block * this.blockLength + offset) === bytes.length;
		} catch {
			return false;
		}
	}

	/** Throws what the flash throws. */
	write(bytes: Bytes, block: number, offset: number): void {
		if (offset === 0) this.headerCache.delete(block);
		this.flash.write(bytes, block * this.blockLength + offset);
	}

	/** Throws what the flash throws. */
	erase(block: number): void {
		this.headerCache.delete(block);
		this.flash.eraseBlock(block, block + 1);
	}

	/** What stands at the beginning of a block. The headers looked at last are kept in memory. */
	readBlockHeader(block: number): BlockContent {
		const known = this.headerCache.get(block);
		if (known !== undefined) return known;
		if (!this.read(this.headerBuffer, block, 0)) return "unreadable";
		const found = parseSectorHeader(this.headerBuffer, block);
		if (found === undefined)
			return isErased(this.headerBuffer, 0, sectorHeaderBytes) ? "blank" : "unreadable";
		for (const oldest of this.headerCache.keys()) {
			if (this.headerCache.size < maxCachedHeaders) break;
			this.headerCache.delete(oldest);
		}
		this.headerCache.set(block, found);
		return found;
	}

	/** The sector of that number, where it must stand seen from `newest`; `undefined` when it is lost. */
	findSector(sector: number, newest: Sector): Sector | undefined {
		const head = this.readBlockHeader(this.blockOf(sector, newest));
		return isSector(head) && head.sectorNumber === sector ? head : undefined;
	}

	/** Sectors stand in the ring in the order of their numbers, without a gap: the number tells the block. */
	blockOf(sector: number, newest: Pick<Sector, "sectorNumber" | "block">): number {
		const block = (newest.block - (newest.sectorNumber - sector)) % this.blocks;
		return block < 0 ? block + this.blocks : block;
	}

	/** The lowest number a sector can have while `newest` is the newest. */
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
