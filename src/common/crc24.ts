/** Generator polynomial of CRC-24/OPENPGP (RFC 9580 section 6.1), without its leading term. */
const generator = 0x864cfb;

const crcTable = makeTable();

function makeTable(): Uint32Array {
	const entries = new Uint32Array(256);
	for (let byte = 0; byte < 256; byte++) {
		let crc = byte << 16;
		for (let bit = 0; bit < 8; bit++) crc = crc & 0x800000 ? (crc << 1) ^ generator : crc << 1;
		entries[byte] = crc & 0xffffff;
	}
	return entries;
}

/**
 * The CRC-24 of `bytes` from `start` up to, not including, `end`, with the initial value `initial` (24 bits). For the
 * same bytes, two different initial values always give two different results.
 */
export function crc24(initial: number, bytes: Uint8Array, start: number, end: number): number {
	let crc = initial;
	for (let at = start; at < end; at++)
		crc = ((crc << 8) & 0xffffff) ^ (crcTable[(crc >>> 16) ^ (bytes[at] ?? 0)] ?? 0);
	return crc;
}

/** The low bytes of the table's entries are all different: the entry with each low byte. */
const entryOfLowByte = invertTable();

function invertTable(): Uint8Array {
	const entries = new Uint8Array(256);
	for (let entry = 0; entry < 256; entry++) entries[(crcTable[entry] ?? 0) & 0xff] = entry;
	return entries;
}

/** The CRC-24 before a byte 0 that left `crc`: where a difference between two checksums came from. */
export function crc24Before(crc: number): number {
	const entry = entryOfLowByte[crc & 0xff] ?? 0;
	return ((crc ^ (crcTable[entry] ?? 0)) >>> 8) | (entry << 16);
}
