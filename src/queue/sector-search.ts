import type { Sector } from "./flash-format";
import { isSector, type SectorFlash } from "./sector-flash";

/** The newest sector; `undefined` when there is none. */
export function findNewestSector(sectors: SectorFlash): Sector | undefined {
	return binarySearchNewest(sectors) ?? scanNewest(sectors);
}

/**
 * Binary search for where the sector numbers stop to rise. Gives up (`undefined`) as soon as anything is seen
 * that an undamaged ring does not show.
 */
function binarySearchNewest(sectors: SectorFlash): Sector | undefined {
	const start = sectors.readBlockHeader(0);
	if (!isSector(start)) return undefined;
	let newest = start;
	let high = sectors.blocks - 1;
	while (newest.block < high) {
		const middle = Math.ceil((newest.block + high) / 2);
		const head = sectors.readBlockHeader(middle);
		if (head === "unreadable") return undefined;
		if (head === "blank") high = middle - 1;
		else if (head.sectorNumber === start.sectorNumber + middle) newest = head;
		else if (head.sectorNumber === start.sectorNumber + middle - sectors.blocks) high = middle - 1;
		else return undefined;
	}
	return isNewest(newest, sectors) ? newest : undefined;
}

/**
 * How many blocks after the newest are looked at: one that could not be erased keeps its old header, and newer
 * sectors may lie behind it.
 */
const checkedBlocksAhead = 4;

function isNewest(newest: Sector, sectors: SectorFlash): boolean {
	for (let ahead = 1; ahead <= checkedBlocksAhead && ahead < sectors.blocks; ahead++) {
		const head = sectors.readBlockHeader((newest.block + ahead) % sectors.blocks);
		if (head === "unreadable") return false;
		if (isSector(head) && head.sectorNumber !== newest.sectorNumber + ahead - sectors.blocks) return false;
	}
	return true;
}

function scanNewest(sectors: SectorFlash): Sector | undefined {
	let newest: Sector | undefined;
	for (let block = 0; block < sectors.blocks; block++) {
		const head = sectors.readBlockHeader(block);
		if (isSector(head) && (newest === undefined || head.sectorNumber > newest.sectorNumber)) newest = head;
	}
	return newest;
}

/**
 * The sector that holds the record `sequence`, if any does: the last one that begins at or before it. Where that
 * one is lost, the one before. `undefined` when all that is left begins after it.
 */
export function findSectorOf(sequence: number, sectors: SectorFlash, newest: Sector): Sector | undefined {
	if (newest.firstSequence <= sequence) return newest;
	let low = sectors.lowestSectorNumber(newest);
	let high = newest.sectorNumber - 1;
	let holder: Sector | undefined;
	while (low <= high) {
		const middle = Math.floor((low + high) / 2);
		const found = sectors.findSector(middle, newest);
		if (found === undefined) return scanSectorOf(sequence, sectors, newest);
		if (found.firstSequence <= sequence) {
			holder = found;
			low = middle + 1;
		} else high = middle - 1;
	}
	return holder;
}

function scanSectorOf(sequence: number, sectors: SectorFlash, newest: Sector): Sector | undefined {
	let found = findSectorBefore(newest, sectors, newest);
	while (found !== undefined && found.firstSequence > sequence)
		found = findSectorBefore(found, sectors, newest);
	return found;
}

/** The first sector that can be found from number `from` up to the newest. */
export function findFirstSectorFrom(from: number, sectors: SectorFlash, newest: Sector): Sector {
	for (let sector = from; sector < newest.sectorNumber; sector++) {
		const found = sectors.findSector(sector, newest);
		if (found !== undefined) return found;
	}
	return newest;
}

/** The last sector before another that can be found; `undefined` when there is none. */
export function findSectorBefore(
	{ sectorNumber: number }: Sector,
	sectors: SectorFlash,
	newest: Sector,
): Sector | undefined {
	for (let sector = number - 1; sector >= sectors.lowestSectorNumber(newest); sector--) {
		const found = sectors.findSector(sector, newest);
		if (found !== undefined) return found;
	}
	return undefined;
}
