/** x⁸ + x⁵ + x⁴ + 1. */
const polynomial = 0x31;

/**
 * The checksum that Sensirion's chips and the AHT20 send after their data: CRC-8 with polynomial 0x31, initial value
 * 0xFF, no final XOR (SHT3x-DIS datasheet section 4.12; AHT20 datasheet section 5.4).
 */
export function crc8Sensirion(bytes: Uint8Array, start = 0, end = bytes.length): number {
	let crc = 0xff;
	for (let i = start; i < end; i++) {
		crc ^= bytes[i] ?? 0;
		for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x80) === 0 ? 0 : polynomial)) & 0xff;
	}
	return crc;
}
