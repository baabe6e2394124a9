import type { Sector } from "./flash-format";

/** The boundary between two sectors: the next sequence number, and how many before it are unused. */
export type SectorBoundary = Pick<Sector, "firstSequence" | "skippedSequences">;

/** Before all records. */
export const noBoundary: SectorBoundary = { firstSequence: 0, skippedSequences: 0 };

export function furthest(one: SectorBoundary, other: SectorBoundary): SectorBoundary {
	return other.firstSequence > one.firstSequence ? other : one;
}

/** Number of records between two boundaries; 0 if the second is not after the first. */
export function recordsBetween(one: SectorBoundary, other: SectorBoundary): number {
	if (other.firstSequence <= one.firstSequence) return 0;
	return Math.max(
		0,
		other.firstSequence - one.firstSequence - (other.skippedSequences - one.skippedSequences),
	);
}
