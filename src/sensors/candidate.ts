import type { Field } from "../reading/reading";
import type { Source, SourceField } from "./columns";
import type { Sensor } from "./sensor";

/** A sensor that answers, or an input that the owner has wired. */
export interface Candidate extends Source {
	/** Where there is room for one sensor alone. */
	readonly place: string;
	/** By this they are in order; the same at each boot. */
	readonly rank: string;
	/** It is at the I2C bus, whose lines it shares with others. */
	readonly onI2C?: true;
	/** Sets it up. Throws as long as it cannot be used. */
	make(): Measuring;
}

/** What of a sensor measures. */
export type Measuring = Pick<Sensor, "measure" | "proceed" | "read" | "close">;

/** Fields of a chip, each a quantity that it measures. */
export function measured(fields: readonly Field[]): readonly SourceField[] {
	return fields.map(({ name, unit, decimals }) => ({ name, unit, decimals, aggregation: "mean" as const }));
}
