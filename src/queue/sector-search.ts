import { maxRecords, type Sector } from "./flash-format";
import { isSector, type SectorFlash } from "./sector-flash";
import { findTail } from "./tail";

/** The newest sector; `undefined` if there is none. Looked for where `hint` says, if it is there. */
export function findNewestSector(
	sectors: SectorFlash,
	hint: Pick<Sector, "block" | "sectorNumber"> | undefined,
): Sector | undefined {
	return hintedNewest(sectors, hint) ?? binarySearchNewest(sectors) ?? scanNewest(sectors);
}

function hintedNewest(
	sectors: SectorFlash,
	hint: Pick<Sector, "block" | "sectorNumber"> | undefined,
): Sector | undefined {
	if (hint === undefined || !(hint.block < sectors.blocks)) return undefined;
	const newest = sectors.readBlockHeader(hint.block);
	return isSector(newest) && newest.sectorNumber === hint.sectorNumber && isNewest(newest, sectors)
		? newest
		: undefined;
}

/** Binary search for where the sector numbers stop rising; `undefined` on any sign of damage. */
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

/** A sector is opened this many blocks after the one before it at most; those in between could not be opened. */
export const checkedBlocksAhead = 6;

/**
 * Only in an undamaged neighbourhood: a newer sector may be hidden. The one that followed `newest` is within six blocks
 * ahead; if it was erased again, then by attempts to open a sector after one that is less than six blocks behind.
 */
function isNewest(newest: Sector, sectors: SectorFlash): boolean {
	const { blocks } = sectors;
	const before = newest.firstSequence;
	let checkedBehind = 1;
	for (let ahead = 1; ahead < blocks; ahead++) {
		if (ahead > checkedBlocksAhead) ahead = Math.max(ahead, blocks - checkedBehind);
		const expected = newest.sectorNumber + ahead - blocks;
		const found = sectors.readSectorNumber((newest.block + ahead) % blocks, before);
		// mutation: check-hinted-sector
		if (found !== (expected > 0 ? expected : 0)) return false;
		// mutation: check-behind-blank
		if (found === 0) checkedBehind = checkedBlocksAhead - 1;
	}
	return true;
}

/**
 * How many blocks after `newest` may have a newer sector, because reading them failed: up to the one of the hint, or to the
 * last one where reads fail now, if there is one: a sector without a record is newer than the hint.
 */
export function countUnreadAhead(
	newest: Sector,
	sectors: SectorFlash,
	hint: Pick<Sector, "sectorNumber"> | undefined,
): number {
	const { blocks } = sectors;
	// A block must be left for the next sector.
	const reach = Math.min(blocks - 2, checkedBlocksAhead - 1);
	const hinted = (hint?.sectorNumber ?? 0) - newest.sectorNumber;
	let unread = hinted > 0 && hinted <= reach ? hinted : 0;
	for (let ahead = unread + 1; ahead <= reach; ahead++) {
		const { failedReads } = sectors;
		const head = sectors.readBlockHeader((newest.block + ahead) % blocks);
		// Reading it may have failed only until now.
		const isNewer = isSector(head) && head.sectorNumber > newest.sectorNumber;
		if (!isNewer && sectors.failedReads === failedReads) continue;
		if (isNewer || ahead === 1 || !wasPassedOver(newest.sectorNumber + ahead - blocks, sectors, newest))
			unread = ahead;
	}
	return unread;
}

/**
 * Whether the block of sector `number` was passed over a round before as well, with the numbers that it could have held: it
 * cannot be read any more.
 */
function wasPassedOver(number: number, sectors: SectorFlash, newest: Sector): boolean {
	const { failedReads } = sectors;
	const before = findSectorBefore({ sectorNumber: number }, sectors, newest);
	// Those before it may only be unreadable now.
	if (before === undefined)
		// mutation: reads-before
		return sectors.failedReads === failedReads && newest.sectorNumber > sectors.blocks;
	const gap =
		findFirstSectorFrom(number, sectors, newest).firstSequence -
		findTail(sectors, before, 0x100).nextSequence;
	// mutation: numbers-passed-over
	return gap > 0 && gap % maxRecords(sectors.blockLength) === 0;
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
 * The sector that would hold the record `sequence`: the last one that begins at or before it, or, if that is lost, the
 * one before. `undefined` if all sectors begin after it.
 */
export function findSectorOf(sequence: number, sectors: SectorFlash, newest: Sector): Sector | undefined {
	if (newest.firstSequence <= sequence) return newest;
	let low = sectors.lowestSectorNumber(newest);
	let high = newest.sectorNumber - 1;
	let holder: Sector | undefined;
	// In a full ring it is one of the two oldest: at first the second is looked at, then the one beside it.
	let middle = Math.min(low + 1, high);
	for (let isFirst = true; low <= high; isFirst = false) {
		const found = sectors.findSector(middle, newest);
		if (found === undefined) return scanSectorOf(sequence, sectors, newest);
		if (found.firstSequence <= sequence) {
			holder = found;
			low = middle + 1;
		} else high = middle - 1;
		middle = isFirst ? low : Math.floor((low + high) / 2);
	}
	return holder;
}

function scanSectorOf(sequence: number, sectors: SectorFlash, newest: Sector): Sector | undefined {
	let found = findSectorBefore(newest, sectors, newest);
	while (found !== undefined && found.firstSequence > sequence)
		found = findSectorBefore(found, sectors, newest);
	return found;
}

/** The first intact sector from number `from` up to the newest. */
export function findFirstSectorFrom(from: number, sectors: SectorFlash, newest: Sector): Sector {
	for (let sector = from; sector < newest.sectorNumber; sector++) {
		const found = sectors.findSector(sector, newest);
		if (found !== undefined) return found;
	}
	return newest;
}

/** The last intact sector before another; `undefined` if there is none. */
export function findSectorBefore(
	{ sectorNumber: number }: Pick<Sector, "sectorNumber">,
	sectors: SectorFlash,
	newest: Sector,
): Sector | undefined {
	for (let sector = number - 1; sector >= sectors.lowestSectorNumber(newest); sector--) {
		const found = sectors.findSector(sector, newest);
		if (found !== undefined) return found;
	}
	return undefined;
}
