import { crc24 as computeCrc24 } from "../src/common/crc24";
import { crc32 as computeCrc32 } from "../src/common/crc32";

/**
 * In place of `src/common/crc24.ts` and `crc32.ts` in the programs for XS: on a chip both are functions in C
 * (`src/boards/esp32/replaced/checksum.c`), and the meter counts what calls such a function, but not what it does. Here they
 * are what they replace, and the meter is put back.
 */

/** Of xsnap: sets the limit (0: none) and the count of the meter; returns the count so far. */
declare function resetMeter(limit: number, count: number): number;

/** Bytes so far. */
let checksummed = 0;
/** What each takes besides what it calls. */
let crc24Count = 0;
let crc32Count = 0;

export function crc24(initial: number, bytes: Uint8Array, start: number, end: number): number {
	const before = resetMeter(0, 0);
	const checksum = computeCrc24(initial, bytes, start, end);
	checksummed += end - start;
	resetMeter(0, before - crc24Count);
	return checksum;
}

export function crc32(bytes: Uint8Array): number {
	const before = resetMeter(0, 0);
	const checksum = computeCrc32(bytes);
	checksummed += bytes.length;
	resetMeter(0, before - crc32Count);
	return checksum;
}

export const checksummedBytes = () => checksummed;

function count(call: () => unknown): number {
	resetMeter(0, 0);
	call();
	return resetMeter(0, 0);
}

// As functions of XS's own with as many arguments.
const none = new Uint8Array(0);
const nothing = 0;
const { max } = Math;
const { isView } = ArrayBuffer;
crc24Count = count(() => crc24(0, none, 0, 0)) - count(() => max(0, nothing, 0, 0));
crc32Count = count(() => crc32(none)) - count(() => isView(none));
