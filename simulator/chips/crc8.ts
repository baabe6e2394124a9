/**
 * CRC-8/NRSC-5 (Sensirion, Aosong) as polynomial division: the message, its first byte inverted, followed by
 * eight zeros, modulo x⁸ + x⁵ + x⁴ + 1. Written independently of the firmware's, so that tests find a mistake
 * in either.
 */
export function crc8ByDivision(message: readonly number[]): number {
	const divisor = 0x131;
	let remainder = 0;
	[...message, 0].forEach((byte, index) => {
		remainder = (remainder << 8) | (index === 0 ? byte ^ 0xff : byte);
		for (let bit = 15; bit >= 8; bit--) if ((remainder & (1 << bit)) !== 0) remainder ^= divisor << (bit - 8);
	});
	return remainder;
}
