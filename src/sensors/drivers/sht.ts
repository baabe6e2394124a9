import type { Value } from "../../reading/reading";
import { type Driver, humidity, type SensorField, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { commandBytes, parseWords, wordToCelsius } from "./sensirion";

/** The operating range of this kind of sensor ("Temperature"), and 0.1 °C for rounding. */
export const shtFields: readonly SensorField[] = Object.freeze([
	Object.freeze({ ...temperature, min: -40.1, max: 125.1 }),
	humidity,
]);

/** Maximum of both ("Timing Specifications", soft reset and break). */
const resetMs = 1.5;

/** What differs between the SHT3x and the SHT4x. */
export interface SHTVariant {
	/** Measures both quantities once, with the best repeatability. */
	readonly measureCommand: readonly number[];
	readonly measurementMs: number;
	/**
	 * Sent one after the other, with a pause, they reset the chip whatever it does; other chips ignore them or take them
	 * as the number of a register. The first one by itself ends a measurement.
	 */
	readonly resetCommands: readonly (readonly number[])[];
	/** Percent at word 0, and percent more at word 65535. */
	readonly humidityOffset: number;
	readonly humiditySpan: number;
	/**
	 * Queries the chip for something that only this family has, with a checksum. Throws if it is another chip.
	 */
	checkIdentity(chip: I2CDevice): void;
}

/** What the HDC302x has in common with the SHT3x (SHT3x-DIS data sheet, sections 4.3 to 4.13). */
export const sht3xCommands = Object.freeze({
	/** Single shot, high repeatability. */
	measureCommand: commandBytes(0x2400),
	/** Stops periodic measurement; soft reset. */
	resetCommands: Object.freeze([commandBytes(0x3093), commandBytes(0x30a2)]),
	humidityOffset: 0,
	humiditySpan: 100,
});

/**
 * What the drivers of Sensirion's SHT3x and SHT4x share: a command, a wait, two words. The chips sleep in
 * between. The state is the variant.
 */
export function shtMeasurement(
	variant: SHTVariant,
): Pick<Driver<SHTVariant>, "fields" | "reset" | "open" | "start" | "read"> {
	return {
		fields: shtFields,

		reset(chip, step) {
			const command = variant.resetCommands[step];
			if (command === undefined) return 0;
			chip.write(...command);
			return resetMs;
		},

		open(chip) {
			abortOnError(chip, variant, () => variant.checkIdentity(chip));
			return variant;
		},

		start,
		read,
	};
}

function start(chip: I2CDevice, variant: SHTVariant): number {
	abortOnError(chip, variant, () => chip.write(...variant.measureCommand));
	return variant.measurementMs;
}

/** While the chip measures it does not acknowledge, as if it were not connected. */
function read(chip: I2CDevice, variant: SHTVariant): readonly Value[] {
	const answer = abortOnError(chip, variant, () => chip.read(6));
	const [first = 0, second = 0] = parseWords(chip, answer);
	const percent = variant.humidityOffset + (variant.humiditySpan * second) / 65535;
	return [wordToCelsius(first), Math.min(100, Math.max(0, percent))];
}

/** A chip that refuses a command may be busy with an earlier one: it is aborted, so that the next attempt succeeds. */
function abortOnError<T>(chip: I2CDevice, { resetCommands }: SHTVariant, action: () => T): T {
	try {
		return action();
	} catch (error) {
		chip.tryWrite(...(resetCommands[0] ?? []));
		throw error;
	}
}
