import type { I2CDevice } from "./i2c-device";

// Three of Texas Instruments' chips share addresses, and only one of them has an id. All have registers of sixteen bits,
// and telling them apart only reads.

/** TMP117 (SNOSD82D, "Device ID Register"): the upper four bits are its revision. */
const tmp117Id = Object.freeze({ register: 0x0f, mask: 0x0fff, value: 0x0117 });

/** ADS1115 (SBAS444E, "Lo_thresh and Hi_thresh Registers"): the comparator's limits, which have all sixteen bits there alone. */
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
 * The limits are as after the reset, or as they are set to make the pin ALERT tell the end of a conversion ("Conversion
 * Ready Pin"). An ADS1015 has four zeros at the end of each.
 */
function isADS1115(chip: I2CDevice): boolean {
	const low = chip.readUint16(ads1115Limits.low);
	const high = chip.readUint16(ads1115Limits.high);
	return (low === 0x8000 && high === 0x7fff) || (low === 0x0000 && high === 0x8000);
}

/**
 * It has no id. What can be known of its registers: the upper two bits of the configuration are 0 and its mode is not
 * "off", the last bit of the calibration is 0 (section 8.6.4.1), without a calibration there is neither current nor power
 * (table 2), the bus voltage has a bit that is always 0 and is 32 V at most. Other chips of these addresses (INA226,
 * INA3221, LM75, TMP102, PCA9685) differ in one of them. What tells the same whatever it is asked, or something else
 * each time, is none.
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

/** Which of them a chip is; `undefined` for none. Throws a `SensorError` when it does not answer. */
export function identifyTIChip(chip: I2CDevice): "TMP117" | "ADS1115" | "INA219" | undefined {
	if (isTMP117(chip)) return "TMP117";
	if (isADS1115(chip)) return "ADS1115";
	return isINA219(chip) ? "INA219" : undefined;
}
