import type { Bytes, Flash } from "../boards/ecma419";
import { type FoundSector, headerLength, isBlank, parseHeader } from "./format";

/** What stands where a block's header belongs. */
export type BlockHead = FoundSector | "blank" | "unreadable";

/** Headers kept in memory: a search looks at the same ones as the search before. */
const mostKnown = 8;

/** The flash as blocks that may hold a sector each. Reading never throws: what cannot be read is damaged. */
export class Sectors {
	readonly blocks: number;
	readonly blockLength: number;
	private readonly flash: Flash;
	private readonly header = new Uint8Array(headerLength);
	/** Headers by their block, the one read longest ago first. */
	private readonly known = new Map<number, FoundSector>();

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
		if (offset === 0) this.known.delete(block);
		this.flash.write(bytes, block * this.blockLength + offset);
	}

	/** Throws what the flash throws. */
	erase(block: number): void {
		this.known.delete(block);
		this.flash.eraseBlock(block, block + 1);
	}

	/** What stands at the beginning of a block. The headers looked at last are kept in memory. */
	head(block: number): BlockHead {
		const known = this.known.get(block);
		if (known !== undefined) return known;
		if (!this.read(this.header, block, 0)) return "unreadable";
		const found = parseHeader(this.header, block);
		if (found === undefined) return isBlank(this.header, 0, headerLength) ? "blank" : "unreadable";
		for (const oldest of this.known.keys()) {
			if (this.known.size < mostKnown) break;
			this.known.delete(oldest);
		}
		this.known.set(block, found);
		return found;
	}

	/** The sector of that number, where it must stand seen from `newest`; `undefined` when it is lost. */
	find(sector: number, newest: FoundSector): FoundSector | undefined {
		const head = this.head(this.blockOf(sector, newest));
		return isSector(head) && head.sector === sector ? head : undefined;
	}

	/** Sectors stand in the ring in the order of their numbers, without a gap: the number tells the block. */
	blockOf(sector: number, newest: { readonly sector: number; readonly block: number }): number {
		const block = (newest.block - (newest.sector - sector)) % this.blocks;
		return block < 0 ? block + this.blocks : block;
	}

	/** The lowest number a sector can have while `newest` is the newest. */
	lowest(newest: { readonly sector: number }): number {
		return Math.max(1, newest.sector - this.blocks + 1);
	}

	close(): void {
		this.flash.close();
	}
}

export function isSector(head: BlockHead): head is FoundSector {
	return typeof head === "object";
}
