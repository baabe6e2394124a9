import { crc24 as computeCrc24 } from "../src/common/crc24";
import { crc32 as computeCrc32 } from "../src/common/crc32";
import { native } from "./xs-native";

/**
 * In place of `src/common/crc24.ts` and `crc32.ts` in the programs for XS: on a chip both are functions in C
 * (`src/boards/esp32/replaced/checksum.c`). Here they are what they replace, and count as such functions do.
 */

/** Bytes so far. */
let checksummed = 0;

export const crc24 = native((initial: number, bytes: Uint8Array, start: number, end: number) => {
	checksummed += end - start;
	return computeCrc24(initial, bytes, start, end);
});

export const crc32 = native((bytes: Uint8Array) => {
	checksummed += bytes.length;
	return computeCrc32(bytes);
});

export const checksummedBytes = () => checksummed;
