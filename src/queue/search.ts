import type { FoundSector } from "./format";
import { isSector, type Sectors } from "./sectors";

/** The newest sector; `undefined` when there is none. */
export function findNewest(sectors: Sectors): FoundSector | undefined {
	return searchNewest(sectors) ?? scanNewest(sectors);
}

/**
 * Binary search for where the sector numbers stop to rise. Gives up (`undefined`) as soon as anything is seen
 * that an undamaged ring does not show.
 */
function searchNewest(sectors: Sectors): FoundSector | undefined {
	const start = sectors.head(0);
	if (!isSector(start)) return undefined;
	let newest = start;
	let high = sectors.blocks - 1;
	while (newest.block < high) {
		const middle = Math.ceil((newest.block + high) / 2);
		const head = sectors.head(middle);
		if (head === "unreadable") return undefined;
		if (head === "blank") high = middle - 1;
		else if (head.sector === start.sector + middle) newest = head;
		else if (head.sector === start.sector + middle - sectors.blocks) high = middle - 1;
		else return undefined;
	}
	return endsAt(newest, sectors) ? newest : undefined;
}

/**
 * How many blocks after the newest are looked at: one that could not be erased keeps its old header, and newer
 * sectors may lie behind it.
 */
const lookAhead = 4;

function endsAt(newest: FoundSector, sectors: Sectors): boolean {
	for (let ahead = 1; ahead <= lookAhead && ahead < sectors.blocks; ahead++) {
		const head = sectors.head((newest.block + ahead) % sectors.blocks);
		if (head === "unreadable") return false;
		if (isSector(head) && head.sector !== newest.sector + ahead - sectors.blocks) return false;
	}
	return true;
}

function scanNewest(sectors: Sectors): FoundSector | undefined {
	let newest: FoundSector | undefined;
	for (let block = 0; block < sectors.blocks; block++) {
		const head = sectors.head(block);
		if (isSector(head) && (newest === undefined || head.sector > newest.sector)) newest = head;
	}
	return newest;
}

/**
 * The sector that holds the record `sequence`, if any does: the last one that begins at or before it. Where that
 * one is lost, the one before. `undefined` when all that is left begins after it.
 */
export function findHolder(sequence: number, sectors: Sectors, newest: FoundSector): FoundSector | undefined {
	if (newest.first <= sequence) return newest;
	let low = sectors.lowest(newest);
	let high = newest.sector - 1;
	let holder: FoundSector | undefined;
	while (low <= high) {
		const middle = Math.floor((low + high) / 2);
		const found = sectors.find(middle, newest);
		if (found === undefined) return scanHolder(sequence, sectors, newest);
		if (found.first <= sequence) {
			holder = found;
			low = middle + 1;
		} else high = middle - 1;
	}
	return holder;
}

function scanHolder(sequence: number, sectors: Sectors, newest: FoundSector): FoundSector | undefined {
	let found = findBefore(newest, sectors, newest);
	while (found !== undefined && found.first > sequence) found = findBefore(found, sectors, newest);
	return found;
}

/** The first sector that can be found from number `from` up to the newest. */
export function findFrom(from: number, sectors: Sectors, newest: FoundSector): FoundSector {
	for (let sector = from; sector < newest.sector; sector++) {
		const found = sectors.find(sector, newest);
		if (found !== undefined) return found;
	}
	return newest;
}

/** The last sector before another that can be found; `undefined` when there is none. */
export function findBefore(
	{ sector: number }: FoundSector,
	sectors: Sectors,
	newest: FoundSector,
): FoundSector | undefined {
	for (let sector = number - 1; sector >= sectors.lowest(newest); sector--) {
		const found = sectors.find(sector, newest);
		if (found !== undefined) return found;
	}
	return undefined;
}
