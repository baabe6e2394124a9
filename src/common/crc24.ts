/** Generator polynomial of CRC-24/OPENPGP (RFC 9580 section 6.1), without its leading term. */
const generator = 0x864cfb;

/** CRC of each byte value, in the upper 24 bits. */
const table = Int32Array.from({ length: 256 }, (_, byte) => {
	let crc = byte << 24;
	for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ (generator << 8) : crc << 1;
	return crc;
});

/**
 * The CRC-24 of `bytes` from `start` up to, not including, `end`, with the initial value `initial` (24 bits). For the same
 * bytes, two different initial values always give two different results. Throws a RangeError if the range
 * is outside `bytes`. Firmware has it in C (`boards/esp32/replaced/checksum.c`).
 */
export function crc24(initial: number, bytes: Uint8Array, start: number, end: number): number {
	if (!(start >= 0 && start <= end && end <= bytes.length))
		throw new RangeError("bytes outside of the buffer");
	let crc = initial << 8;
	for (let at = start; at < end; at++) crc = (crc << 8) ^ (table[(crc >>> 24) ^ (bytes[at] ?? 0)] ?? 0);
	return crc >>> 8;
}
