import type { I2CBus } from "../boards/ecma419";
import type { Field, Value } from "../reading/reading";
import type { ChipDriver } from "./chip-driver";
import type { KindOptions, SensorKind } from "./kind";
import { type DriverOptions, identify, type Peripheral } from "./peripheral";
import type { Sensor } from "./sensor";
import { SensorError } from "./sensor-error";

/** What a {@link SensorKind} is made of, when a driver does the work. */
export interface DriverKind<Sample> {
	readonly name: string;
	readonly addresses: readonly number[];
	/** Whether it is this chip. May throw: then it is not. */
	isThis(chip: Peripheral): boolean;
	/** Opens and configures the driver. Throws a {@link SensorError}. */
	open(options: DriverOptions, use: KindOptions): ChipDriver<Sample>;
	readonly fields: readonly Field[];
	/** A sample's values in the order of the fields. */
	values(sample: Sample): readonly Value[];
	/** Whether a measurement may have nothing new yet, which is no fault: then no field has a value. */
	readonly mayLag?: boolean;
}

/** Makes a kind of sensor from a driver: see `bh1750.ts` for the shortest one. */
export function driverKind<Sample>(parts: DriverKind<Sample>): SensorKind {
	const { name, addresses, fields } = parts;
	return Object.freeze({
		name,
		addresses: Object.freeze(addresses),
		fields: Object.freeze(fields),
		identify: (bus: I2CBus, address: number) => identify(bus, address, parts.isThis),
		make: (bus: I2CBus, address: number, use: KindOptions = {}) =>
			new DriverSensor(parts.open({ sensor: { ...bus, address } }, use), parts),
	});
}

/** A driver as a {@link Sensor}. */
class DriverSensor<Sample> implements Sensor {
	readonly name: string;
	readonly fields: readonly Field[];
	private readonly driver: ChipDriver<Sample>;
	private readonly kind: DriverKind<Sample>;

	constructor(driver: ChipDriver<Sample>, kind: DriverKind<Sample>) {
		this.name = driver.name;
		this.fields = kind.fields;
		this.driver = driver;
		this.kind = kind;
	}

	measure(): number {
		return this.driver.start();
	}

	proceed(): number {
		return this.driver.proceed();
	}

	read(): readonly Value[] {
		const sample = this.driver.sample();
		if (sample !== undefined) return this.kind.values(sample);
		if (this.kind.mayLag === true) return this.fields.map(() => undefined);
		throw new SensorError(this.name, "its measurement did not end in time. Check its supply.");
	}

	close(): void {
		this.driver.close();
	}
}
