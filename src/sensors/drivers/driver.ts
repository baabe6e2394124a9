import type { I2CBus } from "../../boards/ecma419";
import type { Field } from "../../reading/reading";
import type { OpenSensor } from "../open-sensor";

/** What a chip at an address turns out to be: one of this kind, another one, or nobody. */
export type IdentifyResult = "this" | "other" | "absent";

/** How a sensor is wired and used, for the kinds that care. All may be left out. */
export interface SensorOptions {
	/** Milliseconds from one measurement to the next: a sensor that heats or drains may rest in between. */
	readonly intervalMs?: number;
	/** The board sleeps in between, and each measurement is the first of a newly made sensor. */
	readonly onBattery?: boolean;
	/** INA219: ohms of the resistor that the current flows through; 0.1 when left out. */
	readonly shuntOhms?: number;
	/** ADS1115: the largest voltage at an input, volts; 4.096 when left out. */
	readonly rangeVolts?: number;
}

/** A kind of sensor on the I2C bus that the firmware can find and use. */
export interface Driver {
	/** For logs and settings: `BME280`. */
	readonly name: string;
	/** Where it can be, in the order in which they are looked at. */
	readonly addresses: readonly number[];
	/** What it measures: the fields of each sensor of this kind. */
	readonly fields?: readonly Field[];
	/**
	 * Whether the chip at an address is one: by its id registers, by an answer with the right checksum, or by what no
	 * other chip at that address would say. Leaves another chip as it was. Never throws. Not to be asked of an address
	 * that a sensor is open at: the SDK's I2C takes one object for each address.
	 */
	identify(bus: I2CBus, address: number): IdentifyResult;
	/**
	 * Sets it up. Throws a `SensorError` when it cannot be used. A sensor that was made at the address before must be
	 * closed first: the SDK's I2C takes one object for each address.
	 */
	open(bus: I2CBus, address: number, options?: SensorOptions): OpenSensor;
}
