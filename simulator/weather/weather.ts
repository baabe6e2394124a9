import { pressures, temperatures } from "./seattle-normals";

export interface Weather {
	/** Degrees Celsius. */
	readonly temperature: number;
	/** Relative, percent. */
	readonly humidity: number;
	/** Pascal. */
	readonly pressure: number;
}

const hourMs = 3_600_000;
const hoursPerDay = 24;

/**
 * The weather at a time (milliseconds from any start), repeated after four weeks, linearly interpolated between hours.
 *
 * Temperature and pressure are measurements. Humidity is derived: the dew point is taken as one degree below the minimum
 * temperature of the surrounding 24 hours, which is typical after a calm night, and the relative humidity follows from
 * the Magnus formula (WMO-No. 8, volume I, annex 4.B).
 */
export function weatherAt(milliseconds: number): Weather {
	const hours = milliseconds / hourMs;
	const temperature = interpolate(temperatures, hours) / 10;
	const humidity =
		(100 * saturationPressureHPa(interpolate(dewPoints, hours) / 10)) / saturationPressureHPa(temperature);
	return { temperature, humidity: Math.min(100, humidity), pressure: interpolate(pressures, hours) * 10 };
}

function interpolate(values: ArrayLike<number>, hours: number): number {
	const before = valueAt(values, Math.floor(hours));
	return before + (valueAt(values, Math.floor(hours) + 1) - before) * (hours - Math.floor(hours));
}

function valueAt(values: ArrayLike<number>, hour: number): number {
	const index = ((hour % values.length) + values.length) % values.length;
	return values[index] ?? 0;
}

/**
 * One degree below the minimum temperature within half a day of each hour, tenths. 16 bits, because the SDK's simulator
 * includes them in the memory that it measures.
 */
const dewPoints = Int16Array.from(temperatures, (_, hour) => {
	let least = Number.POSITIVE_INFINITY;
	for (let i = -hoursPerDay / 2; i <= hoursPerDay / 2; i++)
		least = Math.min(least, valueAt(temperatures, hour + i));
	return least - 10;
});

/** Saturation over water, hPa. */
function saturationPressureHPa(celsius: number): number {
	return 6.112 * Math.exp((17.62 * celsius) / (243.12 + celsius));
}
