import type { I2CBus } from "../../boards/ecma419";
import type { Field, Value } from "../../reading/reading";
import type { OpenSensor } from "../open-sensor";
import { SensorError } from "../sensor-error";
import type { ChipDriver } from "./chip-driver";
import type { Driver, SensorOptions } from "./driver";
import { type I2CDevice, type I2CDeviceOptions, identifyDevice } from "./i2c-device";

/** What a {@link Driver} is made of, when a driver does the work. */
export interface DriverDefinition<Sample> {
	readonly name: string;
	readonly addresses: readonly number[];
	/** Whether it is this chip. May throw: then it is not. */
	matches(chip: I2CDevice): boolean;
	/** Opens and configures the driver. Throws a {@link SensorError}. */
	open(options: I2CDeviceOptions, use: SensorOptions): ChipDriver<Sample>;
	readonly fields: readonly Field[];
	/** A sample's values in the order of the fields. */
	values(sample: Sample): readonly Value[];
	/** Whether a measurement may have nothing new yet, which is no fault: then no field has a value. */
	readonly mayHaveNoNewData?: boolean;
}

/** Makes a kind of sensor from a driver: see `bh1750.ts` for the shortest one. */
export function defineDriver<Sample>(parts: DriverDefinition<Sample>): Driver {
	const { name, addresses, fields } = parts;
	return Object.freeze({
		name,
		addresses: Object.freeze(addresses),
		fields: Object.freeze(fields),
		identify: (bus: I2CBus, address: number) => identifyDevice(bus, address, parts.matches),
		open: (bus: I2CBus, address: number, use: SensorOptions = {}) =>
			new DriverAdapter(parts.open({ sensor: { ...bus, address } }, use), parts),
	});
}

/** A driver as a {@link OpenSensor}. */
class DriverAdapter<Sample> implements OpenSensor {
	readonly name: string;
	readonly fields: readonly Field[];
	private readonly driver: ChipDriver<Sample>;
	private readonly definition: DriverDefinition<Sample>;

	constructor(driver: ChipDriver<Sample>, kind: DriverDefinition<Sample>) {
		this.name = driver.name;
		this.fields = kind.fields;
		this.driver = driver;
		this.definition = kind;
	}

	start(): number {
		return this.driver.start();
	}

	proceed(): number {
		return this.driver.proceed();
	}

	read(): readonly Value[] {
		const sample = this.driver.sample();
		if (sample !== undefined) return this.definition.values(sample);
		if (this.definition.mayHaveNoNewData === true) return this.fields.map(() => undefined);
		throw new SensorError(this.name, "its measurement did not end in time. Check its supply.");
	}

	close(): void {
		this.driver.close();
	}
}
