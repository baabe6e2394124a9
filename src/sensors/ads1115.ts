import type { Field } from "../reading/reading";
import { ChipDriver } from "./chip-driver";
import { driverKind } from "./driver-kind";
import type { DriverOptions } from "./peripheral";
import { tellApart } from "./texas";

/** Registers (SBAS444E, "Address Pointer Register"). */
const register = Object.freeze({ conversion: 0x00, configuration: 0x01 });

/** Written it starts one conversion, read it tells that none is under way ("Config Register"). */
const operational = 0x8000;
/** AIN0 against ground; the others follow. */
const firstInput = 0x4000;
/** Single-shot mode, 128 samples per second, the comparator off. */
const singleShot = 0x0183;
/** Milliseconds: a 128th of a second, and a tenth more ("Electrical Characteristics", data rate variation). */
const duration = (1000 / 128) * 1.1;
const inputs = 4;

/** Volts of the largest number, in the order of the setting ("Config Register", PGA). */
const ranges: readonly number[] = Object.freeze([6.144, 4.096, 2.048, 1.024, 0.512, 0.256]);
const largest = 0x7fff;

export interface ADS1115Configuration {
	/** The largest voltage to be measured, volts: the least of its ranges that has it is taken. 4.096 at first. */
	readonly range?: number;
}

/** ECMA-419 has no class for it: it is named in its manner. */
export interface ADS1115Sample {
	/** Of its four inputs against ground, volts; `undefined` for one that was not converted, or is beyond the range. */
	readonly voltmeters: readonly { readonly voltage: number | undefined }[];
}

/** Texas Instruments ADS1115: four voltages, one conversion after the other, asleep in between. */
export class ADS1115 extends ChipDriver<ADS1115Sample> {
	private setting = 1;
	private voltages: (number | undefined)[] = [];
	/** The input whose conversion is under way; `undefined` when none is. */
	private input: number | undefined;

	/** Throws a `SensorError` when there is no ADS1115 at the address. */
	constructor(options: DriverOptions) {
		super("ADS1115", options, (chip) => {
			if (tellApart(chip) !== "ADS1115") throw chip.error("another chip answers there.");
		});
	}

	override configure({ range = ranges[this.setting] ?? 0 }: ADS1115Configuration): void {
		const fits = ranges.filter((most) => most >= range).length;
		this.setting = Math.max(0, fits - 1);
	}

	override start(): number {
		this.voltages = [];
		return this.convert(0);
	}

	override proceed(): number {
		const input = this.input;
		if (input === undefined || !this.collect() || input + 1 === inputs) return 0;
		return this.convert(input + 1);
	}

	override sample(): ADS1115Sample | undefined {
		// Whoever does not call proceed gets what the first conversion gave.
		if (this.input !== undefined && !this.collect()) return undefined;
		const voltages = this.voltages;
		this.voltages = [];
		if (voltages.length === 0) return undefined;
		return { voltmeters: Array.from({ length: inputs }, (_, input) => ({ voltage: voltages[input] })) };
	}

	private convert(input: number): number {
		this.chip.writeUint16(register.configuration, operational | this.configuration(input));
		this.input = input;
		return duration;
	}

	/** Takes the result of the conversion that was started last; `false` while it is under way. */
	private collect(): boolean {
		const configuration = this.chip.readUint16(register.configuration);
		if ((configuration & operational) === 0) return false;
		if ((configuration & ~operational) !== this.configuration(this.input ?? 0))
			throw this.chip.error("it lost its measurement. Check its supply and wiring.");
		const counts = this.chip.readInt16(register.conversion);
		const beyond = counts === largest || counts === -largest - 1;
		this.voltages.push(beyond ? undefined : (counts * (ranges[this.setting] ?? 0)) / (largest + 1));
		this.input = undefined;
		return true;
	}

	private configuration(input: number): number {
		return (firstInput + (input << 12)) | (this.setting << 9) | singleShot;
	}
}

/** An eighth of a millivolt is its resolution in the usual range. */
const channel = (input: number): Field =>
	Object.freeze({ name: `channel${input}`, unit: "volt", decimals: 4 });

export const ads1115 = driverKind<ADS1115Sample>({
	name: "ADS1115",
	// By what its pin ADDR is connected to ("I2C Address Selection").
	addresses: [0x48, 0x49, 0x4a, 0x4b],
	isThis: (chip) => tellApart(chip) === "ADS1115",
	open(options, { range }) {
		const driver = new ADS1115(options);
		if (range !== undefined) driver.configure({ range });
		return driver;
	},
	fields: [channel(0), channel(1), channel(2), channel(3)],
	values: ({ voltmeters }) => voltmeters.map(({ voltage }) => voltage),
});
