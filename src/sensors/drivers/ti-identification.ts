import type { I2CDevice } from "./i2c-device";

// Three chips of Texas Instruments share addresses, and only one of them has an id. All have sixteen-bit
// registers. Identification only reads.

/** TMP117 (SNOSD82D, "Device ID Register"): the upper four bits are its revision. */
const tmp117Id = Object.freeze({ register: 0x0f, mask: 0x0fff, value: 0x0117 });

/** Limits of the ADS1115's comparator (SBAS444E, "Lo_thresh and Hi_thresh Registers"). */
const ads1115Limits = Object.freeze({ low: 0x02, high: 0x03 });

/** INA219 (SBOS448G, section 8.6, table 2). */
const ina219Register = Object.freeze({
	configuration: 0x00,
	bus: 0x02,
	power: 0x03,
	current: 0x04,
	calibration: 0x05,
});

export function isTMP117(chip: I2CDevice): boolean {
	return (chip.readUint16(tmp117Id.register) & tmp117Id.mask) === tmp117Id.value;
}

/**
 * The limits have their reset values, or those that make pin ALERT signal the end of a conversion
 * ("Conversion Ready Pin"). In an ADS1015 the lower four bits of each are 0.
 */
function isADS1115(chip: I2CDevice): boolean {
	const low = chip.readUint16(ads1115Limits.low);
	const high = chip.readUint16(ads1115Limits.high);
	return (low === 0x8000 && high === 0x7fff) || (low === 0x0000 && high === 0x8000);
}

/**
 * Has no id. What is known of its registers: the upper two bits of the configuration are 0 and its mode is
 * not "off"; the last bit of the calibration is 0 (section 8.6.4.1); without a calibration, current and power
 * are 0 (table 2); one bit of the bus voltage is 0, and it is at most 32 V. Other chips at these addresses
 * (INA226, INA3221, LM75, TMP102, PCA9685) differ in one of them. A device that answers the same to every
 * query, or changes its answer, is refused.
 */
function isINA219(chip: I2CDevice): boolean {
	const configuration = chip.readUint16(ina219Register.configuration);
	const calibration = chip.readUint16(ina219Register.calibration);
	const bus = chip.readUint16(ina219Register.bus);
	if (configuration === calibration || configuration !== chip.readUint16(ina219Register.configuration))
		return false;
	if ((configuration & 0xc000) !== 0 || (configuration & 0x0007) === 0) return false;
	if ((calibration & 1) !== 0 || (bus & 4) !== 0 || bus >> 3 > 8000) return false;
	if (calibration !== 0) return true;
	return chip.readUint16(ina219Register.current) === 0 && chip.readUint16(ina219Register.power) === 0;
}

/** Which of them a chip is; `undefined` for none. Throws a `SensorError` if it does not answer. */
export function identifyTIChip(chip: I2CDevice): "TMP117" | "ADS1115" | "INA219" | undefined {
	if (isTMP117(chip)) return "TMP117";
	if (isADS1115(chip)) return "ADS1115";
	return isINA219(chip) ? "INA219" : undefined;
}
