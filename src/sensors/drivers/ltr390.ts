import { type Driver, illuminance, uvIndex } from "./driver";
import { type I2CDevice, uint24 } from "./i2c-device";

/** Registers (LTR-390UV-01 data sheet, rev. 1.4, section 7). */
const register = Object.freeze({
	control: 0x00,
	rate: 0x04,
	gain: 0x05,
	id: 0x06,
	status: 0x07,
	illuminance: 0x0d,
	ultraviolet: 0x10,
});

/** The lower four bits are the revision. */
const idMask = 0xf0;
const idValue = 0xb0;
const enable = 0x02;
const ultravioletMode = 0x08;
const softReset = 0x10;
/** Of these three, without the reserved bits of their registers. */
const modeMask = 0x1a;
const resetMs = 10;
/** 20 bits in 400 ms, one measurement each 500 ms. */
const rate20Bit = 0x04;
const rateMask = 0x77;
const dataReady = 0x08;
const gain1 = 0x00;
const gain18 = 0x04;
const gainMask = 0x07;
/** One measurement, and a little more. */
const measurementMs = 450;
const maxCounts = 0xfffff;

/** Section 8: for 20 bits, with gain 1 and gain 18; without a window over the sensor. */
const luxPerCount = 0.6 / 4;
const countsPerUVIndex = 2300;

interface LTR390State {
	/** Counts of the first of the two measurements. */
	light: number | undefined;
}

/** Lite-On LTR390: illuminance and UV index, one after the other. It is in standby in between. */
export const ltr390 = Object.freeze<Driver<LTR390State>>({
	name: "LTR390",
	addresses: Object.freeze([0x53]),
	fields: Object.freeze([illuminance, uvIndex]),

	matches: isLTR390,

	/** It does not acknowledge its reset. */
	reset(chip, step) {
		if (step > 0) return 0;
		chip.checkIdentity(isLTR390);
		chip.tryWrite(register.control, softReset);
		return resetMs;
	},

	open: () => ({ light: undefined }),

	start(chip, state) {
		state.light = undefined;
		return measure(chip, enable, gain1);
	},

	proceed(chip, state) {
		if (state.light !== undefined) return 0;
		state.light = takeCounts(chip, register.illuminance, enable, gain1);
		return state.light === undefined ? 0 : measure(chip, enable | ultravioletMode, gain18);
	},

	read(chip, { light }) {
		const ultraviolet = takeCounts(chip, register.ultraviolet, enable | ultravioletMode, gain18);
		if (light === undefined || ultraviolet === undefined) return undefined;
		if (light === maxCounts) throw chip.error("it is brighter than the sensor can measure.");
		return [light * luxPerCount, ultraviolet / countsPerUVIndex];
	},
});

/** The reserved bits of the control register are 0: an EEPROM may be at this address, and must not be written to. */
function isLTR390(chip: I2CDevice): boolean {
	return (chip.readUint8(register.id) & idMask) === idValue && chip.readUint8(register.control) >> 5 === 0;
}

function measure(chip: I2CDevice, mode: number, gain: number): number {
	chip.writeUint8(register.control, 0);
	chip.writeUint8(register.rate, rate20Bit);
	chip.writeUint8(register.gain, gain);
	// Reading the status clears the sign of an older measurement.
	chip.readUint8(register.status);
	chip.writeUint8(register.control, mode);
	return measurementMs;
}

/** Puts the chip in standby, in which the data stay. `undefined` if the measurement has not ended. */
function takeCounts(chip: I2CDevice, first: number, mode: number, gain: number): number | undefined {
	if ((chip.readUint8(register.status) & dataReady) === 0) return undefined;
	if ((chip.readUint8(register.control) & modeMask) !== mode) throw chip.lostError();
	chip.writeUint8(register.control, mode & ~enable);
	const counts = uint24(chip.readConfirmed(first, 3).reverse()) & maxCounts;
	const [rate = 0, sensitivity = 0] = chip.readRegisters(register.rate, 2);
	if ((rate & rateMask) !== rate20Bit || (sensitivity & gainMask) !== gain || !isLTR390(chip))
		throw chip.lostError();
	return counts;
}
