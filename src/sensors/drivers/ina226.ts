import { current, type Driver, voltage } from "./driver";
import { type I2CDevice, int16, uint16 } from "./i2c-device";
import { currentOverShunt, defaultShuntOhms } from "./shunt";
import { ina2xxAddresses, isTIDevice } from "./ti-identification";

/** Registers (SBOS547A, table 2). */
const register = Object.freeze({ configuration: 0x00, shuntVoltage: 0x01, busVoltage: 0x02, mask: 0x06 });

/** Both voltages once, each averaged over 16 conversions of 1.1 ms ("Configuration Register"). */
const measureOnce = 0x4523;
/** Without the reset bit and three that are not used. */
const configurationMask = 0x0fff;
const softReset = 0x8000;
const conversionReady = 0x0008;
/** At the maximum of a conversion, 1.21 ms. */
const conversionMs = 2 * 16 * 1.21;

const busVoltsPerCount = 0.00125;
const shuntVoltsPerCount = 2.5e-6;
const maxShuntCounts = 0x7fff;

/** Texas Instruments INA226: voltage of a load, and current from IN+ to IN−. The state is the shunt in ohms. */
export const ina226 = Object.freeze<Driver<number>>({
	name: "INA226",
	addresses: ina2xxAddresses,
	fields: Object.freeze([Object.freeze({ ...voltage, min: 0, max: 36.1 }), current]),

	matches: isINA226,
	hasRegisters: true,

	/** Takes effect at once. */
	reset(chip) {
		chip.checkIdentity(isINA226);
		chip.writeUint16(register.configuration, softReset);
		return 0;
	},

	open: (_, { shuntOhms = defaultShuntOhms }) => shuntOhms,

	start(chip) {
		chip.writeUint16(register.configuration, measureOnce);
		return conversionMs;
	},

	read(chip, shuntOhms) {
		if ((chip.readUint16(register.mask) & conversionReady) === 0) return undefined;
		const bus = uint16(chip.readConfirmed(register.busVoltage, 2));
		const shunt = int16(chip.readConfirmed(register.shuntVoltage, 2));
		const configuration = chip.readUint16(register.configuration);
		if ((configuration & configurationMask) !== (measureOnce & configurationMask) || !isINA226(chip))
			throw chip.lostError();
		return [
			bus * busVoltsPerCount,
			currentOverShunt(chip, shunt, maxShuntCounts, shuntVoltsPerCount, shuntOhms),
		];
	},
});

/** By its ids, without the revision. */
function isINA226(chip: I2CDevice): boolean {
	return isTIDevice(chip, 0xfe, 0x2260);
}
