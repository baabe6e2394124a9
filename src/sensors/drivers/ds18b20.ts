import { crc8Maxim } from "../../common/crc8";
import { type Driver, temperature } from "./driver";
import type { OneWireDevice } from "./one-wire-device";

/** Function commands (data sheet 19-7487 Rev 6, "DS18B20 function commands"). */
const command = Object.freeze({
	convert: 0x44,
	writeScratchpad: 0x4e,
	readScratchpad: 0xbe,
	readPowerSupply: 0xb4,
});

/** The scratchpad (figure 9): temperature, two alarms, configuration, three reserved bytes, CRC. */
const scratchpadBytes = 9;
const configurationOffset = 4;
/** Two bits of the configuration, 0 … 3: nine to twelve bits (table 2). The others are reserved. */
const resolutionMask = 0x60;
/** Twelve bits, with the reserved bits as after a reset. */
const configuration12Bit = 0x7f;
/** Maximum with twelve bits (table 2). */
const conversionMs = 750;
/**
 * 85 °C: in the scratchpad until the first conversion ("Temperature register"). Then the reserved byte 6 is 0x0C; a
 * conversion makes it 16 minus the lowest four bits of the temperature, which is 0x10 at a real 85 °C.
 */
const powerOnCounts = 0x0550;
const powerOnByte6 = 0x0c;

/** The DS18B20, and the DS1822, which differs only in accuracy. */
const families: readonly number[] = Object.freeze([0x28, 0x22]);

/** Analog Devices DS18B20, one of several on a 1-Wire bus: temperature. */
export const ds18b20 = Object.freeze<Driver<void, OneWireDevice>>({
	name: "DS18B20",
	addresses: Object.freeze([]),
	fields: Object.freeze([Object.freeze({ ...temperature, min: -55, max: 125 })]),

	matches: (chip) => families.includes(chip.rom[0] ?? 0),

	open(chip) {
		chip.write(command.readPowerSupply);
		// A chip powered by the data line pulls it low; while it converts, no other chip could use the bus.
		if (((chip.read(1)[0] ?? 0) & 1) === 0)
			throw chip.error("it has no supply of its own. Wire its VDD pin to 3.3 V.");
		const scratchpad = readScratchpad(chip);
		if (resolutionOf(scratchpad) === resolutionMask) return;
		// The alarms stay as they are. A chip with a fixed resolution ignores it.
		chip.write(command.writeScratchpad, scratchpad[2] ?? 0, scratchpad[3] ?? 0, configuration12Bit);
	},

	start(chip) {
		chip.write(command.convert);
		return conversionMs;
	},

	read(chip) {
		const scratchpad = readScratchpad(chip);
		const counts = (((scratchpad[1] ?? 0) << 24) >> 16) | (scratchpad[0] ?? 0);
		if (counts === powerOnCounts && scratchpad[6] === powerOnByte6)
			throw chip.error("it reports 85 °C, its value after a loss of supply. Check its wiring.");
		// With fewer bits, the lowest ones are undefined.
		const undefinedBits = 3 - (resolutionOf(scratchpad) >> 5);
		return [(counts & (-1 << undefinedBits)) / 16];
	},
});

function resolutionOf(scratchpad: Uint8Array): number {
	return (scratchpad[configurationOffset] ?? 0) & resolutionMask;
}

function readScratchpad(chip: OneWireDevice): Uint8Array {
	chip.write(command.readScratchpad);
	const scratchpad = chip.read(scratchpadBytes);
	// Without an answer the line stays high. The CRC of zeros, which a shorted line gives, is right.
	if (scratchpad.every((byte) => byte === 0xff)) throw chip.error("it does not answer. Check its wiring.");
	if (crc8Maxim(scratchpad) !== 0 || scratchpad.every((byte) => byte === 0))
		throw chip.error("wrong checksum. Check its wiring and the 4.7 kΩ resistor to 3.3 V.");
	return scratchpad;
}
