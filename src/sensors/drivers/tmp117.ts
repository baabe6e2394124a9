import { type Driver, temperature } from "./driver";
import { int16 } from "./i2c-device";
import { isTMP117 } from "./ti-identification";

/** Registers (SNOSD82D, "Register Map"). */
const register = Object.freeze({ temperature: 0x00, configuration: 0x01, memoryLock: 0x04 });

/**
 * One conversion of eight averaged measurements, then shutdown ("Configuration Register", "One-Shot Mode").
 */
const measureOnce = 0x0c20;
const dataReady = 0x2000;
const loadingMemory = 0x1000;
const softReset = 0x0002;
/** "Software Reset". */
const resetMs = 2;
/** Bits that read as written: the lower of the mode (the other one falls when the conversion ends), and the settings. */
const settingsMask = 0x07fc;
/** Eight times the maximum of one measurement ("Electrical Characteristics", one-shot conversion time). */
const conversionMs = 8 * 17.5;

/** Until the first conversion has ended ("Power Up"). */
const powerOnCelsius = -256;
const celsiusPerCount = 0.0078125;

/** Texas Instruments TMP117: temperature, to 0.1 °C. */
export const tmp117 = Object.freeze<Driver>({
	name: "TMP117",
	// Selected by pin ADD0 ("Serial Bus Address").
	addresses: Object.freeze([0x48, 0x49, 0x4a, 0x4b]),
	// "Recommended Operating Conditions", and 0.1 °C for rounding.
	fields: Object.freeze([Object.freeze({ ...temperature, min: -55.1, max: 150.1 })]),

	matches: isTMP117,
	hasRegisters: true,

	/** Loads the settings and the offset from its memory, which another program may have changed. */
	reset(chip, step) {
		if (step > 0) return (chip.readUint16(register.configuration) & loadingMemory) === 0 ? 0 : resetMs;
		chip.checkIdentity(isTMP117);
		// Unlocked by another program, its memory would take the next write.
		chip.writeUint16(register.memoryLock, 0);
		chip.writeUint16(register.configuration, softReset);
		return resetMs;
	},

	start(chip) {
		chip.writeUint16(register.configuration, measureOnce);
		return conversionMs;
	},

	read(chip) {
		if ((chip.readUint16(register.configuration) & dataReady) === 0) return undefined;
		const celsius = int16(chip.readConfirmed(register.temperature, 2)) * celsiusPerCount;
		// An idle bus reads as −0.0078 °C, and a chip that was reset measures by itself, with other settings.
		const difference = chip.readUint16(register.configuration) ^ measureOnce;
		if ((difference & settingsMask) !== 0 || celsius === powerOnCelsius) throw chip.lostError();
		return [celsius];
	},
});
