import { crc8Sensirion } from "../../common/crc8";
import { type I2CDevice, uint16 } from "./i2c-device";

/** The bytes of a sixteen-bit command, and of its arguments with their checksums. */
export function commandBytes(code: number, ...words: readonly number[]): readonly number[] {
	const bytes = [code >> 8, code & 0xff];
	if (words.length === 0) return bytes;
	for (const word of words) {
		const pair = [word >> 8, word & 0xff];
		bytes.push(...pair, crc8Sensirion(Uint8Array.from(pair)));
	}
	return bytes;
}

/** Sends a sixteen-bit command with its arguments. */
export function sendCommand(chip: I2CDevice, code: number, ...words: readonly number[]): void {
	chip.write(...commandBytes(code, ...words));
}

/** The words that a chip answers to a sixteen-bit command. Throws a `SensorError` if a checksum is wrong. */
export function queryWords(chip: I2CDevice, code: number, count: number): readonly number[] {
	return parseWords(chip, chip.query(commandBytes(code), 3 * count));
}

/**
 * The words of an answer: two bytes each, then their checksum. Throws a `SensorError` if a checksum is wrong.
 */
export function parseWords(chip: I2CDevice, answer: Uint8Array): readonly number[] {
	const words: number[] = [];
	for (let at = 0; at + 2 < answer.length; at += 3) {
		if (crc8Sensirion(answer, at, at + 2) !== answer[at + 2]) throw chip.checksumError();
		words.push(uint16(answer, at));
	}
	return words;
}

/** Degrees Celsius (data sheets, "Conversion of Signal Output"; SCD4x: "read_measurement"). */
export function wordToCelsius(word: number): number {
	return -45 + (175 * word) / 65535;
}
