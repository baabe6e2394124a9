/** CRC-8/NRSC-5 (polynomial 0x31, initial value 0xFF): SHT3x-DIS, section 4.12; AHT20, section 5.4. */
export function crc8Sensirion(bytes: Uint8Array, start = 0, end = bytes.length): number {
	let crc = 0xff;
	for (let i = start; i < end; i++) {
		crc ^= bytes[i] ?? 0;
		for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ ((crc & 0x80) === 0 ? 0 : 0x31)) & 0xff;
	}
	return crc;
}

/** CRC-8/MAXIM-DOW (polynomial 0x31 reflected, initial value 0): 1-Wire chips (Maxim application note 27). */
export function crc8Maxim(bytes: Iterable<number>): number {
	let crc = 0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
	}
	return crc;
}
