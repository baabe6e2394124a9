import type { Field, Value } from "../../reading/reading";
import type { DerivedValue } from "../../settings/settings";

/** A value calculated from the fields of one sensor. */
interface Derivation {
	readonly field: Field;
	readonly inputNames: readonly string[];
	/** `inputs`: the values of the fields named above; `altitude`: metres. */
	compute(inputs: readonly number[], altitude: number): number | undefined;
}

const derivations: Readonly<Record<DerivedValue, Derivation>> = Object.freeze({
	dew_point: {
		field: { name: "dew_point", unit: "celsius", decimals: 1 },
		inputNames: ["temperature", "humidity"],
		compute: ([temperature = 0, humidity = 0]: readonly number[]) => dewPoint(temperature, humidity),
	},
	absolute_humidity: {
		field: { name: "absolute_humidity", unit: "g/m³", decimals: 1 },
		inputNames: ["temperature", "humidity"],
		compute: ([temperature = 0, humidity = 0]: readonly number[]) => absoluteHumidity(temperature, humidity),
	},
	sea_level_pressure: {
		field: { name: "sea_level_pressure", unit: "hPa", decimals: 2 },
		inputNames: ["pressure"],
		compute: ([pressure = 0]: readonly number[], altitude: number) => seaLevelPressure(pressure, altitude),
	},
});

/** The derived fields, of those in the settings, for which a sensor with these fields measures the inputs. */
export function derivedFields(fields: readonly Field[], wanted: readonly DerivedValue[]): readonly Field[] {
	return applicableDerivations(fields, wanted).map(({ field }) => field);
}

/** The values of {@link derivedFields}; `undefined` where an input was not measured. */
export function deriveValues(
	fields: readonly Field[],
	values: readonly Value[],
	wanted: readonly DerivedValue[],
	altitude: number,
): readonly Value[] {
	return applicableDerivations(fields, wanted).map(({ inputNames, compute }) => {
		const inputs: number[] = [];
		for (const name of inputNames) {
			const value = values[fields.findIndex((field) => field.name === name)];
			if (typeof value !== "number") return undefined;
			inputs.push(value);
		}
		return compute(inputs, altitude);
	});
}

function applicableDerivations(
	fields: readonly Field[],
	wanted: readonly DerivedValue[],
): readonly Derivation[] {
	return [...new Set(wanted)]
		.map((name) => derivations[name])
		.filter(({ inputNames }) => inputNames.every((name) => fields.some((field) => field.name === name)));
}

/**
 * Magnus formula over water, −45 to 60 °C: saturation vapour pressure in hectopascal is
 * 6.112 · exp(17.62 t / (243.12 + t)), t in degrees Celsius (WMO-No. 8, volume I, annex 4.B; Sonntag 1990).
 */
const magnus = Object.freeze({ pressure: 6.112, factor: 17.62, temperature: 243.12 });

/**
 * Gram kelvin per cubic metre and hectopascal: 100,000 / 461.5 J/(kg K), the specific gas constant of water
 * vapour.
 */
const vapourDensity = 216.68;

const zeroCelsiusInKelvin = 273.15;

/**
 * International Standard Atmosphere up to 11 km (ISO 2533:1975): kelvin at sea level, lapse rate in kelvin
 * per metre, and the exponent g M / (R L).
 */
const atmosphere = Object.freeze({ temperature: 288.15, lapse: 0.0065, exponent: 5.25588 });

/**
 * Degrees Celsius, from degrees Celsius and relative humidity in percent; `undefined` for dry air, which has
 * none.
 */
export function dewPoint(temperature: number, humidity: number): number | undefined {
	if (humidity <= 0) return undefined;
	const { factor, temperature: scale } = magnus;
	const gamma = Math.log(humidity / 100) + (factor * temperature) / (scale + temperature);
	return (scale * gamma) / (factor - gamma);
}

/** Grams of water per cubic metre, from degrees Celsius and relative humidity in percent. */
export function absoluteHumidity(temperature: number, humidity: number): number {
	const { pressure, factor, temperature: scale } = magnus;
	const saturation = pressure * Math.exp((factor * temperature) / (scale + temperature));
	return (vapourDensity * saturation * (humidity / 100)) / (temperature + zeroCelsiusInKelvin);
}

/**
 * Pressure reduced to sea level, in the unit of `pressure`; `altitude`: metres. Uses the standard atmosphere
 * instead of the sensor's temperature, because most sensors are in a warm room or case.
 */
export function seaLevelPressure(pressure: number, altitude: number): number {
	const { temperature, lapse, exponent } = atmosphere;
	return pressure / (1 - (lapse * altitude) / temperature) ** exponent;
}
