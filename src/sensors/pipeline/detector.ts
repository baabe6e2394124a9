import type { OneWire, Pins } from "../../boards/board";
import type { I2CBus } from "../../boards/ecma419";
import { type Candidate, type Measurable, measuredFields } from "../candidate";
import type { Driver, SensorOptions } from "../drivers/driver";
import { DS18B20, ds18b20Families, ds18b20Name } from "../drivers/ds18b20";
import { isValidRom, romText } from "../drivers/one-wire";
import { SensorError } from "../sensor-error";
import { recoverBusPins } from "./i2c-bus-recovery";
import { scanDriverAddresses, scanOtherAddresses } from "./i2c-scan";

export interface DetectorOptions {
	readonly bus: I2CBus;
	readonly pins: Pins;
	readonly drivers: readonly Driver[];
	/** Number of the 1-Wire bus's pin. */
	readonly oneWirePin: number | "none";
	/** How the sensor of this name is wired and used. */
	sensorOptions(name: string): SensorOptions;
}

/** How far to look. */
export type DetectionScope =
	/** Only where a sensor was before. */
	| "remembered"
	/** Wherever a sensor can be, but not again where a chip is that nobody knows. */
	| "usual"
	/** Everywhere. */
	| "thorough";

/** What a look at the buses has brought. */
export interface DetectionResult {
	readonly candidates: readonly Candidate[];
	/** Sentences. */
	readonly problems: readonly string[];
}

/** Finds the sensors on the board's buses. */
export class Detector {
	private readonly options: DetectorOptions;
	/** I2C addresses of chips that nobody knows: they are asked once, and then left alone. */
	private unknownAddresses = new Set<number>();
	private oneWire: OneWire | undefined;

	constructor(options: DetectorOptions) {
		this.options = options;
	}

	/**
	 * What is wrong with the lines of the I2C bus, as a sentence; a bus that a chip held is freed, and told with `freed`.
	 * Only while no sensor on it is open.
	 */
	checkBusLines(freed: (sentence: string) => void): string | undefined {
		const { bus, pins } = this.options;
		const lines = recoverBusPins(pins.Digital, bus);
		switch (lines) {
			case "freed":
				freed("I2C bus: a chip held its data line low; it is free again.");
				return undefined;
			case "data held":
				return `I2C bus: its data line (SDA, pin ${bus.data}) is low all the time. Look for a short circuit, a wrong pin, or a sensor without supply; take the supply away from all for a moment.`;
			case "clock held":
				return `I2C bus: its clock line (SCL, pin ${bus.clock}) is low all the time. Look for a short circuit, a wrong pin, or a sensor without supply.`;
			case "idle":
				return undefined;
			default:
				return `I2C bus: its pins (SDA ${bus.data}, SCL ${bus.clock}) cannot be used (${lines.unusable}). Check them in the settings.`;
		}
	}

	/** `open`: names of the sensors that are in use; `remembered`: of all that were ever found. */
	findOnI2C(open: ReadonlySet<string>, known: ReadonlySet<string>, scope: DetectionScope): DetectionResult {
		const { bus, drivers, sensorOptions } = this.options;
		const among = (names: ReadonlySet<string>, address: number) =>
			drivers.some(
				({ name, addresses }) => addresses.includes(address) && names.has(i2cSensorName(name, address)),
			);
		if (scope === "thorough") this.unknownAddresses.clear();
		const { chips, unknown } = scanDriverAddresses(bus, drivers, (address) => {
			if (among(open, address)) return true;
			return !among(known, address) && (scope === "remembered" || this.unknownAddresses.has(address));
		});
		for (const { address } of unknown) this.unknownAddresses.add(address);
		const problems = unknown.map(({ problem }) => problem);
		if (scope === "thorough") problems.push(...scanOtherAddresses(bus, drivers));
		const candidates: Candidate[] = [];
		for (const { driver, address } of chips) {
			const name = i2cSensorName(driver.name, address);
			const make = () => driver.open(bus, address, sensorOptions(name));
			const sortKey = `i${padIndex(drivers.indexOf(driver))}${padIndex(driver.addresses.indexOf(address))}`;
			if (driver.fields === undefined) problems.push(unsupportedReason(name, make));
			else
				candidates.push({
					sensor: name,
					place: `I2C ${address}`,
					sortKey,
					onI2C: true,
					fields: measuredFields(driver.fields),
					open: make,
				});
		}
		return { candidates, problems };
	}

	/** Only while no sensor on it measures. */
	findOnOneWire(): DetectionResult {
		const { oneWirePin: pin, pins } = this.options;
		if (pin === "none") return { candidates: [], problems: [] };
		const place = `1-Wire bus at pin ${pin}`;
		try {
			this.oneWire ??= new pins.OneWire({ pin });
			return this.searchOneWire(this.oneWire, place);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			return { candidates: [], problems: [`${place}: it cannot be used${reason}.`] };
		}
	}

	close(): void {
		this.oneWire?.close();
		this.oneWire = undefined;
	}

	private searchOneWire(bus: OneWire, place: string): DetectionResult {
		const candidates: Candidate[] = [];
		const problems: string[] = [];
		for (const rom of bus.search()) {
			if (!isValidRom(rom))
				problems.push(`${place}: an answer was garbled. Check its wiring and its resistor.`);
			else if (ds18b20Families.includes(rom[0] ?? 0)) {
				const name = ds18b20Name(rom);
				const open = () => new DS18B20(bus, rom);
				candidates.push({
					sensor: name,
					place: name,
					sortKey: `o${name}`,
					fields: measuredFields(DS18B20.fields),
					open,
				});
			} else problems.push(`${place}: ${romText(rom)} is a chip that this firmware does not know.`);
		}
		if (candidates.length === 0 && problems.length === 0)
			problems.push(`${place}: nobody answers. Check its wiring and the resistor of 4.7 kΩ to 3.3 V.`);
		return { candidates, problems };
	}
}

/** A kind without fields cannot be used: why, its attempt tells. */
function unsupportedReason(name: string, make: () => Measurable): string {
	try {
		make().close();
	} catch (error) {
		if (error instanceof SensorError) return error.message;
	}
	return `${name}: this firmware cannot use it.`;
}

function i2cSensorName(kind: string, address: number): string {
	return `${kind} at 0x${address.toString(16)}`;
}

function padIndex(index: number): string {
	return String(index).padStart(3, "0");
}
