import type { Time } from "../../src/boards/board";
import type { I2CBus } from "../../src/boards/ecma419";
import { chipCatalogue } from "../chips/chip-catalogue";
import { DS18B20Chip } from "../chips/ds18b20";
import { IntermittentChip, type WiredFault, wiredFaults } from "../chips/intermittent-chip";
import { sensorEnvironmentAt } from "../weather/sensor-environment";
import { SimulatedI2CBus } from "./i2c-bus";
import type { SimulatedPins } from "./pins";

/** A chip connected to a simulated board. */
export interface WiredChip {
	/** Of the catalogue: `bme280`; or `ds18b20`. */
	readonly name: string;
	/** On the I2C bus. */
	readonly address: number | undefined;
	/** Every other minute. */
	readonly fault?: WiredFault;
}

export const defaultSensors = "bme280";

/** The pins of an ESP32. */
export const sensorPins = { data: 21, clock: 22, oneWire: 4 } as const;

const oneWireChipName = "ds18b20";

/** For the command line. */
export const faultNames: readonly string[] = Object.freeze(wiredFaults.map(faultName));

/** Parses `bme280,sht41@0x45,scd41:slow,ds18b20`. The problem is a sentence. */
export function parseSensors(list: string): readonly WiredChip[] | { readonly problem: string } {
	const chips: WiredChip[] = [];
	if (list.trim() === "none") return chips;
	const taken = new Map<number, string>();
	for (const word of list.split(",").map((part) => part.trim().toLowerCase())) {
		const [wired = "", faultPart] = word.split(":");
		const [name = "", addressPart] = wired.split("@");
		const addresses =
			name === oneWireChipName
				? []
				: Object.hasOwn(chipCatalogue, name)
					? chipCatalogue[name]?.addresses
					: undefined;
		if (addresses === undefined) {
			const known = [...Object.keys(chipCatalogue), oneWireChipName].join(", ");
			return { problem: `There is no sensor "${name}" here; there is ${known}, and none.` };
		}
		const address = addressPart === undefined ? addresses[0] : Number(addressPart);
		if (addressPart !== undefined && (address === undefined || !addresses.includes(address))) {
			const can = addresses.length === 0 ? "has no address" : `can be at ${addresses.map(hex).join(", ")}`;
			return { problem: `"${word}": ${name} ${can}.` };
		}
		const fault = wiredFaults.find((known) => faultName(known) === faultPart);
		if (faultPart !== undefined && (fault === undefined || address === undefined)) {
			const can = address === undefined ? "has no faults here" : `can be ${faultNames.join(", ")}`;
			return { problem: `"${word}": ${name} ${can}.` };
		}
		const other = address === undefined ? undefined : taken.get(address);
		if (address !== undefined && other !== undefined)
			return {
				problem: `${name} and ${other} cannot both be at ${hex(address)}; give one of them another address.`,
			};
		if (address !== undefined) taken.set(address, name);
		chips.push({ name, address, ...(fault === undefined ? {} : { fault }) });
	}
	return chips;
}

export interface SimulatedSensorsOptions {
	readonly time: Pick<Time, "ticks">;
	/** Unix time in ms at the board's tick 0, for the weather. */
	readonly utcAtTick0: number;
	readonly pins: SimulatedPins;
	readonly sensors: readonly WiredChip[];
}

/** The sensors of a simulated board, exposed to the simulated weather. */
export class SimulatedSensors {
	readonly bus = new SimulatedI2CBus();
	private readonly options: SimulatedSensorsOptions;

	constructor(options: SimulatedSensorsOptions) {
		this.options = options;
		options.pins.wireBus({ bus: this.bus, ...sensorPins });
		for (const [index, chip] of options.sensors.entries()) this.plugIn(chip, index);
	}

	/** For a board. */
	get i2c(): I2CBus {
		return { io: this.bus.SMBus, data: sensorPins.data, clock: sensorPins.clock, hz: 100_000 };
	}

	/** `index`: serial number of a thermometer. */
	plugIn({ name, address, fault }: WiredChip, index = 0): void {
		const { time, pins } = this.options;
		const ticks = () => time.ticks();
		const environment = (at: number) => sensorEnvironmentAt(this.options.utcAtTick0 + at);
		if (name === oneWireChipName) {
			// Each is a little cooler than the one before.
			const temperature = (at: number) => environment(at).temperature - index / 4;
			pins
				.oneWire(sensorPins.oneWire)
				.attach(new DS18B20Chip({ ticks, temperature, serial: [0x3c, 0x7f, 0x1a, 0x0b, 0, index + 1] }));
		} else if (address !== undefined) {
			const entry = chipCatalogue[name];
			if (entry === undefined) return;
			const createChip = () => entry.createChip({ ticks, environment });
			const holdLow = () => this.bus.holdLow();
			this.bus.attach(
				address,
				fault === undefined ? createChip() : new IntermittentChip({ fault, ticks, createChip, holdLow }),
			);
		}
	}
}

function faultName(fault: WiredFault): string {
	return fault.replaceAll(" ", "-");
}

function hex(address: number): string {
	return `0x${address.toString(16)}`;
}
