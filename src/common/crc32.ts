/** CRC of each 4-bit value. */
const table: readonly number[] = Object.freeze([
	0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c, 0xedb88320,
	0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
]);

/**
 * CRC-32/ISO-HDLC, the one of Ethernet and zip (ISO 3309). Four bits at a time: a table of 16 entries is small, and
 * fast enough for the records that a sleeping board reads at each wake.
 */
export function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (let at = 0; at < bytes.length; at++) {
		crc ^= bytes[at] ?? 0;
		crc = (crc >>> 4) ^ (table[crc & 15] ?? 0);
		crc = (crc >>> 4) ^ (table[crc & 15] ?? 0);
	}
	return (crc ^ 0xffffffff) >>> 0;
}
