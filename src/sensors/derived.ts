import type { Field, Value } from "../reading/reading";
import type { DerivedValue } from "../settings/settings";
import { absoluteHumidity, dewPoint, seaLevelPressure } from "./formulas";

/** What can be worked out from the fields of one sensor. */
interface Derivation {
	readonly field: Field;
	/** Names of the fields that it takes. */
	readonly from: readonly string[];
	of(values: readonly number[], altitude: number): number | undefined;
}

const derivations: Readonly<Record<DerivedValue, Derivation>> = Object.freeze({
	dew_point: {
		field: { name: "dew_point", unit: "celsius", decimals: 1 },
		from: ["temperature", "humidity"],
		of: ([temperature = 0, humidity = 0]: readonly number[]) => dewPoint(temperature, humidity),
	},
	absolute_humidity: {
		field: { name: "absolute_humidity", unit: "g/m³", decimals: 1 },
		from: ["temperature", "humidity"],
		of: ([temperature = 0, humidity = 0]: readonly number[]) => absoluteHumidity(temperature, humidity),
	},
	sea_level_pressure: {
		field: { name: "sea_level_pressure", unit: "hPa", decimals: 2 },
		from: ["pressure"],
		of: ([pressure = 0]: readonly number[], altitude: number) => seaLevelPressure(pressure, altitude),
	},
});

/** The derived fields that a sensor with these fields can have, of those that are wanted. */
export function derivedFields(fields: readonly Field[], wanted: readonly DerivedValue[]): readonly Field[] {
	return chosen(fields, wanted).map(({ field }) => field);
}

/** Their values; `undefined` where one that it takes was not measured. */
export function deriveValues(
	fields: readonly Field[],
	values: readonly Value[],
	wanted: readonly DerivedValue[],
	altitude: number,
): readonly Value[] {
	return chosen(fields, wanted).map(({ from, of }) => {
		const numbers: number[] = [];
		for (const name of from) {
			const value = values[fields.findIndex((field) => field.name === name)];
			if (typeof value !== "number") return undefined;
			numbers.push(value);
		}
		return of(numbers, altitude);
	});
}

function chosen(fields: readonly Field[], wanted: readonly DerivedValue[]): readonly Derivation[] {
	return [...new Set(wanted)]
		.map((name) => derivations[name])
		.filter(({ from }) => from.every((name) => fields.some((field) => field.name === name)));
}
