import { type Driver, illuminance } from "./driver";
import { type I2CDevice, uint16 } from "./i2c-device";

/** Registers (VEML7700 data sheet, rev. 1.8, "Command Register Format"); low byte first. */
const register = Object.freeze({ configuration: 0x00, powerSaving: 0x03, illuminance: 0x04, id: 0x07 });
/** The upper byte is that of the address option. */
const idValue = 0x81;
const shutdown = 0x0001;
/** Of the configuration, without the reserved bits. */
const configurationMask = 0x1bf3;

/** Gain, integration time and resolution ("Resolution and maximum detection range"). */
interface Range {
	readonly configuration: number;
	readonly integrationMs: number;
	readonly luxPerCount: number;
}

/** For most light; the two others for more than 5,000 and for less than 50 lux. */
const normalRange: Range = Object.freeze({ configuration: 0x1000, integrationMs: 100, luxPerCount: 0.5376 });
const brightRange: Range = Object.freeze({ configuration: 0x1300, integrationMs: 25, luxPerCount: 2.1504 });
const darkRange: Range = Object.freeze({ configuration: 0x0880, integrationMs: 400, luxPerCount: 0.0084 });
const minNormalCounts = 100;
const maxNormalCounts = 10_000;

/** Between power-up and the first integration. */
const powerUpMs = 2.5;
/** The integration time is not exact. */
const integrationTolerance = 1.2;

interface VEML7700State {
	range: Range;
}

/** Vishay VEML7700: illuminance. It is shut down in between; repeats the measurement in dim and in bright light. */
export const veml7700 = Object.freeze<Driver<VEML7700State>>({
	name: "VEML7700",
	addresses: Object.freeze([0x10]),
	fields: Object.freeze([illuminance]),

	matches: isVEML7700,

	open(chip) {
		chip.checkIdentity(isVEML7700);
		writeRegister(chip, register.powerSaving, 0);
		return { range: normalRange };
	},

	start: (chip, state) => measure(chip, state, normalRange),

	proceed(chip, state) {
		if (state.range !== normalRange) return 0;
		const counts = readRegister(chip, register.illuminance);
		if (counts >= minNormalCounts && counts <= maxNormalCounts) return 0;
		return measure(chip, state, counts < minNormalCounts ? darkRange : brightRange);
	},

	read(chip, { range }) {
		const counts = uint16(chip.readConfirmed(register.illuminance, 2).reverse());
		const configuration = readRegister(chip, register.configuration) & configurationMask;
		if (configuration !== range.configuration || !isVEML7700(chip)) throw chip.lostError();
		writeRegister(chip, register.configuration, range.configuration | shutdown);
		if (counts === 0xffff) throw chip.error("it is brighter than the sensor can measure.");
		return [linearize(counts * range.luxPerCount)];
	},
});

function isVEML7700(chip: I2CDevice): boolean {
	return (readRegister(chip, register.id) & 0xff) === idValue;
}

/** Shut down first: a new configuration then takes effect with a whole integration. */
function measure(chip: I2CDevice, state: VEML7700State, range: Range): number {
	writeRegister(chip, register.configuration, range.configuration | shutdown);
	writeRegister(chip, register.configuration, range.configuration);
	state.range = range;
	return powerUpMs + range.integrationMs * integrationTolerance;
}

/** Above 1,000 lux the response falls off (application note 84323, "Correction formula"). */
function linearize(lux: number): number {
	if (lux <= 1000) return lux;
	return (((6.0135e-13 * lux - 9.3924e-9) * lux + 8.1488e-5) * lux + 1.0023) * lux;
}

function readRegister(chip: I2CDevice, number: number): number {
	return uint16(chip.readRegisters(number, 2).reverse());
}

function writeRegister(chip: I2CDevice, number: number, value: number): void {
	chip.write(number, value & 0xff, value >> 8);
}
