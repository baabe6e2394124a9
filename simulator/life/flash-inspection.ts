import type { Flash, FlashStatus } from "../../src/boards/ecma419";
import { parseSectorHeader, type Sector, sectorHeaderBytes } from "../../src/queue/flash-format";
import { ReadingLog } from "../../src/store/reading-log";
import { Quarantine } from "../../src/upload/quarantine";
import type { NorFlash } from "../hardware/nor-flash";

/** Reads what a flash holds, also where its reads fail now, without changing it. */
class ReadOnlyFlash implements Flash {
	private readonly flash: NorFlash;

	constructor(flash: NorFlash) {
		this.flash = flash;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		buffer.set(this.flash.image.subarray(byteOffset, byteOffset + buffer.length));
		return buffer.length;
	}

	write(): never {
		throw new Error("read-only flash");
	}

	eraseBlock(): never {
		throw new Error("read-only flash");
	}

	status(): FlashStatus {
		return this.flash.status();
	}

	close(): void {}
}

export function inspectReadings(flash: NorFlash): ReadingLog {
	return new ReadingLog(new ReadOnlyFlash(flash));
}

/** Sequence numbers of the pending readings. */
export function pendingSequences(flash: NorFlash): readonly number[] {
	return Array.from(inspectReadings(flash).pending(), ({ sequence }) => sequence);
}

export interface QuarantineContents {
	/** By sequence number, with the reason. */
	readonly points: ReadonlyMap<number, string>;
	/** A point may be there twice, if power failed before it left the ring. */
	readonly count: number;
	/** Points that were dropped because it was full. */
	readonly dropped: number;
}

export function inspectQuarantine(flash: NorFlash): QuarantineContents {
	const points = new Map<number, string>();
	const quarantine = new Quarantine(new ReadOnlyFlash(flash));
	for (const { sequence, cause } of quarantine.points()) points.set(sequence, cause);
	return { points, count: quarantine.length, dropped: quarantine.droppedPoints };
}

/** Whether a reading cannot be read now. */
export function unreadIn(flash: NorFlash): (sequence: number) => boolean {
	const unread = sectorsIn(flash, (block) => !flash.canRead(block)).map(
		({ block, sectorNumber, firstSequence }) => ({
			from: firstSequence,
			to: sequenceAfterSector(flash, block, sectorNumber),
		}),
	);
	return (sequence) => unread.some(({ from, to }) => from <= sequence && sequence < to);
}

/** The sector in a block. */
export function sectorIn(flash: NorFlash, block: number): Sector | undefined {
	const { blockLength } = flash.status();
	return parseSectorHeader(
		flash.image.subarray(block * blockLength, block * blockLength + sectorHeaderBytes),
		block,
	);
}

/** The sequence number that follows a sector in a block; Infinity if the sector is the newest. */
export function sequenceAfterSector(flash: NorFlash, block: number, sector: number): number {
	const next = sectorIn(flash, (block + 1) % flash.status().blocks);
	return next?.sectorNumber === sector + 1 ? next.firstSequence : Number.POSITIVE_INFINITY;
}

/** The block of the newest sector; 0 without one. */
export function newestBlock(flash: NorFlash): number {
	return sectorsIn(flash).reduce(
		(newest, sector) => (sector.sectorNumber > newest.sectorNumber ? sector : newest),
		{ block: 0, sectorNumber: 0 },
	).block;
}

/** The lowest sequence number in the ring; 1 without a sector. */
export function lowestSequence(flash: NorFlash): number {
	const sectors = sectorsIn(flash);
	return sectors.length === 0 ? 1 : Math.min(...sectors.map(({ firstSequence }) => firstSequence));
}

function sectorsIn(flash: NorFlash, isWanted = (_block: number) => true): readonly Sector[] {
	const found: Sector[] = [];
	for (let block = 0; block < flash.status().blocks; block++) {
		const sector = isWanted(block) ? sectorIn(flash, block) : undefined;
		if (sector !== undefined) found.push(sector);
	}
	return found;
}
