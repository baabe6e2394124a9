import type { Field, Value } from "../reading/reading";
import type { SensorDescription } from "./api";

/** A sensor that was found, as its sampler has it. */
export interface FoundSensor {
	readonly name: string;
	readonly fields: readonly Field[];
	readonly problem: string | undefined;
}

/** Sensors with what they measured last; `values` in the order of all their fields. */
export function describeSensors(
	sensors: readonly FoundSensor[],
	values: readonly Value[],
): readonly SensorDescription[] {
	let at = 0;
	return sensors.map(({ name, fields, problem }) => ({
		name,
		...(problem === undefined ? {} : { problem }),
		values: fields.map(({ name: field, unit }) => {
			const value = values[at++];
			return { name: field, unit, ...(value === undefined ? {} : { value }) };
		}),
	}));
}
