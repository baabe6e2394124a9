/** A measured value. A number carries its field's decimals; `undefined`: not measured this time. */
export type Value = number | boolean | string | undefined;

/** What one value of a reading is. */
export interface Field {
	/** As it stands in Dakkio's `values`: `temperature`. */
	readonly name: string;
	/** `celsius`, `percent`, `hPa`; empty for none. */
	readonly unit: string;
	/** Digits after the point that the sensor's precision gives; 0 … 9. */
	readonly decimals: number;
	/** Of a value that is no number. It is not kept with readings. */
	readonly type?: "boolean";
}

/**
 * When a reading was sampled. Once the clock is known, `utc` is the truth, or `estimated` where the clock had not been set
 * for long; before that, a reading is told by the boot's ticks, and the clock's anchor for that boot gives its time later.
 */
export type SampleTime =
	| { readonly utc: number; readonly estimated?: boolean }
	| { readonly boot: number; readonly ticks: number };

/**
 * What described the samples when they were taken: it changes rarely, so the flash keeps it once a sector.
 */
export interface SampleContext {
	/** Counts the starts of this board; tells the ticks of one boot from those of another. */
	readonly boot: number;
	/** Why that boot began; told with its first reading alone. */
	readonly resetReason?: string | undefined;
	readonly deviceId: string;
	readonly location: string;
	readonly firmwareVersion: string;
	/** At most 32. */
	readonly fields: readonly Field[];
}

/** One sample of all fields. */
export interface Reading {
	readonly time: SampleTime;
	/** In the order of the context's fields. */
	readonly values: readonly Value[];
	/** Percent. */
	readonly batteryLevel?: number | undefined;
	/** dBm. */
	readonly signalStrength?: number | undefined;
}

/** A reading as it comes back from flash. */
export interface StoredReading extends Reading {
	/** Never repeats on one board; Dakkio's `metadata.seq`. */
	readonly sequence: number;
	readonly context: SampleContext;
}
