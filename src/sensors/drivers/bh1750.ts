import { ChipDriver } from "./chip-driver";
import { defineDriver } from "./define-driver";
import type { Lightmeter } from "./ecma419-samples";
import { illuminance } from "./fields";
import { type I2CDeviceOptions, uint16 } from "./i2c-device";

/** Commands, a byte each (BH1750FVI technical note, "Instruction Set Architecture"). */
const command = Object.freeze({ powerDown: 0x00, powerOn: 0x01, reset: 0x07, measureOnce: 0x20 });
/** The chip's own, and the least that it has: 121,000 lux instead of 54,000 are its most then. */
const measurementTimeRegister = Object.freeze({ default: 69, min: 31 });

/** Rohm BH1750: illuminance. Measures once and powers down; in bright light once more, less sensitive. */
export class BH1750 extends ChipDriver<Lightmeter> {
	private startedWith = 0; // Of the measurement that was started; 0: none was.

	constructor(options: I2CDeviceOptions) {
		super("BH1750", options, (chip) => chip.write(command.powerOn));
	}

	override start(): number {
		return this.sendMeasure(measurementTimeRegister.default);
	}

	override proceed(): number {
		if (this.startedWith !== measurementTimeRegister.default || uint16(this.chip.read(2)) < 0xffff) return 0;
		return this.sendMeasure(measurementTimeRegister.min);
	}

	override sample(): Lightmeter | undefined {
		if (this.startedWith === 0) return undefined;
		const counts = uint16(this.chip.read(2));
		if (counts === 0xffff) throw this.chip.error("it is brighter than the sensor can measure.");
		const illuminance = (counts / 1.2) * (measurementTimeRegister.default / this.startedWith);
		this.startedWith = 0;
		return { lightmeter: { illuminance } };
	}

	/** Three bits and five bits of the sensitivity, then the measurement: 180 ms at most with the usual one. */
	private sendMeasure(value: number): number {
		for (const each of [0x40 | (value >> 5), 0x60 | (value & 31), command.measureOnce]) this.chip.write(each);
		this.startedWith = value;
		return (180 * value) / measurementTimeRegister.default;
	}
}

export const bh1750 = defineDriver({
	name: "BH1750",
	addresses: [0x23, 0x5c],
	/** It has no id; but it tells 0 after a reset, whatever was written last. Chips with registers or ports do not. */
	matches(chip) {
		for (const each of [command.powerDown, command.powerOn, command.reset]) chip.write(each);
		const cleared = uint16(chip.read(2));
		chip.write(command.powerDown);
		return cleared === 0 && uint16(chip.read(2)) === 0;
	},
	open: (options) => new BH1750(options),
	fields: [illuminance],
	values: ({ lightmeter }) => [lightmeter.illuminance],
});
