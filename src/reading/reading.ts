/** A measured value. A number has its field's decimals; `undefined`: not measured. */
export type Value = number | boolean | string | undefined;

/** Describes one value of a reading. */
export interface Field {
	/** The name in Dakkio's `values`: `temperature`. */
	readonly name: string;
	/** `celsius`, `percent`, `hPa`; empty: none. */
	readonly unit: string;
	/** Decimal places of the sensor's precision, 0 … 9. */
	readonly decimals: number;
	/** Type of a value that is not a number. Not stored with readings. */
	readonly type?: "boolean";
}

/**
 * When a reading was sampled. With a synchronized clock, `utc`; `estimated` if the last measurement was too old. Before,
 * the boot's ticks: the clock's anchor of that boot gives the time later.
 */
export type SampleTime =
	| { readonly utc: number; readonly estimated?: boolean }
	| { readonly boot: number; readonly ticks: number };

/** Describes samples. It changes rarely, so the flash stores it once per sector. */
export interface SampleContext {
	/** Number of the boot to which ticks belong. */
	readonly boot: number;
	/** Why that boot began; only with its first reading. */
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

/** A reading as read from flash. */
export interface StoredReading extends Reading {
	/** Never reused on one board; Dakkio's `metadata.seq`. */
	readonly sequence: number;
	readonly context: SampleContext;
}
