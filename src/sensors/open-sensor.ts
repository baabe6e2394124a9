import type { Field, Value } from "../reading/reading";

/** A sensor as the app uses it, whatever chip it is. */
export interface OpenSensor {
	/** For logs, with its address: `BME280 at 0x76`. */
	readonly name: string;
	/** What it measures. */
	readonly fields: readonly Field[];
	/** Starts one measurement and returns the milliseconds until {@link read} has it. Throws {@link SensorError}. */
	start(): number;
	/**
	 * For a sensor that measures in several steps: to be called when the wait is over, again and again while it returns
	 * more than 0, which are the milliseconds to wait before the next call. Then {@link read}. A sampler that does not
	 * know of it gets `undefined` for what was not measured yet. Throws {@link SensorError}.
	 */
	proceed?(): number;
	/** The values in the order of the fields, `undefined` where nothing was measured. Throws {@link SensorError}. */
	read(): readonly Value[];
	/** May be called twice. */
	close(): void;
}
