/** A sensor that is absent or stuck, or whose value cannot be right. */
export class SensorError extends Error {
	/** `sensor`: its name, `BME280 at 0x76`; `what`: what is wrong, and what to do about it. */
	constructor(sensor: string, what: string) {
		super(`${sensor}: ${what}`);
	}
}
