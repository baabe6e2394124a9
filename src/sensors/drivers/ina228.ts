import { current, type Driver, voltage } from "./driver";
import { type I2CDevice, uint24 } from "./i2c-device";
import { currentOverShunt, defaultShuntOhms } from "./shunt";
import { ina2xxAddresses, isTIDevice } from "./ti-identification";

/** Registers (SLYS021A, table 7-3). */
const register = Object.freeze({
	configuration: 0x00,
	adcConfiguration: 0x01,
	shuntVoltage: 0x04,
	busVoltage: 0x05,
	diagnosis: 0x0b,
});

const softReset = 0x8000;
/** Delay, compensation and range: the bits of the configuration that mean something and stay as written. */
const configurationMask = 0x3ff0;
/** Both voltages once, each averaged over 16 conversions of 1,052 µs ("ADC Configuration"). */
const measureOnce = 0x3b6a;
const conversionReady = 0x0002;
const conversionMs = 2 * 16 * 1.052 * 1.1;

/** Of the upper twenty bits of a register; the shunt in the range of ±163.84 mV. */
const busVoltsPerCount = 195.3125e-6;
const shuntVoltsPerCount = 312.5e-9;
const maxShuntCounts = 0x7ffff;

/** Texas Instruments INA228: voltage of a load, and current from IN+ to IN−. The state is the shunt in ohms. */
export const ina228 = Object.freeze<Driver<number>>({
	name: "INA228",
	addresses: ina2xxAddresses,
	fields: Object.freeze([Object.freeze({ ...voltage, min: 0, max: 85.1 }), current]),

	matches: isINA228,
	hasRegisters: true,

	/** Also selects the wider range of the shunt. Takes effect at once. */
	reset(chip) {
		chip.checkIdentity(isINA228);
		chip.writeUint16(register.configuration, softReset);
		return 0;
	},

	open(chip, { shuntOhms = defaultShuntOhms }) {
		chip.writeUint16(register.configuration, 0);
		return shuntOhms;
	},

	start(chip) {
		chip.writeUint16(register.adcConfiguration, measureOnce);
		return conversionMs;
	},

	read(chip, shuntOhms) {
		if ((chip.readUint16(register.diagnosis) & conversionReady) === 0) return undefined;
		const [bus, shunt] = [register.busVoltage, register.shuntVoltage].map(
			(number) => (uint24(chip.readConfirmed(number, 3)) << 8) >> 12,
		);
		if (
			chip.readUint16(register.adcConfiguration) !== measureOnce ||
			(chip.readUint16(register.configuration) & configurationMask) !== 0 ||
			!isINA228(chip)
		)
			throw chip.lostError();
		return [
			(bus ?? 0) * busVoltsPerCount,
			currentOverShunt(chip, shunt ?? 0, maxShuntCounts, shuntVoltsPerCount, shuntOhms),
		];
	},
});

/** By its ids, without the revision. */
function isINA228(chip: I2CDevice): boolean {
	return isTIDevice(chip, 0x3e, 0x2280);
}
