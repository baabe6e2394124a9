import type { I2CBus } from "../boards/ecma419";
import type { Sensor } from "./sensor";

/** What a chip at an address turns out to be: one of this kind, another one, or nobody. */
export type Identity = "this" | "other" | "absent";

/** A kind of sensor on the I2C bus that the firmware can find and use. */
export interface SensorKind {
	/** For logs and settings: `BME280`. */
	readonly name: string;
	/** Where it can be, in the order in which they are looked at. */
	readonly addresses: readonly number[];
	/**
	 * Whether the chip at an address is one: by its id registers, by an answer with the right checksum, or by what no
	 * other chip at that address would say. Leaves another chip as it was. Never throws.
	 */
	identify(bus: I2CBus, address: number): Identity;
	/** Sets it up. Throws a `SensorError` when it cannot be used. */
	make(bus: I2CBus, address: number): Sensor;
}
