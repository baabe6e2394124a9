import type { OneWire, Pins } from "../../boards/board";
import type { I2CBus } from "../../boards/ecma419";
import type { I2CDriver } from "../drivers/all-drivers";
import type { Candidate, SensorOptions } from "../drivers/driver";
import { ds18b20 } from "../drivers/ds18b20";
import { I2CDevice } from "../drivers/i2c-device";
import { isValidRom, OneWireDevice, romText } from "../drivers/one-wire-device";
import { pms5003 } from "../drivers/pms5003";
import { SerialDevice } from "../drivers/serial-device";
import { recoverBusPins } from "./i2c-bus-recovery";
import { planProbes, planProbesAt, scanDriverAddresses, scanOtherAddresses } from "./i2c-scan";

export interface DetectorOptions {
	readonly bus: I2CBus;
	readonly pins: Pins;
	readonly drivers: readonly I2CDriver[];
	readonly oneWirePin: number | "none";
	/** That receives from a PMS5003. */
	readonly serialPin: number | "none";
	/** For the sensor of this name. */
	sensorOptions(name: string): SensorOptions;
}

export type DetectionScope =
	/** Only at the addresses of sensors that were found before. */
	| "known"
	/** At all addresses of the drivers, except for those with a chip that no driver recognizes. */
	| "normal"
	/** At all addresses. */
	| "full";

export interface DetectionResult {
	readonly candidates: readonly Candidate[];
	/** Sentences. */
	readonly problems: readonly string[];
}

/** Finds the sensors on the board's buses. */
export class Detector {
	private readonly options: DetectorOptions;
	/** I2C addresses of chips that no driver recognizes; they are not probed again. */
	private readonly unknownAddresses = new Set<number>();
	/** At all addresses of the drivers; `undefined` before the first such scan, which a board that wakes up often has not. */
	private allProbes: Uint16Array | undefined;
	private oneWire: OneWire | undefined;

	constructor(options: DetectorOptions) {
		this.options = options;
	}

	/**
	 * Checks the lines of the I2C bus and recovers it if a chip holds the data line. Returns a sentence if the
	 * bus cannot be used. Must not be called while a sensor on the bus is open.
	 */
	checkBusLines(onRecovered: (sentence: string) => void): string | undefined {
		const { bus, pins } = this.options;
		const lines = recoverBusPins(pins.Digital, bus);
		switch (lines) {
			case "recovered":
				onRecovered("I2C bus: a chip held the data line low; the bus is recovered.");
				return undefined;
			case "data held":
				return `I2C bus: the data line (SDA, pin ${bus.data}) stays low. Check for a short circuit, a wrong pin, or a sensor without supply; disconnect all sensors from their supply for a moment.`;
			case "clock held":
				return `I2C bus: the clock line (SCL, pin ${bus.clock}) stays low. Check for a short circuit, a wrong pin, or a sensor without supply.`;
			case "idle":
				return undefined;
			default:
				return `I2C bus: the pins (SDA ${bus.data}, SCL ${bus.clock}) cannot be used (${lines.unusable}). Check them in the settings.`;
		}
	}

	/** `open`: names of the sensors that are open; `known`: of all that were ever found. */
	findOnI2C(open: ReadonlySet<string>, known: ReadonlySet<string>, scope: DetectionScope): DetectionResult {
		const { bus, drivers } = this.options;
		if (scope === "full") this.unknownAddresses.clear();
		const used = this.addressesOf(open);
		const remembered = this.addressesOf(known);
		const skipped = [...used];
		for (const address of this.unknownAddresses) if (!remembered.includes(address)) skipped.push(address);
		const { chips, unknown } = scanDriverAddresses(bus, drivers, this.probesOf(scope, remembered), skipped);
		for (const { address } of unknown) this.unknownAddresses.add(address);
		const problems = unknown.map(({ problem }) => problem);
		if (scope === "full") problems.push(...scanOtherAddresses(bus, drivers));
		return { candidates: chips.map(({ driver, address }) => this.i2cCandidate(driver, address)), problems };
	}

	/** Must not be called while a sensor on the bus measures. */
	findOnOneWire(): DetectionResult {
		const { oneWirePin: pin, pins } = this.options;
		if (pin === "none") return { candidates: [], problems: [] };
		const place = `1-Wire bus at pin ${pin}`;
		try {
			this.oneWire ??= new pins.OneWire({ pin });
			return searchOneWire(this.oneWire, place);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			return { candidates: [], problems: [`${place}: it cannot be used${reason}.`] };
		}
	}

	/** It sends by itself, so what is in the settings is taken for connected. */
	get onSerial(): readonly Candidate[] {
		const { serialPin: receive, pins } = this.options;
		if (receive === "none") return [];
		const sensor = `${pms5003.name} at pin ${receive}`;
		return [
			{
				sensor,
				place: sensor,
				sortKey: `q${sensor}`,
				driver: pms5003,
				options: {},
				connect: () => new SerialDevice(new pins.Serial({ receive, baud: 9600 }), sensor),
			},
		];
	}

	close(): void {
		this.oneWire?.close();
		this.oneWire = undefined;
	}

	private probesOf(scope: DetectionScope, remembered: readonly number[]): Uint16Array {
		const { drivers } = this.options;
		if (scope === "known") return planProbesAt(remembered, drivers);
		this.allProbes ??= planProbes(drivers);
		return this.allProbes;
	}

	/** Of the I2C sensors among these names: a board that wakes up often has few. */
	private addressesOf(names: ReadonlySet<string>): readonly number[] {
		const found: number[] = [];
		for (const sensor of names) {
			const [driverName = "", digits = ""] = sensor.split(i2cNameSeparator);
			const address = Number.parseInt(digits, 16);
			const isNameOf = ({ name, addresses }: I2CDriver) => name === driverName && addresses.includes(address);
			if (this.options.drivers.some(isNameOf) && !found.includes(address)) found.push(address);
		}
		return found;
	}

	private i2cCandidate(driver: I2CDriver, address: number): Candidate {
		const { bus, drivers, sensorOptions } = this.options;
		const sensor = i2cSensorName(driver.name, address);
		return {
			sensor,
			place: `I2C ${address}`,
			sortKey: `i${padIndex(drivers.indexOf(driver))}${padIndex(driver.addresses.indexOf(address))}`,
			onI2C: true,
			driver,
			options: sensorOptions(sensor),
			connect: () => new I2CDevice(bus, address, sensor),
		};
	}
}

function searchOneWire(bus: OneWire, place: string): DetectionResult {
	const candidates: Candidate[] = [];
	const problems: string[] = [];
	for (const rom of bus.search()) {
		const sensor = `${ds18b20.name} ${romText(rom)}`;
		const device = new OneWireDevice(bus, rom, sensor);
		if (!isValidRom(rom)) problems.push(`${place}: wrong checksum. Check its wiring and its resistor.`);
		else if (ds18b20.matches?.(device) !== true)
			problems.push(`${place}: ${romText(rom)} is a chip that this firmware does not support.`);
		else
			candidates.push({
				sensor,
				place: sensor,
				sortKey: `o${sensor}`,
				driver: ds18b20,
				options: {},
				connect: () => device,
			});
	}
	if (candidates.length === 0 && problems.length === 0)
		problems.push(`${place}: no chip answers. Check its wiring and the 4.7 kΩ resistor to 3.3 V.`);
	return { candidates, problems };
}

const i2cNameSeparator = " at 0x";

/** Persisted, and a key in the settings. */
function i2cSensorName(driverName: string, address: number): string {
	return `${driverName}${i2cNameSeparator}${address.toString(16)}`;
}

function padIndex(index: number): string {
	return String(index).padStart(3, "0");
}
