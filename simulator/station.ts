import type { Time } from "../src/boards/board";
import type { I2CBus } from "../src/boards/ecma419";
import { SimulatedBus } from "./bus";
import { catalogue } from "./chips/catalogue";
import { DS18B20Chip } from "./chips/ds18b20";
import { IntermittentChip, type WiredFault, wiredFaults } from "./chips/intermittent-chip";
import type { SimulatedPins } from "./pins";
import { surroundingsAt } from "./weather/surroundings";

/** A chip that is wired to a simulated board. */
export interface WiredChip {
	/** As in the catalogue: `bme280`; or `ds18b20`. */
	readonly name: string;
	/** On the I2C bus. */
	readonly address: number | undefined;
	/** It comes and goes. */
	readonly fault?: WiredFault;
}

/** What a board has when nobody says anything else. */
export const usualSensors = "bme280";

/** The pins that things are wired to, as on an ESP32. */
export const wiring = { data: 21, clock: 22, oneWire: 4 } as const;

const thermometer = "ds18b20";

/** As a command line has them. */
export const faultWords: readonly string[] = Object.freeze(wiredFaults.map(wordOf));

/** Reads `bme280,sht41@0x45,scd41:slow,ds18b20`, or says what is wrong with it. */
export function parseSensors(list: string): readonly WiredChip[] | { readonly problem: string } {
	const chips: WiredChip[] = [];
	if (list.trim() === "none") return chips;
	const taken = new Map<number, string>();
	for (const word of list.split(",").map((part) => part.trim().toLowerCase())) {
		const [wired = "", trouble] = word.split(":");
		const [name = "", place] = wired.split("@");
		const addresses =
			name === thermometer ? [] : Object.hasOwn(catalogue, name) ? catalogue[name]?.addresses : undefined;
		if (addresses === undefined) {
			const known = [...Object.keys(catalogue), thermometer].join(", ");
			return { problem: `There is no sensor "${name}" here; there is ${known}, and none.` };
		}
		const address = place === undefined ? addresses[0] : Number(place);
		if (place !== undefined && (address === undefined || !addresses.includes(address))) {
			const can = addresses.length === 0 ? "has no address" : `can be at ${addresses.map(hex).join(", ")}`;
			return { problem: `"${word}": ${name} ${can}.` };
		}
		const fault = wiredFaults.find((known) => wordOf(known) === trouble);
		if (trouble !== undefined && (fault === undefined || address === undefined)) {
			const can = address === undefined ? "has no faults here" : `can be ${faultWords.join(", ")}`;
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

export interface StationOptions {
	readonly time: Pick<Time, "ticks">;
	/** The time of day at the board's tick 0, milliseconds: what the weather goes by. */
	readonly startedAt: number;
	readonly pins: SimulatedPins;
	readonly sensors: readonly WiredChip[];
}

/** The sensors around a simulated board, out in the weather. */
export class Station {
	readonly bus = new SimulatedBus();
	private readonly options: StationOptions;

	constructor(options: StationOptions) {
		this.options = options;
		options.pins.wire({ bus: this.bus, ...wiring });
		for (const [index, chip] of options.sensors.entries()) this.plugIn(chip, index);
	}

	/** As a board has it. */
	get i2c(): I2CBus {
		return { io: this.bus.SMBus, data: wiring.data, clock: wiring.clock, hz: 100_000 };
	}

	/** `index` tells one thermometer from another. */
	plugIn({ name, address, fault }: WiredChip, index = 0): void {
		const { time, pins } = this.options;
		const ticks = () => time.ticks();
		const environment = (at: number) => surroundingsAt(this.options.startedAt + at);
		if (name === thermometer) {
			// One is in the shade of the other.
			const temperature = (at: number) => environment(at).temperature - index / 4;
			pins
				.oneWire(wiring.oneWire)
				.attach(new DS18B20Chip({ ticks, temperature, serial: [0x3c, 0x7f, 0x1a, 0x0b, 0, index + 1] }));
		} else if (address !== undefined) {
			const entry = catalogue[name];
			if (entry === undefined) return;
			const make = () => entry.make({ ticks, environment });
			const holdLow = () => this.bus.holdLow();
			this.bus.attach(
				address,
				fault === undefined ? make() : new IntermittentChip({ fault, ticks, make, holdLow }),
			);
		}
	}
}

function wordOf(fault: WiredFault): string {
	return fault.replaceAll(" ", "-");
}

function hex(address: number): string {
	return `0x${address.toString(16)}`;
}
