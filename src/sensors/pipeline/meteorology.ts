// What follows from what is measured. Pure formulas, each with its source.

/**
 * The Magnus formula's coefficients over water, from −45 to 60 °C: vapour pressure at saturation in hectopascal is
 * 6.112 · exp(17.62 t / (243.12 + t)), t in degrees Celsius (WMO-No. 8, volume I, annex 4.B; Sonntag 1990).
 */
const magnus = Object.freeze({ pressure: 6.112, factor: 17.62, temperature: 243.12 });

/**
 * Grams of water in a cubic metre for each hectopascal of vapour pressure at one kelvin: 100 / (461.5 J/(kg K)), the
 * specific gas constant of water vapour, times 1000.
 */
const vapourDensity = 216.68;

const zeroCelsius = 273.15;

/**
 * The International Standard Atmosphere up to 11 km (ISO 2533:1975): temperature at sea level in kelvin, its fall with
 * height in kelvin a metre, and the exponent g M / (R L).
 */
const atmosphere = Object.freeze({ temperature: 288.15, lapse: 0.0065, exponent: 5.25588 });

/** Degrees Celsius at which air of this temperature (degrees Celsius) and relative humidity (percent) forms dew. */
export function dewPoint(temperature: number, humidity: number): number | undefined {
	// Dry to the last molecule, air has none; that is what a sensor says when it is out of its range.
	if (humidity <= 0) return undefined;
	const { factor, temperature: scale } = magnus;
	const gamma = Math.log(humidity / 100) + (factor * temperature) / (scale + temperature);
	return (scale * gamma) / (factor - gamma);
}

/** Grams of water in a cubic metre of air of this temperature (degrees Celsius) and relative humidity (percent). */
export function absoluteHumidity(temperature: number, humidity: number): number {
	const { pressure, factor, temperature: scale } = magnus;
	const saturation = pressure * Math.exp((factor * temperature) / (scale + temperature));
	return (vapourDensity * saturation * (humidity / 100)) / (temperature + zeroCelsius);
}

/**
 * What a barometer at `altitude` (metres) that reads `pressure` would read at sea level, in the same unit. By the
 * standard atmosphere, not by the sensor's own temperature: most sensors are in a warm room or a warm box.
 */
export function seaLevelPressure(pressure: number, altitude: number): number {
	const { temperature, lapse, exponent } = atmosphere;
	return pressure / (1 - (lapse * altitude) / temperature) ** exponent;
}
