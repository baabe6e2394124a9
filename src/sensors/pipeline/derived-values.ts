import type { Field, Value } from "../../reading/reading";
import type { DerivedValue } from "../../settings/settings";
import { absoluteHumidity, dewPoint, seaLevelPressure } from "./meteorology";

/** What can be worked out from the fields of one sensor. */
interface Derivation {
	readonly field: Field;
	/** Names of the fields that it takes. */
	readonly inputNames: readonly string[];
	compute(values: readonly number[], altitude: number): number | undefined;
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

/** The derived fields that a sensor with these fields can have, of those that are wanted. */
export function derivedFields(fields: readonly Field[], wanted: readonly DerivedValue[]): readonly Field[] {
	return applicableDerivations(fields, wanted).map(({ field }) => field);
}

/** Their values; `undefined` where one that it takes was not measured. */
export function deriveValues(
	fields: readonly Field[],
	values: readonly Value[],
	wanted: readonly DerivedValue[],
	altitude: number,
): readonly Value[] {
	return applicableDerivations(fields, wanted).map(({ inputNames, compute }) => {
		const numbers: number[] = [];
		for (const name of inputNames) {
			const value = values[fields.findIndex((field) => field.name === name)];
			if (typeof value !== "number") return undefined;
			numbers.push(value);
		}
		return compute(numbers, altitude);
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
