import { current, type Driver, voltage } from "./driver";
import { int16, uint16 } from "./i2c-device";
import { currentOverShunt, defaultShuntOhms } from "./shunt";
import { identifyTIChip, ina2xxAddresses } from "./ti-identification";

/** Registers (SBOS448G, section 8.6, table 2). */
const register = Object.freeze({ configuration: 0x00, shuntVoltage: 0x01, busVoltage: 0x02 });

/** Both voltages once, up to 32 V and ±320 mV, each averaged over 16 measurements (section 8.6.2.1). */
const measureOnce = 0x3e63;
/** Without the unused bit. */
const configurationMask = 0xbfff;
const resetCommand = 0x8000;
const conversionReady = 0x0002;
/** Two conversions one after the other, at 1.1 times the typical duration ("ADC Settings"). */
const conversionMs = 2 * 8.51 * 1.1;

/** Sections 8.6.3.1 and 8.6.3.2. */
const busVoltsPerCount = 0.004;
const shuntVoltsPerCount = 10e-6;
/** At this count or above, the current is beyond the range. */
const maxShuntCounts = 32_000;

/**
 * Texas Instruments INA219: voltage of a load, and current from VIN+ to VIN−. The state is the shunt in ohms.
 */
export const ina219 = Object.freeze<Driver<number>>({
	name: "INA219",
	addresses: ina2xxAddresses,
	fields: Object.freeze([Object.freeze({ ...voltage, min: 0, max: 32 }), current]),

	matches: (chip) => identifyTIChip(chip) === "INA219",
	hasRegisters: true,

	/** Takes effect at once (section 8.6.2.1). */
	reset(chip) {
		if (identifyTIChip(chip) !== "INA219") throw chip.otherChipError();
		chip.writeUint16(register.configuration, resetCommand);
		return 0;
	},

	open: (_, { shuntOhms = defaultShuntOhms }) => shuntOhms,

	start(chip) {
		chip.writeUint16(register.configuration, measureOnce);
		return conversionMs;
	},

	read(chip, shuntOhms) {
		const bus = uint16(chip.readConfirmed(register.busVoltage, 2));
		if ((bus & conversionReady) === 0) return undefined;
		const shunt = int16(chip.readConfirmed(register.shuntVoltage, 2));
		if ((chip.readUint16(register.configuration) & configurationMask) !== measureOnce) throw chip.lostError();
		return [
			(bus >> 3) * busVoltsPerCount,
			currentOverShunt(chip, shunt, maxShuntCounts, shuntVoltsPerCount, shuntOhms),
		];
	},
});
