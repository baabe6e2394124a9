import type { Field } from "../reading/reading";
import type { OpenSensor } from "./open-sensor";
import type { FieldSource, SourceField } from "./pipeline/field-layout";

/** A sensor that answers, or an input that the owner has wired. */
export interface Candidate extends FieldSource {
	/** Where there is room for one sensor alone. */
	readonly place: string;
	/** By this they are in order; the same at each boot. */
	readonly sortKey: string;
	/** It is at the I2C bus, whose lines it shares with others. */
	readonly onI2C?: true;
	/** Sets it up. Throws as long as it cannot be used. */
	open(): Measurable;
}

/** What of a sensor measures. */
export type Measurable = Pick<OpenSensor, "start" | "proceed" | "read" | "close">;

/** Fields of a chip, each a quantity that it measures. */
export function measuredFields(fields: readonly Field[]): readonly SourceField[] {
	return fields.map(({ name, unit, decimals }) => ({ name, unit, decimals, aggregation: "mean" as const }));
}
