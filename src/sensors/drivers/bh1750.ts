import { type Driver, illuminance } from "./driver";
import { type I2CDevice, uint16 } from "./i2c-device";

/** Opcodes (BH1750FVI technical note, "Instruction Set Architecture"). */
const opcode = Object.freeze({ powerDown: 0x00, powerOn: 0x01, reset: 0x07, measureOnce: 0x20 });

/** Measurement time register. At its minimum, full scale is 121,000 lux instead of 54,000. */
const mtreg = Object.freeze({ default: 69, min: 31 });
/** Of high resolution mode with the default register ("Electrical Characteristics", maximum). */
const measurementMs = 180;

/** Where the chips of ST that share the address have their id. It is not an opcode. */
const stIdRegister = 0x0f;

interface BH1750State {
	/** The register's value in the current measurement. */
	mtreg: number;
	/** The result of the latest step. */
	counts: number | undefined;
}

/**
 * Rohm BH1750: illuminance. Powers down after each measurement; repeats it less sensitively in bright light.
 */
export const bh1750 = Object.freeze<Driver<BH1750State>>({
	name: "BH1750",
	addresses: Object.freeze([0x23, 0x5c]),
	fields: Object.freeze([illuminance]),

	/** No id, but it reads 0 after a reset, whatever was written last. Registers and ports do not. */
	matches: isCleared,

	/** It clears the data only; the measurement time is written for each measurement. */
	reset(chip) {
		chip.checkIdentity(isCleared);
		return 0;
	},

	open: () => ({ mtreg: mtreg.default, counts: undefined }),

	start(chip, state) {
		state.counts = undefined;
		return measure(chip, state, mtreg.default);
	},

	/** Darkness is measured twice: a chip that has lost its supply in the meantime reads 0, too. */
	proceed(chip, state) {
		const wasDark = state.counts === 0;
		state.counts = uint16(chip.read(2));
		if (state.counts === 0 && !wasDark) return measure(chip, state, mtreg.default);
		return state.mtreg === mtreg.default && state.counts === 0xffff ? measure(chip, state, mtreg.min) : 0;
	},

	read(chip, state) {
		// Read twice, as there is no checksum. An idle bus reads as light, too, and cannot be cleared.
		const { counts = 0 } = state;
		if (uint16(chip.read(2)) !== counts || !isCleared(chip)) throw chip.lostError();
		if (counts === 0xffff) throw chip.error("it is brighter than the sensor can measure.");
		return [(counts / 1.2) * (mtreg.default / state.mtreg)];
	},
});

/** Clears the data register; false if this is not a BH1750. */
function isCleared(chip: I2CDevice): boolean {
	for (const byte of [opcode.powerDown, opcode.powerOn, opcode.reset]) chip.write(byte);
	const cleared = uint16(chip.read(2));
	chip.write(opcode.powerDown);
	return cleared === 0 && uint16(chip.read(2)) === 0 && chip.readUint8(stIdRegister) === 0;
}

function measure(chip: I2CDevice, state: BH1750State, value: number): number {
	// The register is written in two parts: its upper three bits, then its lower five.
	const parts = [0x40 | (value >> 5), 0x60 | (value & 31)];
	for (const byte of [opcode.powerOn, ...parts, opcode.measureOnce]) chip.write(byte);
	state.mtreg = value;
	return (measurementMs * value) / mtreg.default;
}
