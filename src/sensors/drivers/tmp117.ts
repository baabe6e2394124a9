import { type Driver, temperature } from "./driver";
import { identifyTIChip, isTMP117 } from "./ti-identification";

/** Registers (SNOSD82D, "Register Map"). */
const register = Object.freeze({ temperature: 0x00, configuration: 0x01 });

/**
 * One conversion of eight averaged measurements, then shutdown ("Configuration Register", "One-Shot Mode").
 */
const measureOnce = 0x0c20;
const dataReady = 0x2000;
const loadingMemory = 0x1000;
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

	matches: (chip) => identifyTIChip(chip) === "TMP117",

	open(chip) {
		if (!isTMP117(chip)) throw chip.error("another chip answers there.");
		if ((chip.readUint16(register.configuration) & loadingMemory) !== 0)
			throw chip.error("it has just been switched on, and is not ready yet.");
	},

	start(chip) {
		chip.writeUint16(register.configuration, measureOnce);
		return conversionMs;
	},

	read(chip) {
		if ((chip.readUint16(register.configuration) & dataReady) === 0) return undefined;
		const celsius = chip.readInt16(register.temperature) * celsiusPerCount;
		if (celsius === powerOnCelsius) throw chip.error("it lost its measurement. Check its supply and wiring.");
		return [celsius];
	},
});
