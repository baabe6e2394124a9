import type { OneWire } from "../../boards/board";

/** Bytes of a ROM code: family, six of the serial number, CRC. */
const romBytes = 8;

/**
 * The CRC of 1-Wire chips: polynomial x⁸ + x⁵ + x⁴ + 1, least significant bit first, from 0 (Maxim's application note
 * 27).
 */
export function crc8Maxim(bytes: Iterable<number>): number {
	let crc = 0;
	for (const byte of bytes) {
		crc ^= byte;
		for (let i = 0; i < 8; i++) crc = (crc & 1) === 1 ? (crc >> 1) ^ 0x8c : crc >> 1;
	}
	return crc;
}

/** Whether these are the bytes of a ROM code, by its CRC. A line that is shorted reads zeros, whose CRC is right. */
export function isValidRom(rom: Uint8Array): boolean {
	return rom.length === romBytes && rom[0] !== 0 && crc8Maxim(rom) === 0;
}

/** A ROM code as people write it: the family, then the serial number from its most significant byte: `28-00000b1a7f3c`. */
export function romText(rom: Uint8Array): string {
	let serial = "";
	for (let at = romBytes - 2; at > 0; at--) serial += hex(rom[at]);
	return `${hex(rom[0])}-${serial}`;
}

const matchRom = 0x55;

/** Speaks to one chip alone. Whether anybody was there. */
export function selectDevice(bus: OneWire, rom: Uint8Array): boolean {
	if (!bus.reset()) return false;
	bus.write(Uint8Array.of(matchRom, ...rom));
	return true;
}

function hex(byte = 0): string {
	return byte.toString(16).padStart(2, "0");
}
