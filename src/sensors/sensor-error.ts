/** A sensor that is absent, wedged, or answers what it cannot have measured. */
export class SensorError extends Error {
	// A field, because XS freezes the built-in prototypes.
	override name = "SensorError";

	/** `sensor` as in a log, with its address; `what` is wrong, and what to do. */
	constructor(sensor: string, what: string) {
		super(`${sensor}: ${what}`);
	}
}
