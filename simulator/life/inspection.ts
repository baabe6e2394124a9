import type { Flash, FlashStatus } from "../../src/boards/ecma419";
import { FlashQueue } from "../../src/queue/flash-queue";
import { headerLength, parseHeader } from "../../src/queue/format";
import { ReadingLog } from "../../src/store/reading-log";
import { Quarantine } from "../../src/upload/quarantine";
import type { NorFlash } from "../flash";

/** A flash as somebody sees it who only looks: what is on it now, and nothing is changed. */
class Glance implements Flash {
	private readonly flash: NorFlash;

	constructor(flash: NorFlash) {
		this.flash = flash;
	}

	read(buffer: Uint8Array, byteOffset: number): number {
		return this.flash.peek(buffer, byteOffset);
	}

	write(): never {
		throw new Error("who looks does not write");
	}

	eraseBlock(): never {
		throw new Error("who looks does not erase");
	}

	status(): FlashStatus {
		return this.flash.status();
	}

	close(): void {}
}

/** The readings on a board's flash. */
export function lookAtReadings(flash: NorFlash): ReadingLog {
	return new ReadingLog({ flash: new Glance(flash) });
}

/** What is in quarantine, by number, with the reason; and whether the oldest have gone because it was full. */
export function lookAtQuarantine(flash: NorFlash): {
	readonly points: ReadonlyMap<number, string>;
	readonly full: boolean;
} {
	const points = new Map<number, string>();
	for (const { sequence, cause } of new Quarantine(new Glance(flash)).points()) points.set(sequence, cause);
	return { points, full: new FlashQueue({ flash: new Glance(flash) }).dropped > 0 };
}

/** The sector that stands in a block: its number, and that of its first record. */
export function sectorIn(
	flash: NorFlash,
	block: number,
): { readonly sector: number; readonly first: number } | undefined {
	const { blockLength } = flash.status();
	return parseHeader(flash.image.subarray(block * blockLength, block * blockLength + headerLength), block);
}

/** The number that comes after those of the records of a sector that stood in a block; without end if it is the newest. */
export function endOf(flash: NorFlash, block: number, sector: number): number {
	const next = sectorIn(flash, (block + 1) % flash.status().blocks);
	return next?.sector === sector + 1 ? next.first : Number.POSITIVE_INFINITY;
}

/** The lowest number that any record of the ring has. */
export function lowestNumber(flash: NorFlash): number {
	let lowest = Number.POSITIVE_INFINITY;
	for (let block = 0; block < flash.status().blocks; block++)
		lowest = Math.min(lowest, sectorIn(flash, block)?.first ?? lowest);
	return lowest === Number.POSITIVE_INFINITY ? 1 : lowest;
}
