import fc from "fast-check";
import { expect, test } from "vitest";
import { crc8ByDivision } from "../../simulator/chips/crc8";
import { crc8Sensirion } from "../../src/common/crc8";

test.each([
	// SHT3x-DIS, table 20; SHT4x, "Checksum".
	[0xbeef, 0x92],
	// SCD4x: the answers in the examples of read_measurement, get_data_ready_status and get_serial_number.
	[0x01f4, 0x33],
	[0x6667, 0xa2],
	[0x5eb9, 0x3c],
	[0x8000, 0xa2],
	[0xf896, 0x31],
	[0x9f07, 0xc2],
	[0x3bbe, 0x89],
])("of the word %i is %i, as in the data sheets", (word, expected) => {
	expect(crc8Sensirion(Uint8Array.of(word >> 8, word & 0xff))).toBe(expected);
});

test("the implementations of driver and chip model agree for any bytes", () => {
	fc.assert(
		fc.property(fc.uint8Array({ minLength: 1, maxLength: 12 }), (bytes) => {
			expect(crc8ByDivision([...bytes])).toBe(crc8Sensirion(bytes));
		}),
	);
});

test("covers only the given part", () => {
	const bytes = Uint8Array.of(0, 0xbe, 0xef, 0);
	expect(crc8Sensirion(bytes, 1, 3)).toBe(0x92);
});

test("detects a wrong bit, and any burst of up to eight bits", () => {
	fc.assert(
		fc.property(
			fc.uint8Array({ minLength: 2, maxLength: 6 }),
			fc.nat(),
			fc.integer({ min: 1, max: 255 }),
			(bytes, place, burst) => {
				const damaged = Uint8Array.from(bytes);
				const bit = place % (8 * bytes.length - 7);
				for (let i = 0; i < 8; i++)
					if ((burst & (1 << i)) !== 0)
						damaged[(bit + i) >> 3] = (damaged[(bit + i) >> 3] ?? 0) ^ (0x80 >> ((bit + i) % 8));
				expect(crc8Sensirion(damaged)).not.toBe(crc8Sensirion(bytes));
			},
		),
	);
});
