import type { Driver, SensorField } from "./driver";
import { type I2CDevice, int16 } from "./i2c-device";
import { ads1115Limits, identifyTIChip } from "./ti-identification";

/** Registers (SBAS444E, "Address Pointer Register"). */
const register = Object.freeze({ conversion: 0x00, configuration: 0x01 });

/** Written, it starts one conversion; read, it means that none is in progress ("Config Register"). */
const operational = 0x8000;
/** AIN0 against ground; the other inputs follow. */
const firstInput = 0x4000;
/** Single-shot mode, 128 samples per second, comparator off. */
const singleShot = 0x0183;
/** A 128th of a second, plus 10 % ("Electrical Characteristics", data rate variation). */
const conversionMs = (1000 / 128) * 1.1;
const inputCount = 4;
const maxStarts = 4;
const lowLimit = 0x8000;
const highLimit = 0x7fff;

/** Full scale in volts, by the number of the gain setting ("Config Register", PGA). */
const rangesVolts: readonly number[] = Object.freeze([6.144, 4.096, 2.048, 1.024, 0.512, 0.256]);
const defaultRangeVolts = 4.096;
const maxCounts = 0x7fff;

interface ADS1115State {
	readonly gain: number;
	/** Of the inputs converted so far; `undefined` beyond the range. */
	volts: (number | undefined)[];
}

/** The resolution is 0.125 mV in the default range. */
const channelField = (input: number): SensorField =>
	Object.freeze({ name: `channel${input}`, unit: "volt", decimals: 4 });

/** Texas Instruments ADS1115: four voltages, converted one after the other; powered down in between. */
export const ads1115 = Object.freeze<Driver<ADS1115State>>({
	name: "ADS1115",
	// Selected by pin ADDR ("I2C Address Selection").
	addresses: Object.freeze([0x48, 0x49, 0x4a, 0x4b]),
	fields: Object.freeze([channelField(0), channelField(1), channelField(2), channelField(3)]),

	matches: (chip) => identifyTIChip(chip) === "ADS1115",
	hasRegisters: true,

	/** Takes the smallest range that holds `rangeVolts`. */
	open(chip, { rangeVolts = defaultRangeVolts }) {
		if (identifyTIChip(chip) !== "ADS1115") throw chip.otherChipError();
		// As after a reset: they mark the chip.
		chip.writeUint16(ads1115Limits.low, lowLimit);
		chip.writeUint16(ads1115Limits.high, highLimit);
		const fitting = rangesVolts.filter((range) => range >= rangeVolts).length;
		return { gain: Math.max(0, fitting - 1), volts: [] };
	},

	start(chip, state) {
		checkMark(chip);
		state.volts = [];
		return convert(chip, state);
	},

	proceed(chip, state) {
		return readResult(chip, state) && state.volts.length < inputCount ? convert(chip, state) : 0;
	},

	read: (chip, state) =>
		state.volts.length === inputCount || readResult(chip, state) ? state.volts : undefined,
});

/** Again, if a disturbed write has not started it, or it has ended already: the result would be that of another input. */
function convert(chip: I2CDevice, state: ADS1115State): number {
	for (let attempt = 0; attempt < maxStarts; attempt++) {
		chip.writeUint16(register.configuration, operational | configurationOf(state));
		if ((chip.readUint16(register.configuration) & operational) === 0) return conversionMs;
	}
	throw chip.lostError();
}

/** Another chip of this maker has a register that reads as written, too. */
function checkMark(chip: I2CDevice): void {
	if (chip.readUint16(ads1115Limits.low) !== lowLimit || chip.readUint16(ads1115Limits.high) !== highLimit)
		throw chip.lostError();
}

/** Takes the result of the conversion; false while it is in progress. */
function readResult(chip: I2CDevice, state: ADS1115State): boolean {
	if ((chip.readUint16(register.configuration) & operational) === 0) return false;
	const counts = int16(chip.readConfirmed(register.conversion, 2));
	// Afterwards, because an idle bus reads as a voltage.
	if (chip.readUint16(register.configuration) !== (operational | configurationOf(state)))
		throw chip.lostError();
	checkMark(chip);
	const inRange = counts < maxCounts && counts >= -maxCounts;
	state.volts.push(inRange ? (counts * (rangesVolts[state.gain] ?? 0)) / (maxCounts + 1) : undefined);
	return true;
}

/** For the next input. */
function configurationOf({ gain, volts }: ADS1115State): number {
	return (firstInput + (volts.length << 12)) | (gain << 9) | singleShot;
}
