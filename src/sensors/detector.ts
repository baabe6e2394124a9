import type { OneWire, Pins } from "../boards/board";
import type { I2CBus } from "../boards/ecma419";
import { lookAtBus } from "./bus-lines";
import { type Candidate, type Measuring, measured } from "./candidate";
import { DS18B20, ds18b20Name, families } from "./ds18b20";
import { findChips, findStrangers } from "./find";
import type { KindOptions, SensorKind } from "./kind";
import { isRom, romText } from "./one-wire";
import { SensorError } from "./sensor-error";

export interface DetectorOptions {
	readonly bus: I2CBus;
	readonly pins: Pins;
	readonly kinds: readonly SensorKind[];
	/** Number of the 1-Wire bus's pin. */
	readonly oneWirePin: number | "none";
	/** How the sensor of this name is wired and used. */
	use(name: string): KindOptions;
}

/** How far to look. */
export type Thoroughness =
	/** Only where a sensor was before. */
	| "remembered"
	/** Wherever a sensor can be, but not again where a chip is that nobody knows. */
	| "usual"
	/** Everywhere. */
	| "thorough";

/** What a look at the buses has brought. */
export interface Detected {
	readonly candidates: readonly Candidate[];
	/** Sentences. */
	readonly problems: readonly string[];
}

/** Finds the sensors on the board's buses. */
export class Detector {
	private readonly options: DetectorOptions;
	/** I2C addresses of chips that nobody knows: they are asked once, and then left alone. */
	private strange = new Set<number>();
	private oneWire: OneWire | undefined;

	constructor(options: DetectorOptions) {
		this.options = options;
	}

	/**
	 * What is wrong with the lines of the I2C bus, as a sentence; a bus that a chip held is freed, and told with `freed`.
	 * Only while no sensor on it is open.
	 */
	lookAtLines(freed: (sentence: string) => void): string | undefined {
		const { bus, pins } = this.options;
		const lines = lookAtBus(pins.Digital, bus);
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
	findOnI2C(open: ReadonlySet<string>, remembered: ReadonlySet<string>, how: Thoroughness): Detected {
		const { bus, kinds, use } = this.options;
		const among = (names: ReadonlySet<string>, address: number) =>
			kinds.some(({ name, addresses }) => addresses.includes(address) && names.has(chipName(name, address)));
		if (how === "thorough") this.strange.clear();
		const { chips, strange } = findChips(bus, kinds, (address) => {
			if (among(open, address)) return true;
			return !among(remembered, address) && (how === "remembered" || this.strange.has(address));
		});
		for (const { address } of strange) this.strange.add(address);
		const problems = strange.map(({ problem }) => problem);
		if (how === "thorough") problems.push(...findStrangers(bus, kinds));
		const candidates: Candidate[] = [];
		for (const { kind, address } of chips) {
			const name = chipName(kind.name, address);
			const make = () => kind.make(bus, address, use(name));
			const rank = `i${digits(kinds.indexOf(kind))}${digits(kind.addresses.indexOf(address))}`;
			if (kind.fields === undefined) problems.push(refusal(name, make));
			else
				candidates.push({
					sensor: name,
					place: `I2C ${address}`,
					rank,
					onI2C: true,
					fields: measured(kind.fields),
					make,
				});
		}
		return { candidates, problems };
	}

	/** Only while no sensor on it measures. */
	findOnOneWire(): Detected {
		const { oneWirePin: pin, pins } = this.options;
		if (pin === "none") return { candidates: [], problems: [] };
		const place = `1-Wire bus at pin ${pin}`;
		try {
			this.oneWire ??= new pins.OneWire({ pin });
			return this.search(this.oneWire, place);
		} catch (error) {
			const reason = error instanceof Error ? ` (${error.message})` : "";
			return { candidates: [], problems: [`${place}: it cannot be used${reason}.`] };
		}
	}

	close(): void {
		this.oneWire?.close();
		this.oneWire = undefined;
	}

	private search(bus: OneWire, place: string): Detected {
		const candidates: Candidate[] = [];
		const problems: string[] = [];
		for (const rom of bus.search()) {
			if (!isRom(rom)) problems.push(`${place}: an answer was garbled. Check its wiring and its resistor.`);
			else if (families.includes(rom[0] ?? 0)) {
				const name = ds18b20Name(rom);
				const make = () => new DS18B20(bus, rom);
				candidates.push({
					sensor: name,
					place: name,
					rank: `o${name}`,
					fields: measured(DS18B20.fields),
					make,
				});
			} else problems.push(`${place}: ${romText(rom)} is a chip that this firmware does not know.`);
		}
		if (candidates.length === 0 && problems.length === 0)
			problems.push(`${place}: nobody answers. Check its wiring and the resistor of 4.7 kΩ to 3.3 V.`);
		return { candidates, problems };
	}
}

/** A kind without fields cannot be used: why, its attempt tells. */
function refusal(name: string, make: () => Measuring): string {
	try {
		make().close();
	} catch (error) {
		if (error instanceof SensorError) return error.message;
	}
	return `${name}: this firmware cannot use it.`;
}

function chipName(kind: string, address: number): string {
	return `${kind} at 0x${address.toString(16)}`;
}

function digits(index: number): string {
	return String(index).padStart(3, "0");
}
