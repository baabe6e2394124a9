import type { DamageCounter } from "./damage-counter";
import { type Sector, sectorHeaderBytes } from "./flash-format";
import type { SectorFlash } from "./sector-flash";
import { SectorReader } from "./sector-reader";
import { findFirstSectorFrom } from "./sector-search";
import type { TailWriter } from "./tail-writer";

/**
 * Reads the data records of a ring in order, and counts the damage between them. Between two records the ring may grow, and
 * lose its oldest sectors.
 */
export class RingReader extends SectorReader {
	/** Where the ring ends. */
	private readonly tail: Pick<TailWriter, "sector" | "offset">;
	private readonly damage: DamageCounter;

	/** Begins with the first record of a sector. */
	constructor(
		sectors: SectorFlash,
		tail: Pick<TailWriter, "sector" | "offset">,
		damage: DamageCounter,
		first: Sector,
	) {
		super(sectors, first);
		this.tail = tail;
		this.damage = damage;
		this.endSequence = this.endOf(first);
	}

	/** Goes to the next data record, whose number is one less than {@link sequence} then; false at the end of the ring. */
	nextRecord(): boolean {
		const { sectors, tail, damage } = this;
		const newest = tail.sector;
		if (newest === undefined) return false;
		// The sector has been erased.
		if (this.sector.sectorNumber <= newest.sectorNumber - sectors.blocks) this.openFrom(0, newest);
		for (;;) {
			const { sector, sequence } = this;
			const isNewest = sector.sectorNumber === newest.sectorNumber;
			const step = this.next(isNewest ? tail.offset : sectors.blockLength);
			if (step === "damaged") {
				const place = sector.sectorNumber * sectors.blockLength;
				damage.add(place + this.damageStart, place + this.offset);
			} else if (step === "end" || sequence >= this.endSequence) {
				if (isNewest) return false;
				this.openNext(newest);
			} else if (step === "data") return true;
		}
	}

	/** Goes on to the sector that has the record `sequence`, if it is a later one. */
	skipTo(sequence: number): void {
		const { tail } = this;
		while (tail.sector !== undefined && sequence >= this.endSequence)
			this.openFrom(this.sector.sectorNumber + 1, tail.sector);
	}

	/** Goes to an offset in this sector, which may come from flash: it is right if the record `sequence` is there. */
	tryOffset(offset: number, sequence: number): void {
		const { sectors, tail } = this;
		const { sector, endSequence } = this;
		const limit = sector.sectorNumber === tail.sector?.sectorNumber ? tail.offset : sectors.blockLength;
		this.open(sector, offset, sequence, endSequence);
		let step = this.next(limit);
		while (step === "acknowledged" || step === "dropped") step = this.next(limit);
		if (step === "data") this.open(sector, offset, sequence, endSequence);
		else this.openSector(sector);
	}

	private openSector(sector: Sector): void {
		this.open(sector, sectorHeaderBytes, sector.firstSequence, this.endOf(sector));
	}

	/** A sector's records end at the next sector's first number: a write that failed may still have succeeded. */
	private endOf({ sectorNumber }: Sector): number {
		const newest = this.tail.sector;
		return newest === undefined || sectorNumber === newest.sectorNumber
			? Number.POSITIVE_INFINITY
			: findFirstSectorFrom(sectorNumber + 1, this.sectors, newest).firstSequence;
	}

	/** Goes to the first intact sector from a number on. */
	private openFrom(sector: number, newest: Sector): void {
		const { sectors } = this;
		const lowest = sectors.lowestSectorNumber(newest);
		this.openSector(findFirstSectorFrom(Math.max(lowest, sector), sectors, newest));
	}

	/** Goes to the next intact sector; those in between are damaged. */
	private openNext(newest: Sector): void {
		const { sectors, damage } = this;
		const { sectorNumber, skippedSequences } = this.sector;
		const next = findFirstSectorFrom(sectorNumber + 1, sectors, newest);
		// An interrupted erase may have lost the end of a sector and left its header.
		const end = next.firstSequence - (next.skippedSequences - skippedSequences);
		const from = this.sequence < end ? this.offset : sectors.blockLength;
		damage.add(sectorNumber * sectors.blockLength + from, next.sectorNumber * sectors.blockLength);
		this.openSector(next);
	}
}
