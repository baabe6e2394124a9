/** CRC of each byte value, without inversion. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte;
	for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
	return crc;
});

/** CRC-32/ISO-HDLC, the one of Ethernet and zip (ISO 3309). Firmware has it in C (`boards/esp32/replaced/checksum.c`). */
export function crc32(bytes: Uint8Array): number {
	let crc = 0xffffffff;
	const { length } = bytes;
	for (let at = 0; at < length; at++) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
	return (crc ^ 0xffffffff) >>> 0;
}
