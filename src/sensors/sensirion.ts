import { crc8 } from "./crc8";
import { type Peripheral, word } from "./peripheral";

// What Sensirion's chips have in common.

/** A sixteen-bit command as it is written. */
export function command(code: number): readonly number[] {
	return [code >> 8, code & 0xff];
}

/** The words in an answer: two bytes each, then their checksum. Throws a `SensorError` when one does not fit. */
export function words(chip: Peripheral, answer: Uint8Array): readonly number[] {
	const found: number[] = [];
	for (let at = 0; at + 2 < answer.length; at += 3) {
		if (crc8(answer, at, at + 2) !== answer[at + 2]) throw chip.checksumError();
		found.push(word(answer, at));
	}
	return found;
}

/** Degrees Celsius (data sheets, "Conversion of Signal Output"; SCD4x: "read_measurement"). */
export function celsius(word: number): number {
	return -45 + (175 * word) / 65535;
}
