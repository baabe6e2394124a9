import type { I2CDevice } from "./i2c-device";

/** Unless the settings name another one. */
export const defaultShuntOhms = 0.1;

/**
 * Milliamperes from the counts of a voltage over a shunt. `maxCounts`: from here on, the current is beyond the range.
 * Throws a `SensorError` there.
 */
export function currentOverShunt(
	chip: I2CDevice,
	counts: number,
	maxCounts: number,
	voltsPerCount: number,
	shuntOhms: number,
): number {
	if (Math.abs(counts) >= maxCounts) {
		const maxAmperes = Number(((maxCounts * voltsPerCount) / shuntOhms).toPrecision(3));
		throw chip.error(`the current exceeds the ${maxAmperes} ampere that its ${shuntOhms} ohm can measure.`);
	}
	return ((counts * voltsPerCount) / shuntOhms) * 1000;
}
