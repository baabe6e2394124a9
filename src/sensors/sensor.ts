import type { Field, Value } from "../reading/reading";

/** A sensor as the app uses it, whatever chip it is. */
export interface Sensor {
	/** For logs, with its address: `BME280 at 0x76`. */
	readonly name: string;
	/** What it measures. */
	readonly fields: readonly Field[];
	/** Starts one measurement and returns the milliseconds until {@link read} has it. Throws {@link SensorError}. */
	measure(): number;
	/** The values in the order of the fields, `undefined` where nothing was measured. Throws {@link SensorError}. */
	read(): readonly Value[];
	/** May be called twice. */
	close(): void;
}
