/** Generator polynomial of CRC-24/OPENPGP (RFC 9580 section 6.1), without its leading term. */
const generator = 0x864cfb;

/**
 * What a byte does to the CRC after itself and 0 to 3 bytes more, in the upper 24 bits: four bytes at a time (slicing by
 * four) take half the work of one at a time.
 */
const [table0, table1, table2, table3] = makeTables();

function makeTables(): readonly [Int32Array, Int32Array, Int32Array, Int32Array] {
	const first = new Int32Array(256);
	for (let byte = 0; byte < 256; byte++) {
		let crc = byte << 24;
		for (let bit = 0; bit < 8; bit++) crc = crc < 0 ? (crc << 1) ^ (generator << 8) : crc << 1;
		first[byte] = crc;
	}
	const after = (table: Int32Array) => table.map((crc) => (crc << 8) ^ (first[crc >>> 24] ?? 0));
	const second = after(first);
	const third = after(second);
	return [first, second, third, after(third)];
}

/**
 * The CRC-24 of `bytes` from `start` up to, not including, `end`, with the initial value `initial` (24 bits); `view`: the
 * same bytes, which makes long ones fast. For the same bytes, two different initial values always give two different
 * results.
 */
export function crc24(
	initial: number,
	bytes: Uint8Array,
	start: number,
	end: number,
	view?: DataView,
): number {
	let crc = initial << 8;
	let at = start;
	if (view !== undefined) {
		// Sixteen bytes a round, and four: rounds cost as much as bytes.
		for (const stop = end - 15; at < stop; at += 16) {
			crc ^= view.getInt32(at);
			crc =
				(table3[crc >>> 24] ?? 0) ^
				(table2[(crc >>> 16) & 0xff] ?? 0) ^
				(table1[(crc >>> 8) & 0xff] ?? 0) ^
				(table0[crc & 0xff] ?? 0) ^
				view.getInt32(at + 4);
			crc =
				(table3[crc >>> 24] ?? 0) ^
				(table2[(crc >>> 16) & 0xff] ?? 0) ^
				(table1[(crc >>> 8) & 0xff] ?? 0) ^
				(table0[crc & 0xff] ?? 0) ^
				view.getInt32(at + 8);
			crc =
				(table3[crc >>> 24] ?? 0) ^
				(table2[(crc >>> 16) & 0xff] ?? 0) ^
				(table1[(crc >>> 8) & 0xff] ?? 0) ^
				(table0[crc & 0xff] ?? 0) ^
				view.getInt32(at + 12);
			crc =
				(table3[crc >>> 24] ?? 0) ^
				(table2[(crc >>> 16) & 0xff] ?? 0) ^
				(table1[(crc >>> 8) & 0xff] ?? 0) ^
				(table0[crc & 0xff] ?? 0);
		}
		for (const stop = end - 3; at < stop; at += 4) {
			crc ^= view.getInt32(at);
			crc =
				(table3[crc >>> 24] ?? 0) ^
				(table2[(crc >>> 16) & 0xff] ?? 0) ^
				(table1[(crc >>> 8) & 0xff] ?? 0) ^
				(table0[crc & 0xff] ?? 0);
		}
	}
	for (; at < end; at++) crc = (crc << 8) ^ (table0[(crc >>> 24) ^ (bytes[at] ?? 0)] ?? 0);
	return crc >>> 8;
}

/** The low bytes of the table's entries are all different: the entry with each low byte. */
const entryOfLowByte = invertTable();

function invertTable(): Uint8Array {
	const entries = new Uint8Array(256);
	for (let entry = 0; entry < 256; entry++) entries[((table0[entry] ?? 0) >>> 8) & 0xff] = entry;
	return entries;
}

/** The CRC-24 before a byte 0 that left `crc`: where a difference between two checksums came from. */
export function crc24Before(crc: number): number {
	const entry = entryOfLowByte[crc & 0xff] ?? 0;
	return ((crc ^ ((table0[entry] ?? 0) >>> 8)) >>> 8) | (entry << 16);
}
