import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { Thermometer } from "./ecma419-samples";
import { temperature } from "./fields";
import type { I2CDeviceOptions } from "./i2c-device";
import { identifyTIChip, isTMP117 } from "./ti-identification";

/** Registers (SNOSD82D, "Register Map"). */
const register = Object.freeze({ temperature: 0x00, configuration: 0x01 });

/** One conversion of eight measurements, averaged, then shutdown ("Configuration Register", "One-Shot Mode"). */
const measureOnce = 0x0c20;
const dataReady = 0x2000;
const loadingMemory = 0x1000;
/** Milliseconds: eight times what one measurement takes at most ("Electrical Characteristics", one-shot conversion time). */
const conversionMs = 8 * 17.5;

/** Until its first conversion has ended ("Power Up"). */
const powerOnCelsius = -256;
const celsiusPerCount = 0.0078125;
/** "Recommended Operating Conditions"; a tenth beyond them is rounding. */
const temperatureRangeC = Object.freeze([-55.1, 150.1] as const);

/** Texas Instruments TMP117: temperature, to a tenth of a degree. */
export class TMP117 extends ChipDriver<Thermometer> {
	private started = false;

	/** Throws a `SensorError` when there is no TMP117 at the address. */
	constructor(options: I2CDeviceOptions) {
		super("TMP117", options, (chip) => {
			if (!isTMP117(chip)) throw chip.error("another chip answers there.");
			if ((chip.readUint16(register.configuration) & loadingMemory) !== 0)
				throw chip.error("it has just been switched on, and is not ready yet.");
		});
	}

	override start(): number {
		this.chip.writeUint16(register.configuration, measureOnce);
		this.started = true;
		return conversionMs;
	}

	override sample(): Thermometer | undefined {
		if (!this.started || (this.chip.readUint16(register.configuration) & dataReady) === 0) return undefined;
		this.started = false;
		const temperature = this.chip.readInt16(register.temperature) * celsiusPerCount;
		if (temperature === powerOnCelsius)
			throw this.chip.error("it lost its measurement. Check its supply and wiring.");
		return {
			thermometer: { temperature: this.chip.checkRange("temperature", temperature, temperatureRangeC) },
		};
	}
}

export const tmp117 = defineDriver<Thermometer>({
	name: "TMP117",
	// By what its pin ADD0 is connected to ("Serial Bus Address").
	addresses: [0x48, 0x49, 0x4a, 0x4b],
	matches: (chip) => identifyTIChip(chip) === "TMP117",
	open: (options) => new TMP117(options),
	fields: [temperature],
	values: ({ thermometer }) => [thermometer.temperature],
});
