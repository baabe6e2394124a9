import { bmx280Temperature } from "./bmx280";
import { type Driver, pressure } from "./driver";
import { type I2CDevice, int16, uint24 } from "./i2c-device";

/** Registers (DocID027083, table 17). */
const register = Object.freeze({
	id: 0x0f,
	control1: 0x10,
	control2: 0x11,
	offset: 0x18,
	status: 0x27,
	data: 0x28,
});
const idValue = 0xb1;

/** Power-down, block data update: also marks a chip that has been initialised (section 9.4). */
const blockDataUpdate = 0x02;
/** Without the reserved bit. */
const control1Mask = 0x7f;
/** Control register 2 (section 9.5): address increment, and one measurement. */
const measureOnce = 0x11;
const softReset = 0x04;
const reboot = 0x80;
/** Loads the trimming values again (section 7.6: 2.2 ms). */
const rebootMs = 2.2;
const bothReady = 0x03;
/** One measurement with low noise, and a little more. */
const conversionMs = 40;

/** ST LPS22HB: pressure and temperature. It measures on demand and is powered down in between. */
export const lps22hb = Object.freeze<Driver>({
	name: "LPS22HB",
	// Selected by pin SA0.
	addresses: Object.freeze([0x5c, 0x5d]),
	fields: Object.freeze([bmx280Temperature, Object.freeze({ ...pressure, min: 259.9, max: 1260.1 })]),

	matches: isLPS22HB,

	/** Clears the offset and the thresholds of another program, and loads the trimming values. */
	reset(chip, step) {
		if (step === 0) {
			chip.checkIdentity(isLPS22HB);
			chip.writeUint8(register.control2, softReset);
			return rebootMs;
		}
		if (step === 1) {
			chip.writeUint8(register.control2, reboot);
			return rebootMs;
		}
		return (chip.readUint8(register.control2) & (softReset | reboot)) === 0 ? 0 : rebootMs;
	},

	/** Its reset may not have arrived: then the offset is that of another program, and nothing else would show it. */
	open(chip) {
		if (chip.readUint16(register.offset) !== 0) throw chip.lostError();
		chip.writeUint8(register.control1, blockDataUpdate);
	},

	start(chip) {
		if (!isMarked(chip)) throw chip.lostError();
		chip.writeUint8(register.control2, measureOnce);
		return conversionMs;
	},

	read(chip) {
		if ((chip.readUint8(register.status) & bothReady) !== bothReady) return undefined;
		const bytes = chip.readConfirmed(register.data, 5).reverse();
		if (!isMarked(chip) || !isLPS22HB(chip)) throw chip.lostError();
		// Two's complement; the pressure is never negative.
		return [int16(bytes) / 100, uint24(bytes, 2) / 4096];
	},
});

function isMarked(chip: I2CDevice): boolean {
	return (chip.readUint8(register.control1) & control1Mask) === blockDataUpdate;
}

/** By its id; a BH1750 in bright light answers the same to everything. */
function isLPS22HB(chip: I2CDevice): boolean {
	return chip.readUint8(register.id) === idValue && chip.readUint8(register.control1) !== idValue;
}
