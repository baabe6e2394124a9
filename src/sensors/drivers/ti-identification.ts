import type { I2CDevice } from "./i2c-device";

// Chips of Texas Instruments share addresses, and two of them have no id. All have sixteen-bit registers. Where
// reading does not decide, a register is written and restored.

/** TMP117 (SNOSD82D, "Device ID Register"): the upper four bits are its revision. */
const tmp117Id = Object.freeze({ register: 0x0f, mask: 0x0fff, value: 0x0117 });

/** Limits of the ADS1115's comparator (SBAS444E, "Lo_thresh and Hi_thresh Registers"). */
export const ads1115Limits = Object.freeze({ low: 0x02, high: 0x03 });

/** INA219 (SBOS448G, section 8.6, table 2). */
const ina219Register = Object.freeze({ configuration: 0x00, bus: 0x02, calibration: 0x05 });

/** Of the INA219, INA226 and INA228: selected by pins A0 and A1 (SBOS448G, section 8.5.5.1, table 1). */
export const ina2xxAddresses: readonly number[] = Object.freeze(
	Array.from({ length: 16 }, (_, index) => 0x40 + index),
);

/** Manufacturer id. */
export const texasInstruments = 0x5449;

/** Whether a chip has these ids, without its revision, in two registers from `first` on. */
export function isTIDevice(chip: I2CDevice, first: number, device: number): boolean {
	return chip.readUint16(first) === texasInstruments && (chip.readUint16(first + 1) & 0xfff0) === device;
}

export function isTMP117(chip: I2CDevice): boolean {
	const id = chip.readUint16(tmp117Id.register) & tmp117Id.mask;
	return id === tmp117Id.value && !isLimit(chip, tmp117Id.register);
}

/**
 * Whether a register is one of the limits of an ADS1115, which decodes only the lowest two bits of the register's number:
 * another program may have set them to what looks like an id.
 */
function isLimit(chip: I2CDevice, register: number): boolean {
	return [register, register ^ 1].every((each) => chip.readUint16(each) === chip.readUint16(each & 3));
}

/**
 * Has no id. The limits have their reset values, or sixteen bits can be written to one without effect on the other: in
 * an ADS1015 and in thermometers some of the bits are 0, and eight-bit registers overlap.
 */
function isADS1115(chip: I2CDevice): boolean {
	const low = chip.readUint16(ads1115Limits.low);
	const high = chip.readUint16(ads1115Limits.high);
	if (low === 0x8000 && high === 0x7fff) return true;
	return holdsWord(chip, ads1115Limits.low, low, 0xffff, ads1115Limits.high, high);
}

/**
 * Has no id. The reset bit reads 0, the bus voltage is at most 32 V, and of the calibration all bits can be written but
 * the last one (section 8.6.4.1), without effect on the configuration.
 */
function isINA219(chip: I2CDevice): boolean {
	const configuration = chip.readUint16(ina219Register.configuration);
	const calibration = chip.readUint16(ina219Register.calibration);
	const bus = chip.readUint16(ina219Register.bus);
	if ((configuration & 0x8000) !== 0 || (calibration & 1) !== 0 || bus >> 3 > 8000) return false;
	const { calibration: written, configuration: other } = ina219Register;
	return holdsWord(chip, written, calibration, 0xfffe, other, configuration);
}

/**
 * Whether exactly the bits of the mask can be written to a register, without effect on another one. The value of the
 * register is restored.
 */
function holdsWord(
	chip: I2CDevice,
	register: number,
	value: number,
	mask: number,
	otherRegister: number,
	otherValue: number,
): boolean {
	chip.writeUint16(register, ~value & 0xffff);
	const inverted = chip.readUint16(register);
	const other = chip.readUint16(otherRegister);
	chip.writeUint16(register, value);
	return inverted === (~value & mask) && other === otherValue && chip.readUint16(register) === value;
}

/** Which of the two without an id a chip is; `undefined` for none. Throws a `SensorError` if it does not answer. */
export function identifyTIChip(chip: I2CDevice): "ADS1115" | "INA219" | undefined {
	// A TMP117, and newer chips of this maker, have an id, and are not written to.
	if (isTMP117(chip)) return undefined;
	const hasId = (register: number) =>
		chip.readUint16(register) === texasInstruments && !isLimit(chip, register);
	if ([0x3e, 0xfe].some(hasId)) return undefined;
	if (isADS1115(chip)) return "ADS1115";
	return isINA219(chip) ? "INA219" : undefined;
}
