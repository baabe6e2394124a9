/**
 * CRC-32 as Ethernet and zip have it (ISO 3309): polynomial 0xEDB88320 reflected, all ones at the start and the
 * end. Bit by bit: the clock's records are short and rare, a table would cost more than it saves.
 */
export function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return (crc ^ 0xffffffff) >>> 0;
}
