import { type Driver, humidity, type SensorField, temperature } from "./driver";
import type { I2CDevice } from "./i2c-device";
import { parseWords, wordToCelsius } from "./sensirion";

/** The operating range of this kind of sensor ("Temperature"), and 0.1 °C for rounding. */
export const shtFields: readonly SensorField[] = Object.freeze([
	Object.freeze({ ...temperature, min: -40.1, max: 125.1 }),
	humidity,
]);

/** Maximum of both ("Timing Specifications", soft reset and break). */
const resetMs = 1.5;

/** What differs between the SHT3x and the SHT4x. */
interface SHTVariant {
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

/**
 * What the drivers of Sensirion's SHT3x and SHT4x share: a command, a wait, two words. The chips sleep in
 * between.
 */
export function shtMeasurement(
	variant: SHTVariant,
): Pick<Driver, "fields" | "reset" | "open" | "start" | "read"> {
	const { measureCommand, measurementMs, resetCommands, humidityOffset, humiditySpan } = variant;

	/**
	 * A chip that refuses a command may be busy with an earlier one: it is aborted, so that the next attempt
	 * succeeds.
	 */
	function abortOnError<T>(chip: I2CDevice, action: () => T): T {
		try {
			return action();
		} catch (error) {
			try {
				chip.write(...(resetCommands[0] ?? []));
			} catch {
				// It is not connected.
			}
			throw error;
		}
	}

	return {
		fields: shtFields,

		reset(chip, step) {
			const command = resetCommands[step];
			if (command === undefined) return 0;
			chip.write(...command);
			return resetMs;
		},

		open: (chip) => abortOnError(chip, () => variant.checkIdentity(chip)),

		start(chip) {
			abortOnError(chip, () => chip.write(...measureCommand));
			return measurementMs;
		},

		/** While the chip measures it does not acknowledge, as if it were not connected. */
		read(chip) {
			const answer = abortOnError(chip, () => chip.read(6));
			const [first = 0, second = 0] = parseWords(chip, answer);
			const percent = humidityOffset + (humiditySpan * second) / 65535;
			return [wordToCelsius(first), Math.min(100, Math.max(0, percent))];
		},
	};
}
