import type { Field } from "../../reading/reading";
import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { I2CDeviceOptions } from "./i2c-device";
import { identifyTIChip } from "./ti-identification";

/** Registers (SBAS444E, "Address Pointer Register"). */
const register = Object.freeze({ conversion: 0x00, configuration: 0x01 });

/** Written it starts one conversion, read it tells that none is under way ("Config Register"). */
const operational = 0x8000;
/** AIN0 against ground; the others follow. */
const firstInput = 0x4000;
/** Single-shot mode, 128 samples per second, the comparator off. */
const singleShot = 0x0183;
/** Milliseconds: a 128th of a second, and a tenth more ("Electrical Characteristics", data rate variation). */
const conversionMs = (1000 / 128) * 1.1;
const inputCount = 4;

/** Volts of the largest number, in the order of the setting ("Config Register", PGA). */
const rangesVolts: readonly number[] = Object.freeze([6.144, 4.096, 2.048, 1.024, 0.512, 0.256]);
const maxCounts = 0x7fff;

export interface ADS1115Configuration {
	/** The largest voltage to be measured, volts: the least of its ranges that has it is taken. 4.096 at first. */
	readonly rangeVolts?: number;
}

/** ECMA-419 has no class for it: it is named in its manner. */
export interface ADS1115Sample {
	/** Of its four inputs against ground, volts; `undefined` for one that was not converted, or is beyond the range. */
	readonly voltmeters: readonly { readonly voltage: number | undefined }[];
}

/** Texas Instruments ADS1115: four voltages, one conversion after the other, asleep in between. */
export class ADS1115 extends ChipDriver<ADS1115Sample> {
	private gainSetting = 1;
	private voltages: (number | undefined)[] = [];
	/** The input whose conversion is under way; `undefined` when none is. */
	private convertingInput: number | undefined;

	/** Throws a `SensorError` when there is no ADS1115 at the address. */
	constructor(options: I2CDeviceOptions) {
		super("ADS1115", options, (chip) => {
			if (identifyTIChip(chip) !== "ADS1115") throw chip.error("another chip answers there.");
		});
	}

	override configure({ rangeVolts = rangesVolts[this.gainSetting] ?? 0 }: ADS1115Configuration): void {
		const fits = rangesVolts.filter((rangeMax) => rangeMax >= rangeVolts).length;
		this.gainSetting = Math.max(0, fits - 1);
	}

	override start(): number {
		this.voltages = [];
		return this.convert(0);
	}

	override proceed(): number {
		const input = this.convertingInput;
		if (input === undefined || !this.readResult() || input + 1 === inputCount) return 0;
		return this.convert(input + 1);
	}

	override sample(): ADS1115Sample | undefined {
		// Whoever does not call proceed gets what the first conversion gave.
		if (this.convertingInput !== undefined && !this.readResult()) return undefined;
		const voltages = this.voltages;
		this.voltages = [];
		if (voltages.length === 0) return undefined;
		return { voltmeters: Array.from({ length: inputCount }, (_, input) => ({ voltage: voltages[input] })) };
	}

	private convert(input: number): number {
		this.chip.writeUint16(register.configuration, operational | this.configurationOf(input));
		this.convertingInput = input;
		return conversionMs;
	}

	/** Takes the result of the conversion that was started last; `false` while it is under way. */
	private readResult(): boolean {
		const configuration = this.chip.readUint16(register.configuration);
		if ((configuration & operational) === 0) return false;
		if ((configuration & ~operational) !== this.configurationOf(this.convertingInput ?? 0))
			throw this.chip.error("it lost its measurement. Check its supply and wiring.");
		const counts = this.chip.readInt16(register.conversion);
		const beyond = counts === maxCounts || counts === -maxCounts - 1;
		this.voltages.push(
			beyond ? undefined : (counts * (rangesVolts[this.gainSetting] ?? 0)) / (maxCounts + 1),
		);
		this.convertingInput = undefined;
		return true;
	}

	private configurationOf(input: number): number {
		return (firstInput + (input << 12)) | (this.gainSetting << 9) | singleShot;
	}
}

/** An eighth of a millivolt is its resolution in the usual range. */
const channelField = (input: number): Field =>
	Object.freeze({ name: `channel${input}`, unit: "volt", decimals: 4 });

export const ads1115 = defineDriver<ADS1115Sample>({
	name: "ADS1115",
	// By what its pin ADDR is connected to ("I2C Address Selection").
	addresses: [0x48, 0x49, 0x4a, 0x4b],
	matches: (chip) => identifyTIChip(chip) === "ADS1115",
	open(options, { rangeVolts }) {
		const driver = new ADS1115(options);
		if (rangeVolts !== undefined) driver.configure({ rangeVolts });
		return driver;
	},
	fields: [channelField(0), channelField(1), channelField(2), channelField(3)],
	values: ({ voltmeters }) => voltmeters.map(({ voltage }) => voltage),
});
